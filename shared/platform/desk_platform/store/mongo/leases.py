"""`Leases` on a MongoDB-wire server."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from desk_platform.store.leases import Lease
from desk_platform.store.mongo.driver import (
    ASCENDING,
    Collection,
    Database,
    DuplicateKeyError,
    Row,
    translate_errors,
)


class MongoLeases:
    """Leases as documents; a free, expired or own lease is taken by a guarded write."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._collection: Collection = database["leases"]
        self._now = now

    async def prepare(self) -> None:
        """Declare the guard's index."""
        with translate_errors():
            await self._collection.create_index(
                [("_id", ASCENDING), ("token", ASCENDING)], unique=True
            )

    async def acquire(self, name: str, holder: str, term: timedelta) -> Lease | None:
        """The lease under a new token, or None while somebody else holds it."""
        now = self._now()
        with translate_errors():
            row = await self._collection.find_one({"_id": name})
            if row is None:
                first = Lease(name, holder, 1, now + term)
                try:
                    await self._collection.insert_one({"_id": name, **_row(first)})
                except DuplicateKeyError:
                    return None
                return first
            if cast(datetime, row["expires"]) > now and row["holder"] != holder:
                return None
            token = cast(int, row["token"])
            return await self._replace(token, Lease(name, holder, token + 1, now + term))

    async def renew(self, lease: Lease, term: timedelta) -> Lease | None:
        """The same lease for longer under a new token; None if it was lost meanwhile."""
        longer = Lease(lease.name, lease.holder, lease.token + 1, self._now() + term)
        with translate_errors():
            return await self._replace(lease.token, longer)

    async def release(self, lease: Lease) -> None:
        """Let go; the token stays, so the next holder's is larger."""
        with translate_errors():
            await self._replace(lease.token, Lease(lease.name, "", lease.token + 1, self._now()))

    async def forget(self, lease: Lease) -> None:
        """Let go and keep nothing: for a name that is not used again."""
        with translate_errors():
            await self._collection.delete_one({"_id": lease.name, "token": lease.token})

    async def _replace(self, token: int, lease: Lease) -> Lease | None:
        guard = {"_id": lease.name, "token": token}
        result = await self._collection.update_one(guard, {"$set": _row(lease)})
        return lease if result.matched_count == 1 else None


def _row(lease: Lease) -> Row:
    return {"holder": lease.holder, "token": lease.token, "expires": lease.expires}

"""`KeptCalls` on a MongoDB-wire server."""

from collections.abc import Callable, Sequence
from collections.abc import Collection as Some
from datetime import datetime

from desk_contracts.ids import identity

from desk_platform.store.idempotency import KeptCall
from desk_platform.store.mongo.driver import (
    ASCENDING,
    BulkWriteError,
    Collection,
    Database,
    DeleteOne,
    InsertOne,
    Operation,
    duplicates_of,
    translate_errors,
)


class MongoKeptCalls:
    """A collection with the call's digest as its unique key, and an index on its end."""

    def __init__(
        self, database: Database, now: Callable[[], datetime], collection: str = "calls"
    ) -> None:
        self._collection: Collection = database[collection]
        self._now = now

    async def prepare(self) -> None:
        """Declare the index that the sweep uses; a server's own expiry is not to be had on all."""
        with translate_errors():
            await self._collection.create_index([("until", ASCENDING)])

    async def keep(self, calls: Sequence[KeptCall]) -> None:
        """Keep them; harmless for those that are there, as another replica may do the same."""
        rows: list[Operation] = [
            InsertOne({"_id": call.id, "fingerprint": call.fingerprint, "until": call.until})
            for call in calls
        ]
        if not rows:
            return
        with translate_errors():
            try:
                await self._collection.bulk_write(rows, ordered=False)
            except BulkWriteError as error:
                duplicates_of(error)

    async def find(self, document: str, key: str) -> str | None:
        """What was asked under that key; known until it is swept, never for less than a day."""
        with translate_errors():
            row = await self._collection.find_one({"_id": identity(document, key)})
        return None if row is None else str(row["fingerprint"])

    async def find_all(self, ids: Some[str]) -> dict[str, str]:
        """What was asked, by the ids of those that are known, in one read."""
        if not ids:
            return {}
        with translate_errors():
            rows = await self._collection.find({"_id": {"$in": list(ids)}}).to_list(None)
        return {str(row["_id"]): str(row["fingerprint"]) for row in rows}

    async def sweep(self, limit: int) -> int:
        """Remove so many at most of those whose time is over; how many there were."""
        over = {"until": {"$lte": self._now()}}
        with translate_errors():
            cursor = self._collection.find(over, {"_id": 1}).sort([("until", ASCENDING)])
            rows = await cursor.limit(limit).to_list(limit)
            # By id alone, which every store finds at once: an end that is noted never moves.
            removed: list[Operation] = [DeleteOne({"_id": row["_id"]}) for row in rows]
            if removed:
                await self._collection.bulk_write(removed, ordered=False)
        return len(rows)

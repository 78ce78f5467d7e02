"""`Leases` in a file of SQLite: a free, expired or own lease is taken in one write."""

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta

from desk_platform.store.leases import Lease
from desk_platform.store.sqlite.file import SqliteFile
from desk_platform.store.sqlite.moments import micros

_TABLE = (
    "CREATE TABLE IF NOT EXISTS leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL,"
    " token INTEGER NOT NULL, expires INTEGER NOT NULL)"
)
_REPLACE = "UPDATE leases SET holder = ?, token = ?, expires = ? WHERE name = ? AND token = ?"


class SqliteLeases:
    """Leases as rows; the token only ever grows."""

    def __init__(self, file: SqliteFile, now: Callable[[], datetime]) -> None:
        self._file, self._now = file, now

    async def prepare(self) -> None:
        """Make the table."""
        await self._file.write(lambda file: file.execute(_TABLE))

    async def acquire(self, name: str, holder: str, term: timedelta) -> Lease | None:
        """The lease under a new token, or None while somebody else holds it."""
        now = self._now()

        def take(file: sqlite3.Connection) -> Lease | None:
            file.execute(_TABLE)
            query = "SELECT holder, token, expires FROM leases WHERE name = ?"
            row = file.execute(query, [name]).fetchone()
            if row is None:
                lease = Lease(name, holder, 1, now + term)
                file.execute(
                    "INSERT INTO leases VALUES (?, ?, ?, ?)",
                    [name, holder, lease.token, micros(lease.expires)],
                )
                return lease
            if row[2] > micros(now) and row[0] != holder:
                return None
            return _replace(file, row[1], Lease(name, holder, row[1] + 1, now + term))

        return await self._file.write(take)

    async def renew(self, lease: Lease, term: timedelta) -> Lease | None:
        """The same lease for longer under a new token; None if it was lost meanwhile."""
        longer = Lease(lease.name, lease.holder, lease.token + 1, self._now() + term)
        return await self._file.write(lambda file: _replace(file, lease.token, longer))

    async def release(self, lease: Lease) -> None:
        """Let go; the token stays, so the next holder's is larger."""
        free = Lease(lease.name, "", lease.token + 1, self._now())
        await self._file.write(lambda file: _replace(file, lease.token, free))

    async def forget(self, lease: Lease) -> None:
        """Let go and keep nothing: for a name that is not used again."""
        delete, values = (
            "DELETE FROM leases WHERE name = ? AND token = ?",
            (lease.name, lease.token),
        )
        await self._file.write(lambda file: file.execute(delete, values))


def _replace(file: sqlite3.Connection, token: int, lease: Lease) -> Lease | None:
    values = (lease.holder, lease.token, micros(lease.expires), lease.name, token)
    return lease if file.execute(_REPLACE, values).rowcount == 1 else None

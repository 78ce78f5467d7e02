"""`KeptCalls` in a file of SQLite."""

from collections.abc import Callable, Sequence
from collections.abc import Collection as Some
from datetime import datetime
from json import dumps

from desk_contracts.ids import identity

from desk_platform.store.idempotency import KeptCall
from desk_platform.store.sqlite.bulk import change_rows
from desk_platform.store.sqlite.file import SqliteFile
from desk_platform.store.sqlite.moments import micros


def table_of(collection: str) -> str:
    """The name of their table, quoted."""
    return f'"calls of {collection}"'


def statement_of(collection: str) -> str:
    """What makes their table."""
    columns = "id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, until INTEGER NOT NULL"
    return f"CREATE TABLE IF NOT EXISTS {table_of(collection)} ({columns}) WITHOUT ROWID"


class SqliteKeptCalls:
    """A table with the call's digest as its key, and an index on its end."""

    def __init__(
        self, file: SqliteFile, now: Callable[[], datetime], collection: str = "calls"
    ) -> None:
        self._file, self._now = file, now
        self._table, self._index = table_of(collection), f'"{collection}: until"'
        self._make = statement_of(collection)
        self._is_prepared = False

    async def prepare(self) -> None:
        """Make the table and the index that the sweep uses."""
        index = f"CREATE INDEX IF NOT EXISTS {self._index} ON {self._table} (until)"
        await self._file.write(lambda file: (file.execute(self._make), file.execute(index)))
        self._is_prepared = True

    async def keep(self, calls: Sequence[KeptCall]) -> None:
        """Keep them; harmless for those that are there, as another replica may do the same."""
        rows = [(call.id, call.fingerprint, micros(call.until)) for call in calls]
        if rows:
            await self._ensure_table()
            insert = f"INSERT OR IGNORE INTO {self._table} VALUES ?"
            await self._file.write(lambda file: change_rows(file, insert, rows))

    async def find(self, document: str, key: str) -> str | None:
        """What was asked under that key; known until it is swept, never for less than a day."""
        id = identity(document, key)
        return (await self.find_all([id])).get(id)

    async def find_all(self, ids: Some[str]) -> dict[str, str]:
        """What was asked, by the ids of those that are known, in one read."""
        if not ids:
            return {}
        await self._ensure_table()
        chosen = "id IN (SELECT value FROM json_each(?))"
        query = f"SELECT id, fingerprint FROM {self._table} WHERE {chosen}"
        asked_for = [dumps(list(ids))]
        return dict(await self._file.read(lambda file: file.execute(query, asked_for).fetchall()))

    async def sweep(self, limit: int) -> int:
        """Remove so many at most of those whose time is over; how many there were."""
        await self._ensure_table()
        over = f"SELECT id FROM {self._table} WHERE until <= ? ORDER BY until LIMIT ?"
        delete = f"DELETE FROM {self._table} WHERE id IN ({over})"
        values = (micros(self._now()), limit)
        return await self._file.write(lambda file: file.execute(delete, values).rowcount)

    async def _ensure_table(self) -> None:
        if not self._is_prepared:
            await self.prepare()

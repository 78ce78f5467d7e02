"""A service's store in a file of SQLite, and what is made from it."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from desk_platform.store.census import Entry
from desk_platform.store.document import S
from desk_platform.store.documents import Schema
from desk_platform.store.raw import Raw
from desk_platform.store.sqlite.calls import SqliteKeptCalls
from desk_platform.store.sqlite.documents import SqliteDocuments, table_of
from desk_platform.store.sqlite.file import SqliteFile, has_table
from desk_platform.store.sqlite.files import FolderFiles
from desk_platform.store.sqlite.leases import SqliteLeases
from desk_platform.store.sqlite.milestones import SqliteMilestones
from desk_platform.store.sqlite.positions import SqlitePositions
from desk_platform.store.sqlite.raw import list_collections, read_rows, replace_row, write_rows

SCHEME = "sqlite:"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'documents of %'"
_COUNTED = (
    "id, coalesce(nullif(sequence, 0), json_extract(facets, '$.sequence'), 0),"
    " coalesce(json_array_length(outbox), 0), coalesce(json_array_length(buffered), 0)"
)


def folder_of(url: str) -> Path:
    """The folder that `sqlite:FOLDER` names; each service has a file of its own in it."""
    return Path(url.removeprefix(SCHEME)).expanduser()


class SqliteStore:
    """Nothing is opened before its first use."""

    system = "sqlite"

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self._folder = name, folder
        self.file = SqliteFile(folder / f"{name}.sqlite3")

    async def ping(self) -> None:
        """Raise `DependencyDown` unless the file can be read and written."""
        await self.file.write(lambda file: file.execute("SELECT count(*) FROM sqlite_master"))

    async def drop(self) -> None:
        """Remove everything (tests and benchmarks only)."""
        await self.file.remove()
        await asyncio.to_thread(
            shutil.rmtree, self._folder / f"{self.name}.files", ignore_errors=True
        )

    async def stop(self) -> None:
        """Let go of the file."""
        await self.file.close()

    def documents(self, schema: Schema[S], now: Callable[[], datetime]) -> SqliteDocuments[S]:
        """A collection of documents."""
        return SqliteDocuments(self.file, schema, now)

    def calls(self, now: Callable[[], datetime], collection: str = "calls") -> SqliteKeptCalls:
        """Calls that were carried out."""
        return SqliteKeptCalls(self.file, now, collection)

    def leases(self, now: Callable[[], datetime]) -> SqliteLeases:
        """Rights for a time."""
        return SqliteLeases(self.file, now)

    def files(self) -> FolderFiles:
        """Files in a folder beside the file."""
        return FolderFiles(self._folder / f"{self.name}.files")

    def milestones(self) -> SqliteMilestones:
        """How often each group went on."""
        return SqliteMilestones(self.file)

    def positions(self) -> SqlitePositions:
        """How far each group has read."""
        return SqlitePositions(self.file)

    async def census(self, collection: str) -> dict[str, Entry]:
        """What a collection holds, by id."""

        def count(file: sqlite3.Connection) -> dict[str, Entry]:
            if not has_table(file, table_of(collection)):
                return {}
            rows = file.execute(f"SELECT {_COUNTED} FROM {table_of(collection)}")
            return {row[0]: Entry(*row) for row in rows}

        return await self.file.read(count)

    async def entry_of(self, collection: str, id: str) -> Entry:
        """The same of one document; nothing at all of one that is not there."""

        def look(file: sqlite3.Connection) -> Entry:
            table = table_of(collection)
            query = f"SELECT {_COUNTED} FROM {table} WHERE id = ?"
            row = file.execute(query, [id]).fetchone() if has_table(file, table) else None
            return Entry(id, 0) if row is None else Entry(*row)

        return await self.file.read(look)

    async def collections(self) -> list[str]:
        """Names of the collections that were made."""
        return await self.file.read(list_collections)

    async def read_raw(self, collection: str, after: str, limit: int) -> list[Raw]:
        """Rows behind that id, by their ids."""
        return await self.file.read(lambda file: read_rows(file, collection, after, limit))

    async def write_raw(self, collection: str, rows: Iterable[Raw]) -> None:
        """Put rows, over those of the same ids."""
        await self.file.write(lambda file: write_rows(file, collection, rows))

    async def replace_raw(self, collection: str, row: Raw, other: Raw) -> bool:
        """Put another document in the place of one, perhaps under another id; False if that was
        written since it was read. One with a unique facet keeps its id."""
        return await self.file.write(lambda file: replace_row(file, collection, row, other))

    async def scrub(self) -> None:
        """Leave no byte of what was deleted or replaced in the file."""
        await self.file.scrub()

    async def find_handled_since(self, mark_key: str, offset: int) -> set[str]:
        """Ids of documents that handled a record of that partition from there on."""

        def look(file: sqlite3.Connection) -> set[str]:
            ids: set[str] = set()
            for (table,) in file.execute(_TABLES).fetchall():
                query = (
                    f'SELECT kept.id FROM "{table}" AS kept, json_each(kept.marks) AS mark'
                    " WHERE mark.key = ? AND mark.value >= ?"
                )
                ids |= {id for (id,) in file.execute(query, [mark_key, offset])}
            return ids

        return await self.file.read(look)

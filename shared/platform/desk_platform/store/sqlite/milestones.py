"""`Milestones` in a file of SQLite."""

import sqlite3

from desk_platform.store.sqlite.file import SqliteFile

TABLE = (
    "CREATE TABLE IF NOT EXISTS milestones (consumer_group TEXT PRIMARY KEY,"
    " number INTEGER NOT NULL)"
)


class SqliteMilestones:
    """One row for each group."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    async def next(self, group: str) -> int:
        """One more than was ever noted of this group, by any of its members."""

        def note(file: sqlite3.Connection) -> int:
            file.execute(TABLE)
            add = (
                "INSERT INTO milestones VALUES (?, 1)"
                " ON CONFLICT (consumer_group) DO UPDATE SET number = number + 1 RETURNING number"
            )
            [(number,)] = file.execute(add, [group]).fetchall()
            return int(number)

        return await self._file.write(note)

    async def all(self) -> dict[str, int]:
        """The last one of each group; a group that noted nothing is left out."""

        def list_all(file: sqlite3.Connection) -> dict[str, int]:
            file.execute(TABLE)
            return dict(file.execute("SELECT consumer_group, number FROM milestones").fetchall())

        return await self._file.write(list_all)

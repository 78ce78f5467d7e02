"""`Positions` in a file of SQLite."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from desk_platform.store.positions import Position
from desk_platform.store.sqlite.file import SqliteFile

TABLE = (
    "CREATE TABLE IF NOT EXISTS positions (id TEXT PRIMARY KEY, consumer_group TEXT NOT NULL,"
    " topic TEXT NOT NULL, cluster TEXT NOT NULL, topic_id TEXT NOT NULL,"
    " generation INTEGER NOT NULL, offsets TEXT NOT NULL, replaced TEXT NOT NULL)"
)
FIELDS = (
    "consumer_group",
    "topic",
    "cluster",
    "topic_id",
    "generation",
    "offsets",
    "replaced",
)
_FIELDS = ", ".join(FIELDS)


class SqlitePositions:
    """One row for each group and topic."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    async def of(self, group: str) -> dict[str, Position]:
        """By topic."""
        return {item.topic: item for item in await self.all() if item.group == group}

    async def all(self) -> list[Position]:
        """Those of every group of this service."""

        def list_all(file: sqlite3.Connection) -> list[Position]:
            file.execute(TABLE)
            rows = file.execute(f"SELECT {_FIELDS} FROM positions ORDER BY id").fetchall()
            return list(map(read, rows))

        return await self._file.write(list_all)

    async def begin(self, position: Position) -> None:
        """Keep it, unless another replica was faster."""

        def keep(file: sqlite3.Connection) -> None:
            file.execute(TABLE)
            insert = "INSERT OR IGNORE INTO positions VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            file.execute(insert, [position.id, *_row(position)])

        await self._file.write(keep)

    async def advance(self, position: Position, offsets: Mapping[int, int]) -> None:
        """Move partitions forward, never back; nothing if the topic was made anew meanwhile."""

        def move(kept: Position) -> Position:
            further = {
                partition: max(offset, kept.offsets.get(partition, offset))
                for partition, offset in offsets.items()
            }
            return replace(kept, offsets={**kept.offsets, **further})

        await self._change(position, move)

    async def stop(self, position: Position, reason: str) -> None:
        """No replica reads on until somebody adopts the topic."""
        await self._change(position, lambda kept: replace(kept, replaced=reason))

    async def adopt(self, position: Position, cluster: str, topic_id: str) -> bool:
        """From now on it is this topic, read from its beginning; False if somebody was faster."""
        new = Position(position.group, position.topic, cluster, topic_id, position.generation + 1)
        return await self._change(position, lambda _kept: new)

    async def _change(self, position: Position, change: Callable[[Position], Position]) -> bool:
        """In one transaction; False if it is gone or of another generation."""

        def put(file: sqlite3.Connection) -> bool:
            file.execute(TABLE)
            query = f"SELECT {_FIELDS} FROM positions WHERE id = ? AND generation = ?"
            row = file.execute(query, [position.id, position.generation]).fetchone()
            if row is None:
                return False
            update = f"UPDATE positions SET ({_FIELDS}) = (?, ?, ?, ?, ?, ?, ?) WHERE id = ?"
            file.execute(update, [*_row(change(read(row))), position.id])
            return True

        return await self._file.write(put)


def _row(position: Position) -> tuple[object, ...]:
    return (
        position.group,
        position.topic,
        position.cluster,
        position.topic_id,
        position.generation,
        json.dumps(position.offsets),
        position.replaced,
    )


def read(row: Sequence[Any]) -> Position:
    """A position from its fields, in their order."""
    group, topic, cluster, topic_id, generation, offsets, replaced = row
    further = {int(partition): int(offset) for partition, offset in json.loads(offsets).items()}
    return Position(group, topic, cluster, topic_id, generation, further, replaced)

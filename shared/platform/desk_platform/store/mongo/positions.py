"""`Positions` on a MongoDB-wire server."""

from collections.abc import Mapping
from typing import cast

from desk_platform.store.mongo.driver import (
    Collection,
    Database,
    DuplicateKeyError,
    Row,
    translate_errors,
)
from desk_platform.store.positions import Position


class MongoPositions:
    """One document for each group and topic."""

    def __init__(self, database: Database) -> None:
        self._collection: Collection = database["positions"]

    async def of(self, group: str) -> dict[str, Position]:
        """By topic."""
        return {position.topic: position for position in await self._find({"group": group})}

    async def all(self) -> list[Position]:
        """Those of every group of this service."""
        return sorted(await self._find({}), key=lambda position: position.id)

    async def begin(self, position: Position) -> None:
        """Keep it, unless another replica was faster."""
        with translate_errors():
            try:
                await self._collection.insert_one({"_id": position.id, **_row(position)})
            except DuplicateKeyError:
                return

    async def advance(self, position: Position, offsets: Mapping[int, int]) -> None:
        """Move partitions forward, never back; nothing if the topic was made anew meanwhile."""
        further = {f"offsets.{partition}": offset for partition, offset in offsets.items()}
        await self._change(position, {"$max": further})

    async def stop(self, position: Position, reason: str) -> None:
        """No replica reads on until somebody adopts the topic."""
        await self._change(position, {"$set": {"replaced": reason}})

    async def adopt(self, position: Position, cluster: str, topic_id: str) -> bool:
        """From now on it is this topic, read from its beginning; False if somebody was faster."""
        new = Position(position.group, position.topic, cluster, topic_id, position.generation + 1)
        return await self._change(position, {"$set": _row(new)})

    async def _change(self, position: Position, update: Row) -> bool:
        guard = {"_id": position.id, "generation": position.generation}
        with translate_errors():
            result = await self._collection.update_one(guard, update)
        return result.matched_count == 1

    async def _find(self, query: Row) -> list[Position]:
        with translate_errors():
            rows = await self._collection.find(query).to_list(None)
        return [_position(row) for row in rows]


def _row(position: Position) -> Row:
    return {
        "group": position.group,
        "topic": position.topic,
        "cluster": position.cluster,
        "topic_id": position.topic_id,
        "generation": position.generation,
        "offsets": {str(partition): offset for partition, offset in position.offsets.items()},
        "replaced": position.replaced,
    }


def _position(row: Row) -> Position:
    offsets = cast("dict[str, int]", row["offsets"])
    return Position(
        str(row["group"]),
        str(row["topic"]),
        str(row["cluster"]),
        str(row["topic_id"]),
        cast(int, row["generation"]),
        {int(partition): offset for partition, offset in offsets.items()},
        str(row["replaced"]),
    )

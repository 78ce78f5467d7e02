"""`Milestones` on a MongoDB-wire server."""

from typing import cast

from desk_platform.store.mongo.driver import (
    Collection,
    Database,
    DuplicateKeyError,
    Row,
    translate_errors,
)


class MongoMilestones:
    """One small document for each group, in the service's own database."""

    def __init__(self, database: Database) -> None:
        self._collection: Collection = database["milestones"]

    async def next(self, group: str) -> int:
        """One more than was ever noted of this group, by any of its members."""
        with translate_errors():
            while True:
                row = await self._collection.find_one({"_id": group})
                if row is None:
                    try:
                        await self._collection.insert_one({"_id": group, "number": 1})
                    except DuplicateKeyError:
                        continue
                    return 1
                number = cast(int, row["number"])
                result = await self._collection.update_one(
                    {"_id": group, "number": number}, {"$set": {"number": number + 1}}
                )
                if result.matched_count:
                    return number + 1

    async def all(self) -> dict[str, int]:
        """The last one of each group; a group that noted nothing is left out."""
        with translate_errors():
            rows: list[Row] = await self._collection.find({}).to_list(None)
        return {str(row["_id"]): cast(int, row["number"]) for row in rows}

"""A service's database on a MongoDB-wire server: the client, and what is made from it."""

from collections.abc import Callable, Iterable
from datetime import datetime

from desk_platform.settings import StoreSettings
from desk_platform.store.census import Entry
from desk_platform.store.document import S
from desk_platform.store.documents import Schema
from desk_platform.store.mongo.calls import MongoKeptCalls
from desk_platform.store.mongo.census import census, entry_of, find_handled_since
from desk_platform.store.mongo.clients import CurrentDatabase, MongoClients
from desk_platform.store.mongo.documents import MongoDocuments
from desk_platform.store.mongo.driver import (
    ASCENDING,
    BulkWriteError,
    Database,
    DeleteOne,
    InsertOne,
    Operation,
    ReplaceOne,
    duplicates_of,
    translate_errors,
)
from desk_platform.store.mongo.files import BUCKET, GridFiles
from desk_platform.store.mongo.leases import MongoLeases
from desk_platform.store.mongo.milestones import MongoMilestones
from desk_platform.store.mongo.positions import MongoPositions
from desk_platform.store.raw import Raw


class MongoStore:
    """A client of the store by the driver that the settings name. Start, use, stop."""

    system = "mongodb"

    def __init__(self, settings: StoreSettings, database: str) -> None:
        self._clients = MongoClients(settings)
        self.name = database
        self._current = CurrentDatabase(self._clients, database)
        self._driver = settings.driver
        self.database: Database = self._current

    async def ping(self) -> None:
        """Raise `DependencyDown` unless the server answers."""
        await self._clients.ping()

    async def drop(self) -> None:
        """Remove the whole database (tests and benchmarks only)."""
        with translate_errors():
            await self._clients.current.drop_database(self.name)

    def documents(self, schema: Schema[S], now: Callable[[], datetime]) -> MongoDocuments[S]:
        """A collection of documents."""
        return MongoDocuments(self.database, schema, now)

    def calls(self, now: Callable[[], datetime], collection: str = "calls") -> MongoKeptCalls:
        """Calls that were carried out."""
        return MongoKeptCalls(self.database, now, collection)

    def leases(self, now: Callable[[], datetime]) -> MongoLeases:
        """Rights for a time."""
        return MongoLeases(self.database, now)

    def files(self) -> GridFiles:
        """Files in GridFS."""
        return GridFiles(self._current, self._driver)

    def milestones(self) -> MongoMilestones:
        """How often each group went on."""
        return MongoMilestones(self.database)

    def positions(self) -> MongoPositions:
        """How far each group has read."""
        return MongoPositions(self.database)

    async def census(self, collection: str) -> dict[str, Entry]:
        """What a collection holds, by id."""
        return await census(self.database, collection)

    async def entry_of(self, collection: str, id: str) -> Entry:
        """The same of one document; nothing at all of one that is not there."""
        return await entry_of(self.database, collection, id)

    async def find_handled_since(self, mark_key: str, offset: int) -> set[str]:
        """Ids of documents that handled a record of that partition from there on."""
        return await find_handled_since(self.database, mark_key, offset)

    async def collections(self) -> list[str]:
        """Names of the collections of documents that hold anything."""
        with translate_errors():
            names = await self.database.list_collection_names()
            return sorted(name for name in names if not name.startswith(f"{BUCKET}."))

    async def read_raw(self, collection: str, after: str, limit: int) -> list[Raw]:
        """Rows behind that id, by their ids."""
        with translate_errors():
            query = self.database[collection].find({"_id": {"$gt": after}})
            return list(await query.sort([("_id", ASCENDING)]).limit(limit).to_list(limit))

    async def write_raw(self, collection: str, rows: Iterable[Raw]) -> None:
        """Put rows, over those of the same ids."""
        operations: list[Operation] = []
        for row in rows:
            operations += [DeleteOne({"_id": row["_id"]}), InsertOne(dict(row))]
        if operations:
            with translate_errors():
                await self.database[collection].bulk_write(operations)

    async def replace_raw(self, collection: str, row: Raw, other: Raw) -> bool:
        """Put another document in the place of one, perhaps under another id; False if that was
        written since it was read. One with a unique facet keeps its id."""
        guard = {"_id": row["_id"], "version": row["version"]}
        with translate_errors():
            rows = self.database[collection]
            if other["_id"] == row["_id"]:
                change = await rows.bulk_write([ReplaceOne(guard, dict(other))], ordered=False)
                return change.matched_count == 1
            # First the new one: after a crash in between both are there, and it is done again.
            try:
                await rows.bulk_write([DeleteOne({"_id": other["_id"]}), InsertOne(dict(other))])
            except BulkWriteError as error:
                # Another one has its unique facet.
                if not duplicates_of(error):
                    raise
                return False
            change = await rows.bulk_write([DeleteOne(guard)])
            if change.deleted_count == 1:
                return True
            await rows.bulk_write([DeleteOne({"_id": other["_id"]})])
            return False

    async def scrub(self) -> None:
        """What the server's files keep of replaced documents is the server's to write over."""

    async def stop(self) -> None:
        """Close every connection."""
        await self._clients.close()

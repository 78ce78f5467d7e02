"""`Documents` on a MongoDB-wire server: guarded bulk writes, outbox included.

The guard is equality on exactly (_id, version), with that unique index: the cheapest form on any
server. A first write is an insert, whose duplicate-key error is its guard.
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Generic, cast

from desk_contracts.codec import Message
from desk_contracts.ids import new_id

from desk_platform.store.document import S, Stored, Unreadable, whole_milliseconds
from desk_platform.store.documents import Schema
from desk_platform.store.listings import Facets, Listed
from desk_platform.store.mongo.calls import MongoKeptCalls
from desk_platform.store.mongo.driver import (
    ASCENDING,
    BulkWriteError,
    Collection,
    Database,
    DeleteOne,
    Filter,
    InsertOne,
    Operation,
    ReplaceOne,
    Row,
    UpdateOne,
    duplicates_of,
    translate_errors,
    update_each,
)
from desk_platform.store.mongo.pages import make_page_query, place_of
from desk_platform.store.states import States

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


class MongoDocuments(Generic[S]):
    """`Documents` on a MongoDB-wire server, whichever driver the store was opened with."""

    def __init__(self, database: Database, schema: Schema[S], now: Callable[[], datetime]) -> None:
        self._database = database
        self._collection: Collection = database[schema.collection]
        self._schema = schema
        self._states = States(schema)
        self._now = now
        self.identities = MongoKeptCalls(database, now, f"{schema.collection}.handled")

    async def prepare(self) -> None:
        """Declare the indexes; harmless when they are there."""
        await self.identities.prepare()
        with translate_errors():
            await self._collection.create_index(
                [("_id", ASCENDING), ("version", ASCENDING)], unique=True
            )
            for name in self._schema.unique:
                await self._collection.create_index([(f"facets.{name}", ASCENDING)], unique=True)
            for names in self._schema.searches:
                facets = [(f"facets.{name}", ASCENDING) for name in names]
                await self._collection.create_index([*facets, ("_id", ASCENDING)])
            for name in ("due", "pending"):
                await self._collection.create_index([(name, ASCENDING)])

    async def load(self, ids: Iterable[str]) -> dict[str, Stored[S]]:
        """The documents that exist, by id, in one read; `Unreadable` names those that cannot be."""
        with translate_errors():
            rows = await self._collection.find({"_id": {"$in": list(ids)}}).to_list(None)
        documents = {document.id: document for document in map(self._read, rows)}
        broken = {
            id: document.unreadable
            for id, document in documents.items()
            if document.unreadable is not None
        }
        if broken:
            raise Unreadable(
                {id: why for error in broken.values() for id, why in error.reasons.items()}
            )
        return documents

    async def states(self, ids: Iterable[str]) -> dict[str, S | Unreadable | None]:
        """Of those that exist only the state, or why it cannot be read."""
        with translate_errors():
            cursor = self._collection.find({"_id": {"$in": list(ids)}}, {"state": 1})
            rows = await cursor.to_list(None)
        texts = {str(row["_id"]): cast("str | None", row.get("state")) for row in rows}
        read = ((id, *self._states.read(id, text)) for id, text in texts.items())
        return {id: unreadable or state for id, state, unreadable in read}

    async def write(self, documents: Sequence[Stored[S]]) -> frozenset[str]:
        """Write each document over the version it was loaded with, in one unordered bulk.

        Returns the ids whose guard failed: somebody else was faster, load them again.
        """
        if not documents:
            return frozenset()
        writer, now = new_id(), self._now()
        operations: list[Operation] = []
        for document in documents:
            row = self._row(document, writer, now)
            guard = {"_id": document.id, "version": document.version}
            operations.append(ReplaceOne(guard, row) if document.version else InsertOne(row))
        refused: set[str] = set()
        with translate_errors():
            try:
                result = await self._collection.bulk_write(operations, ordered=False)
            except BulkWriteError as error:
                refused = {documents[place].id for place in duplicates_of(error)}
                matched = cast(int, (error.details or {}).get("nMatched", 0))
            else:
                matched = result.matched_count
        replaced = [document.id for document in documents if document.version]
        if matched < len(replaced):
            rows = await self._collection.find(
                {"_id": {"$in": replaced}}, {"_id": 1, "writer": 1}
            ).to_list(None)
            ours = {str(row["_id"]) for row in rows if row.get("writer") == writer}
            refused |= set(replaced) - ours
        return frozenset(refused)

    async def remove(self, documents: Sequence[Stored[S]]) -> int:
        """Remove these versions, and none that somebody wrote since; how many there were."""
        if not documents:
            return 0
        removed: list[Operation] = [
            DeleteOne({"_id": document.id, "version": document.version}) for document in documents
        ]
        with translate_errors():
            result = await self._collection.bulk_write(removed, ordered=False)
        return result.deleted_count

    async def clear_outboxes(self, published: Sequence[Stored[S]]) -> None:
        """Note that the outboxes of these versions are published. A newer version keeps its own."""
        emptied = {"$unset": {"outbox": "", "pending": "", "recorded": ""}}
        await self._update((document.id, document.version, emptied) for document in published)

    async def postpone(self, documents: Sequence[Stored[S]], until: datetime) -> None:
        """Of these versions only the outbox that they have here is still to be published, and not
        before `until`. A newer version keeps its own."""
        operations: list[Operation] = [
            UpdateOne(
                {"_id": document.id, "version": document.version},
                {"$set": {"outbox": list(map(_message_row, document.outbox)), "pending": until}},
            )
            for document in documents
        ]
        if operations:
            with translate_errors():
                await self._collection.bulk_write(operations, ordered=False)

    async def _update(self, changes: Iterable[tuple[object, object, Filter]]) -> None:
        """Change little in documents, unless somebody wrote them since that version.

        By id and version every server finds them at once, while the embedded one looks at all
        documents for any other condition.
        """
        updates = (({"_id": id, "version": version}, change) for id, version, change in changes)
        await update_each(self._database, self._schema.collection, updates)

    async def pending(self, older_than: datetime, limit: int) -> list[Stored[S]]:
        """Documents whose outbox has waited since before `older_than`."""
        with translate_errors():
            query = self._collection.find({"pending": {"$lte": older_than}})
            rows = await query.sort([("pending", ASCENDING)]).limit(limit).to_list(limit)
        return [self._read(row) for row in rows]

    async def has_unpublished(self, recorded_by: datetime) -> bool:
        """Whether something that was recorded by then waits to be published, put off or not.

        Looks at what waits, which is little, and not at the whole collection.
        """
        with translate_errors():
            by_then = [{"recorded": {"$lte": recorded_by}}, {"recorded": None}]
            query = self._collection.find({"pending": {"$gt": _EVER}, "$or": by_then}, {"_id": 1})
            return bool(await query.limit(1).to_list(1))

    async def due(self, until: datetime, limit: int) -> list[tuple[datetime, str]]:
        """Moments and ids of the timers that fire no later than `until`, soonest first."""
        with translate_errors():
            query = self._collection.find({"due": {"$lte": until}}, {"due": 1})
            rows = await query.sort([("due", ASCENDING)]).limit(limit).to_list(limit)
        return [(cast(datetime, row["due"]), str(row["_id"])) for row in rows]

    async def put_off(self, id: str, now: datetime, until: datetime) -> None:
        """Move the timer of a document that is due at `now`, which no rule could be asked for."""
        with translate_errors():
            row = await self._collection.find_one({"_id": id}, {"due": 1, "version": 1})
            due = None if row is None else cast("datetime | None", row.get("due"))
            if row is not None and due is not None and due <= whole_milliseconds(now):
                moved = {"$set": {"due": whole_milliseconds(until)}}
                await self._update([(id, row["version"], moved)])

    async def take_up(self, since: datetime, now: datetime) -> int:
        """Make due now what was put off until `since` or later; how many there were."""
        with translate_errors():
            cursor = self._collection.find({"due": {"$gte": since}}, {"version": 1})
            rows = await cursor.to_list(None)
        moved = {"$set": {"due": now}}
        await self._update((row["_id"], row["version"], moved) for row in rows)
        return len(rows)

    async def find(
        self,
        facets: Facets,
        *,
        order: str = "_id",
        after: tuple[object, str] | None = None,
        limit: int = 100,
    ) -> list[Stored[S]]:
        """Documents with these facets in ascending (order, _id), from behind `after`."""
        rows = await self._page(facets, order, after, limit)
        return [self._read(row) for row in rows]

    async def find_facets(
        self,
        facets: Facets,
        *,
        order: str = "_id",
        after: tuple[object, str] | None = None,
        limit: int = 100,
    ) -> list[tuple[str, Facets]]:
        """Of the same documents only ids and facets: little to read where states are large."""
        rows = await self._page(facets, order, after, limit, {"facets": 1})
        return [(str(row["_id"]), cast(Facets, row.get("facets", {}))) for row in rows]

    async def find_brief(
        self,
        facets: Facets,
        *,
        order: str = "_id",
        after: tuple[object, str] | None = None,
        limit: int = 100,
    ) -> list[Listed[S]]:
        """Of the same documents the states as listings show them.

        A page of the largest documents would be more than a server sends or a process holds.
        """
        kept = "state" if self._schema.brief is None else "brief"
        fields = {"version": 1, "facets": 1, kept: 1}
        rows = await self._page(facets, order, after, limit, fields)
        return [
            Listed(str(row["_id"]), place_of(row, order), await self._brief(row)) for row in rows
        ]

    async def versions(self, ids: Iterable[str]) -> dict[str, int]:
        """The versions of the documents that exist: an index has them, no document is read."""
        with translate_errors():
            cursor = self._collection.find({"_id": {"$in": list(ids)}}, {"_id": 1, "version": 1})
            rows = await cursor.to_list(None)
        return {str(row["_id"]): cast(int, row["version"]) for row in rows}

    async def count(self) -> int:
        """How many documents there are."""
        with translate_errors():
            return await self._collection.count_documents({})

    def _row(self, document: Stored[S], writer: str, now: datetime) -> Row:
        """Empty fields are left out: most documents have no outbox and buffer nothing."""
        row: Row = {"_id": document.id, "version": document.version + 1, "writer": writer}
        if document.state is not None:
            row |= self._state_row(document.id, document.state)
        if document.marks:
            row["marks"] = document.marks
        if document.recent:
            row["identities"] = [list(pair) for pair in document.recent.items()]
        if document.sequence:
            row["sequence"] = document.sequence
        if document.buffered:
            row["buffered"] = [_message_row(message) for message in document.buffered]
        if document.outbox:
            row |= {
                "outbox": [_message_row(message) for message in document.outbox],
                "pending": now,
            }
            # Longer than that what was put off, or was written anew, waits already.
            row["recorded"] = document.waits_since or now
        if document.due is not None:
            row["due"] = whole_milliseconds(document.due)
        return row

    def _state_row(self, id: str, state: S) -> Row:
        text = self._states.write(state, id)
        row: Row = {"state": text}
        if facets := self._schema.facets_of(state):
            row["facets"] = dict(facets)
        if self._schema.brief is not None:
            row["brief"] = self._states.write_brief(state, text)
        return row

    async def _brief(self, row: Row) -> S | None:
        """What an older version wrote has none beside it: that one is read whole."""
        if (text := row.get("brief", row.get("state"))) is not None:
            return self._read({**row, "state": text}).state
        id = str(row["_id"])
        with contextlib.suppress(Unreadable):
            return (await self.load([id])).get(id, Stored(id=id)).state
        return None

    def _read(self, row: Row) -> Stored[S]:
        """One that cannot be read has no state and says why: the trouble is its own."""
        id, text = str(row["_id"]), cast("str | None", row.get("state"))
        state, unreadable = self._states.read(id, text)
        return Stored(
            id=id,
            version=cast(int, row["version"]),
            state=state,
            unreadable=unreadable,
            waits_since=cast("datetime | None", row.get("recorded")),
            marks=cast("dict[str, int]", row.get("marks", {})),
            recent=dict(cast("list[tuple[str, str]]", row.get("identities", []))),
            sequence=cast(int, row.get("sequence", 0)),
            buffered=tuple(map(_message, cast("list[Row]", row.get("buffered", [])))),
            outbox=tuple(map(_message, cast("list[Row]", row.get("outbox", [])))),
            due=cast("datetime | None", row.get("due")),
        )

    async def _page(
        self,
        facets: Facets,
        order: str,
        after: tuple[object, str] | None,
        limit: int,
        fields: Mapping[str, int] | None = None,
    ) -> list[Row]:
        self._schema.check_query(facets, order)
        query, ordered = make_page_query(facets, order, after)
        with translate_errors():
            cursor = self._collection.find(query, fields)
            return await cursor.sort(ordered).limit(limit).to_list(limit)


def _message_row(message: Message) -> Row:
    return {
        "topic": message.topic,
        "key": message.key,
        "value": message.value,
        "headers": message.headers,
    }


def _message(row: Row) -> Message:
    headers = cast("list[tuple[str, bytes]]", row["headers"])
    return Message(
        topic=cast(str, row["topic"]),
        key=cast(bytes, row["key"]),
        value=cast(bytes, row["value"]),
        headers=tuple((name, text) for name, text in headers),
    )

"""What a collection holds, document by document, without reading anybody's state."""

from typing import cast

from desk_platform.store.census import Entry
from desk_platform.store.mongo.driver import Database, Row, translate_errors
from desk_platform.store.pages import After, pages

_FIELDS = {"sequence": 1, "facets.sequence": 1, "outbox.topic": 1, "buffered.topic": 1}
_PAGE = 5_000


async def census(database: Database, collection: str) -> dict[str, Entry]:
    """Every document's id, last sequence, waiting and buffered events, in pages by id."""

    async def ask(after: After | None) -> list[Row]:
        behind = {} if after is None else {"_id": {"$gt": after[1]}}
        with translate_errors():
            query = database[collection].find(behind, _FIELDS)
            return await query.sort([("_id", 1)]).limit(_PAGE).to_list(_PAGE)

    entries: dict[str, Entry] = {}
    async for rows in pages(ask, lambda row: (row["_id"], str(row["_id"]))):
        entries |= {entry.id: entry for entry in map(_entry, rows)}
    return entries


async def entry_of(database: Database, collection: str, id: str) -> Entry:
    """The same of one document; nothing at all of one that is not there."""
    with translate_errors():
        row = await database[collection].find_one({"_id": id}, _FIELDS)
    return Entry(id, 0, 0, 0) if row is None else _entry(row)


async def find_handled_since(database: Database, mark_key: str, offset: int) -> set[str]:
    """Ids of the documents, of all collections, that handled a record of it from there on.

    `mark_key` is how documents' marks name the partition of one making of a topic.
    """
    ids: set[str] = set()
    query = {f"marks.{mark_key}": {"$gte": offset}}
    with translate_errors():
        for name in await database.list_collection_names():
            rows = await database[name].find(query, {"_id": 1}).to_list(None)
            ids |= {str(row["_id"]) for row in rows}
    return ids


def _entry(row: Row) -> Entry:
    facets = cast("dict[str, int]", row.get("facets", {}))
    sequence = cast("int | None", row.get("sequence")) or facets.get("sequence", 0)
    waiting = cast("list[Row]", row.get("outbox", []))
    buffered = cast("list[Row]", row.get("buffered", []))
    return Entry(str(row["_id"]), sequence, len(waiting), len(buffered))

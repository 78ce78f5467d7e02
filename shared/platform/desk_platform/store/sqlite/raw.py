"""Rows of a file of SQLite in the form in which they move to another store, and back."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from desk_contracts.codec import Message

from desk_platform.store.raw import Raw
from desk_platform.store.sqlite import calls, milestones, positions
from desk_platform.store.sqlite.documents import COLUMNS, make_table, table_of
from desk_platform.store.sqlite.facets import read_facets, write_facets
from desk_platform.store.sqlite.file import has_table
from desk_platform.store.sqlite.messages import read_messages, write_messages
from desk_platform.store.sqlite.moments import instant, micros

_MOMENTS = ("pending", "recorded", "due")
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"


def list_collections(file: sqlite3.Connection) -> list[str]:
    """Names of all collections, as MongoDB would have them."""
    names = (name for (name,) in file.execute(_TABLES))
    return sorted(name.removeprefix("documents of ").removeprefix("calls of ") for name in names)


def read_rows(file: sqlite3.Connection, collection: str, after: str, limit: int) -> list[Raw]:
    """Rows behind that id, by their ids."""
    table, columns = _layout(collection)
    if not has_table(file, table):
        return []
    key = columns[0]
    chosen = f"SELECT {', '.join(columns)} FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT ?"
    rows = [dict(zip(columns, row, strict=True)) for row in file.execute(chosen, [after, limit])]
    return [_to_raw(collection, row) for row in rows]


def write_rows(file: sqlite3.Connection, collection: str, rows: Iterable[Raw]) -> None:
    """Put rows, over those of the same ids."""
    table, columns = _layout(collection)
    if table == table_of(collection):
        make_table(file, collection)
    else:
        file.execute(_STATEMENTS.get(collection) or calls.statement_of(collection))
    marks = ", ".join("?" * len(columns))
    put = f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})"
    kept = (_from_raw(collection, row) for row in rows)
    file.executemany(put, [[row.get(name) for name in columns] for row in kept])


def replace_row(file: sqlite3.Connection, collection: str, row: Raw, other: Raw) -> bool:
    """Put another document in the place of one, unless that was written meanwhile."""
    delete = f"DELETE FROM {table_of(collection)} WHERE id = ? AND version = ?"
    if file.execute(delete, [row["_id"], row["version"]]).rowcount != 1:
        return False
    write_rows(file, collection, [other])
    return True


_STATEMENTS = {"milestones": milestones.TABLE, "positions": positions.TABLE}


def _layout(collection: str) -> tuple[str, tuple[str, ...]]:
    """Its table, and the columns, the one with the id first."""
    match collection:
        case "milestones":
            return collection, ("consumer_group", "number")
        case "positions":
            return collection, ("id", *positions.FIELDS)
        case _ if collection == "calls" or collection.endswith(".handled"):
            return calls.table_of(collection), ("id", "fingerprint", "until")
        case _:
            return table_of(collection), COLUMNS


def _to_raw(collection: str, row: dict[str, Any]) -> Raw:
    """Empty fields are left out, as MongoDB's documents do."""
    match collection:
        case "milestones":
            return {"_id": row["consumer_group"], "number": row["number"]}
        case "positions":
            position = positions.read([row[name] for name in positions.FIELDS])
            offsets = {str(number): offset for number, offset in position.offsets.items()}
            return {"_id": position.id, **asdict(position), "offsets": offsets}
        case _ if "fingerprint" in row:
            return {
                "_id": row["id"],
                "fingerprint": row["fingerprint"],
                "until": instant(row["until"]),
            }
        case _:
            return _document_to_raw(row)


def _document_to_raw(row: Mapping[str, Any]) -> Raw:
    raw: dict[str, object] = {
        "_id": row["id"],
        "version": row["version"],
        "sequence": row["sequence"] or None,
        "state": row["state"],
        "brief": row["brief"],
        "facets": read_facets(row["facets"]) or None,
        "marks": json.loads(row["marks"] or "null"),
        "identities": json.loads(row["identities"] or "null"),
        "buffered": [_message_to_raw(item) for item in read_messages(row["buffered"])] or None,
        "outbox": [_message_to_raw(item) for item in read_messages(row["outbox"])] or None,
    }
    raw |= {name: instant(row[name]) for name in _MOMENTS if row[name] is not None}
    return {name: value for name, value in raw.items() if value is not None}


def _from_raw(collection: str, raw: Raw) -> Mapping[str, object]:
    match collection:
        case "milestones":
            return {"consumer_group": raw["_id"], "number": raw["number"]}
        case "positions":
            return {
                **raw,
                "id": raw["_id"],
                "consumer_group": raw["group"],
                "offsets": json.dumps(raw["offsets"]),
            }
        case _ if "fingerprint" in raw:
            return {**raw, "id": raw["_id"], "until": micros(cast(datetime, raw["until"]))}
        case _:
            return _document_from_raw(raw)


def _document_from_raw(raw: Raw) -> Mapping[str, object]:
    row: dict[str, object] = {**raw, "id": raw["_id"], "sequence": raw.get("sequence", 0)}
    row |= {name: micros(cast(datetime, raw[name])) for name in _MOMENTS if name in raw}
    row |= {name: json.dumps(raw[name]) for name in ("marks", "identities") if name in raw}
    row["facets"] = write_facets(cast("Mapping[str, object]", raw.get("facets", {})))
    for name in ("buffered", "outbox"):
        kept = cast("list[Mapping[str, Any]]", raw.get(name, []))
        row[name] = write_messages(
            [
                Message(
                    item["topic"], item["key"], item["value"], tuple(map(tuple, item["headers"]))
                )
                for item in kept
            ]
        )
    return row


def _message_to_raw(message: Message) -> Raw:
    headers = [list(header) for header in message.headers]
    return {
        "topic": message.topic,
        "key": message.key,
        "value": message.value,
        "headers": headers,
    }

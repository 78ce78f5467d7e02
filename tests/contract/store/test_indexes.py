"""Every query that a service makes is served by an index, on each of its collections."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from desk_automation.service import SERVICE as AUTOMATION
from desk_intake.service import SERVICE as INTAKE
from desk_metrics.service import SERVICE as METRICS
from desk_notify.service import SERVICE as NOTIFY
from desk_platform.store import Documents, Schema, Stored
from desk_platform.store.sqlite.store import SqliteStore
from desk_triage.service import SERVICE as TRIAGE

from tests.support.store_kinds import THINGS

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SCHEMAS = {
    f"{service.name} {schema.collection}": schema
    for service in (INTAKE, TRIAGE, AUTOMATION, NOTIFY, METRICS)
    for schema in service.collections
}
# What the platform asks of every collection.
PLATFORM: dict[str, Callable[[Documents[Any]], Any]] = {
    "load": lambda documents: documents.load(["a", "b"]),
    "states": lambda documents: documents.states(["a", "b"]),
    "versions": lambda documents: documents.versions(["a", "b"]),
    "pending": lambda documents: documents.pending(NOW, 10),
    "has_unpublished": lambda documents: documents.has_unpublished(NOW),
    "due": lambda documents: documents.due(NOW, 10),
    "clear_outboxes": lambda documents: documents.clear_outboxes([Stored("a", 1)]),
    "postpone": lambda documents: documents.postpone([Stored("a", 1)], NOW),
    "put_off": lambda documents: documents.put_off("a", NOW, NOW),
    "take_up": lambda documents: documents.take_up(NOW, NOW),
    "write": lambda documents: documents.write([Stored("a", 1)]),
    "remove": lambda documents: documents.remove([Stored("a", 1), Stored("b", 2)]),
    "write many": lambda documents: documents.write(
        [Stored(f"{version} {number}", version) for version in (0, 1) for number in range(300)]
    ),
    "handled": lambda documents: documents.identities.find("a", "b"),
    "swept": lambda documents: documents.identities.sweep(10),
    "by id": lambda documents: documents.find({}, limit=10),
    "next by id": lambda documents: documents.find({}, after=("a", "a"), limit=10),
}


def plan_of(statement: str, file: sqlite3.Connection) -> list[str]:
    return [row[3] for row in file.execute(f"EXPLAIN QUERY PLAN {statement}")]


class Watched:
    """Notes every statement of a file, and what SQLite plans for it."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.statements: list[str] = []

    async def begin(self) -> None:
        """Both connections."""
        await self.store.file.read(lambda file: file.set_trace_callback(self.statements.append))
        await self.store.file.write(lambda file: file.set_trace_callback(self.statements.append))
        self.statements.clear()

    async def plans(self) -> dict[str, list[str]]:
        """By statement, each step of its plan."""
        statements = [
            text
            for text in self.statements
            if text.startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))
        ]
        return {text: await self.store.file.read(partial(plan_of, text)) for text in statements}


def reads_all(step: str) -> bool:
    """Whether a step of a plan looks at every row, or sorts what it found."""
    # What was handed over with the question is no table.
    is_given = step == "SCAN new" or "json_each" in step or "CONSTANT ROW" in step
    is_scan = step.startswith("SCAN") and not is_given and "VIRTUAL" not in step
    return (is_scan and "INDEX" not in step) or "TEMP B-TREE" in step


async def bad_steps(tmp_path: Path, schema: Schema[Any], *asks: Any) -> dict[str, list[str]]:
    store = SqliteStore(tmp_path, "explained")
    documents = store.documents(schema, lambda: NOW)
    await documents.prepare()
    watched = Watched(store)
    await watched.begin()
    for ask in asks:
        await ask(documents)
    plans = await watched.plans()
    await store.stop()
    assert len(plans) >= len(asks)
    return {text: steps for text, steps in plans.items() if any(map(reads_all, steps))}


@pytest.mark.parametrize("name", SCHEMAS)
async def test_what_the_platform_asks_of_a_collection_has_an_index(
    name: str, tmp_path: Path
) -> None:
    assert await bad_steps(tmp_path, SCHEMAS[name], *PLATFORM.values()) == {}


@pytest.mark.parametrize(
    ("name", "search"),
    [(name, item) for name, schema in SCHEMAS.items() for item in schema.searches],
)
async def test_each_search_of_a_service_has_an_index(
    name: str, search: tuple[str, ...], tmp_path: Path
) -> None:
    """Equal in all but the last and sorted by it, from the beginning and from a page's end; and
    equal in all, sorted by id."""
    *equal, last = search
    facets = dict.fromkeys(equal, "x")
    asks = (
        lambda documents: documents.find(facets, order=last, limit=10),
        lambda documents: documents.find_brief(facets, order=last, after=("y", "id"), limit=10),
        lambda documents: documents.find_facets({**facets, last: "y"}, limit=10),
        lambda documents: documents.find({**facets, last: "y"}, after=("id", "id"), limit=10),
    )
    assert await bad_steps(tmp_path, SCHEMAS[name], *asks) == {}


async def test_a_question_that_no_search_serves_is_refused(tmp_path: Path) -> None:
    """So that no query reads everything: the schema would have to say so first."""
    store = SqliteStore(tmp_path, "refused")
    documents = store.documents(THINGS, lambda: NOW)
    for facets, order in (({"rank": 1}, "_id"), ({"code": "x"}, "rank"), ({}, "rank")):
        with pytest.raises(ValueError, match="no search of things serves"):
            await documents.find(facets, order=order)
    await documents.find({"name": "a", "rank": 1, "code": "x"}, order="rank")
    await store.stop()

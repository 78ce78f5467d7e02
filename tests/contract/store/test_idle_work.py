"""What is asked again and again costs the same however many documents there are."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_platform.store import Documents, Stored
from desk_platform.store.sqlite.store import SqliteStore

from tests.support.store_kinds import THINGS

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FEW, MANY = 10, 1_000
# Of each collection: by its relay, its timers, and by who vouches for what was published.
QUESTIONS: dict[str, Callable[[Documents[Any]], Any]] = {
    "pending": lambda documents: documents.pending(NOW, 200),
    "due": lambda documents: documents.due(NOW + timedelta(minutes=2), 200_000),
    "has_unpublished": lambda documents: documents.has_unpublished(NOW),
}


async def count_steps(store: SqliteStore, ask: Callable[[], Any]) -> int:
    """Steps of SQLite's machine that reading takes; each row that is looked at is some of them."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    await store.file.read(lambda file: file.set_progress_handler(step, 1))
    await ask()
    await store.file.read(lambda file: file.set_progress_handler(None, 0))
    return steps


@pytest.mark.parametrize("name", QUESTIONS)
async def test_idle_questions_do_not_grow_with_the_documents(name: str, tmp_path: Path) -> None:
    """All are open: each has a timer, later than what is asked for, and no outbox."""
    store = SqliteStore(tmp_path, "idle")
    documents = store.documents(THINGS, lambda: NOW)
    await documents.prepare()
    counted, numbers = list[int](), range(0)
    for size in (FEW, MANY):
        numbers = range(numbers.stop, size)
        due = NOW + timedelta(hours=1)
        await documents.write([Stored(f"thing-{number}", due=due) for number in numbers])
        counted.append(await count_steps(store, lambda: QUESTIONS[name](documents)))
    await store.stop()
    few, many = counted
    assert few == many > 0

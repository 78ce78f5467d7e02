"""What runs wait for is known after a restart, and knowing it does not cost what there are runs."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from desk_automation.matching.store import OpenRuns, Rulebooks
from desk_automation.runs.model import Phase, Run
from desk_automation.runs.store import RUNS
from desk_charter import CharterSource
from desk_platform.clock import FakeClock
from desk_platform.store import Listed, Stored
from desk_platform.store.sqlite.documents import SqliteDocuments
from desk_platform.store.sqlite.store import SqliteStore

from tests.support.automation_engine import START, Engine, raised, runbook
from tests.support.charter_sections import obeying
from tests.support.confidential import with_secrets


def facets_of_earlier_versions(run: Run) -> Mapping[str, object]:
    return {name: value for name, value in RUNS.facets(run).items() if name != "measured"}


EARLIER = replace(RUNS, facets=facets_of_earlier_versions)


class Source:
    current = obeying(with_secrets(team="business-apps"), runbooks=())

    def on_change(self, _listener: object) -> None:
        """It stays as it is."""


class CountingRuns(SqliteDocuments[Run]):
    """Counts the runs that are listed."""

    listed = 0

    async def find_brief(self, *args: Any, **options: Any) -> list[Listed[Run]]:
        page = await super().find_brief(*args, **options)
        self.listed += len(page)
        return page


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path, "automation")
    yield store
    await store.stop()


async def make_run(measurement: str | None) -> Run:
    verify = measurement and {"measurement": measurement, "at_least": 15, "within": "30s"}
    engine = Engine((runbook(verify=verify),))
    await engine.hear(raised())
    return await engine.run()


async def put(store: SqliteStore, phase: Phase, *runs: Run, schema: Any = RUNS) -> None:
    documents = store.documents(schema, lambda: START)
    named = [
        run.model_copy(update={"id": f"{schema is RUNS}/{phase}/{number}", "phase": phase})
        for number, run in enumerate(runs)
    ]
    assert not await documents.write([Stored(run.id, state=run) for run in named])


async def hear(store: SqliteStore) -> tuple[set[str], int]:
    """The measurements, and how many runs were read for them."""
    runs = CountingRuns(store.file, RUNS, lambda: START)
    books = Rulebooks(cast("CharterSource", Source()))
    await OpenRuns(runs, books, FakeClock(START)).hear()
    return set(books().measurements), runs.listed


async def test_every_measurement_of_runs_that_wait_is_known_and_none_of_them_is_read(
    store: SqliteStore,
) -> None:
    disk, memory = await make_run("disk.free.percent"), await make_run("memory.free.percent")
    await put(store, Phase.AWAITING_APPROVAL, *([disk] * 700), await make_run(None))
    await put(store, Phase.VERIFYING, memory, disk)
    await put(store, Phase.HEALED, await make_run("battery.percent"))
    assert await hear(store) == ({"disk.free.percent", "memory.free.percent"}, 0)


async def test_runs_of_an_earlier_version_are_read(store: SqliteStore) -> None:
    await put(store, Phase.QUEUED, await make_run("disk.free.percent"), schema=EARLIER)
    await put(store, Phase.HEALED, await make_run("battery.percent"), schema=EARLIER)
    await put(store, Phase.QUEUED, await make_run("memory.free.percent"))
    assert await hear(store) == ({"disk.free.percent", "memory.free.percent"}, 1)


async def test_what_was_escalated_of_late_may_still_be_corrected(store: SqliteStore) -> None:
    await put(store, Phase.ESCALATED, await make_run("disk.free.percent"))
    assert await hear(store) == ({"disk.free.percent"}, 1)

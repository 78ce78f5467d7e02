"""On real servers, killed in the middle and with two replicas: old runs go, once, and stay away."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from desk_automation.runs.model import Phase, Run
from desk_automation.runs.store import RUNS
from desk_contracts import Event
from desk_contracts.events.signals import SignalRaised
from desk_contracts.ids import derive_id
from desk_platform.clock import SystemClock
from desk_platform.settings import StoreSettings
from desk_platform.store import Documents, Stored, open_store
from desk_testing import eventually
from desk_testing.commands import run_desk
from desk_testing.processes import CHARTER

from tests.support.automation_desk import Automation, Bus, Target, measured, raised
from tests.support.automation_servers import running

pytestmark = [pytest.mark.connected, pytest.mark.timeout(480)]

COUNT, SOME = 3_000, 5
HEALED = "desk.run.healed.v1"
LONG_AGO = timedelta(days=40)
RETENTION = "retention:\n  - {name: a-month, records: [runs], records_days: 30}\n"
CHAIN_KEY = "q7Vw2ZrLx09TmNfYc4HsJb8KdPeGuA1o"


def run_of(event: Event[SignalRaised]) -> str:
    """Of the charter: its `match` is `by` the subject."""
    return derive_id(event.data.episode, f"run\nclean-disk\n{event.subject}")


@pytest.fixture(params=["own", "mongo"])
def on_store(
    request: pytest.FixtureRequest, service: Automation, second: Automation, tmp_path: Path
) -> str:
    """The address of the store that both replicas are to use; runs are kept for a month there."""
    url: str = request.getfixturevalue("mongo" if request.param == "mongo" else "store_url")
    charter = tmp_path / "charter"
    shutil.copytree(CHARTER, charter)
    (charter / "retention.yaml").write_text(RETENTION, encoding="utf-8")
    for replica in (service, second):
        replica.env |= {
            "DESK_STORE": url,
            "DESK_CHARTER": str(charter),
            "AUTOMATION_CHAIN_KEY": CHAIN_KEY,
        }
    return url


@pytest.fixture
async def stored(on_store: str, bus: Bus) -> AsyncIterator[Documents[Run]]:
    store = open_store(StoreSettings(url=on_store), f"{bus.prefix}automation")
    documents: Documents[Run] = store.documents(RUNS, SystemClock().now)
    await documents.prepare()
    yield documents
    await store.stop()


async def heal(bus: Bus, subject: str) -> None:
    """What is measured is well until that is told."""

    async def is_healed() -> bool:
        await bus.publish(measured(subject, 41.0))
        return HEALED in await bus.types_of(subject)

    await eventually(is_healed, timeout=120, interval=0.2)


def make_old(run: Run, event: Event[SignalRaised]) -> Run:
    """The same run as it would be of that event, which ended soon after it."""
    trigger = run.trigger.model_copy(update={"at": event.time, "episode": event.data.episode})
    moments = {"created_at": event.time, "ended_at": event.time + timedelta(minutes=1)}
    changes = {"id": run_of(event), "target": event.subject, "trigger": trigger}
    return run.model_copy(update={**changes, **moments})


async def fill(
    stored: Documents[Run], template: Stored[Run], signals: list[Event[SignalRaised]]
) -> set[str]:
    """A desk of a year: runs that are over long ago, and some that must stay; these."""
    healed = template.read()
    assert healed is not None
    runs = [Stored(run_of(event), 0, make_old(healed, event)) for event in signals]
    assert await stored.write(runs) == frozenset()
    waiting, young = raised("waits", "http://x", ago=LONG_AGO), raised("young", "http://x")
    is_open = {"phase": Phase.AWAITING_APPROVAL, "ended_at": None, "is_closed": False}
    others = [
        Stored(run_of(waiting), 0, make_old(healed, waiting).model_copy(update=is_open)),
        Stored(run_of(young), 0, make_old(healed, young)),
    ]
    # The real one is made old, too: its transitions are in the log.
    at = healed.created_at - LONG_AGO
    trigger = healed.trigger.model_copy(update={"at": at})
    template.state = healed.model_copy(
        update={"trigger": trigger, "created_at": at, "ended_at": at}
    )
    assert await stored.write([*others, template]) == frozenset()
    return {document.id for document in others}


async def test_a_kill_in_the_middle_of_a_removal_loses_nothing_and_nothing_comes_back(
    stored: Documents[Run], service: Automation, second: Automation, bus: Bus, target: Target
) -> None:
    signals = [raised(f"old-{number}", target.url, ago=LONG_AGO) for number in range(COUNT)]
    first = raised("laptop-1", target.url)
    async with running(service):
        await bus.publish(first)
        await heal(bus, "laptop-1")
    template = (await stored.load([run_of(first)]))[run_of(first)]
    kept = await fill(stored, template, signals)

    service.launch()
    await eventually(lambda: is_below(stored, COUNT), timeout=120, interval=0.01)
    service.kill()
    left = await stored.count()
    assert len(kept) < left < COUNT

    async with running(service, second):
        await eventually(lambda: is_below(stored, len(kept) + 1), timeout=120, interval=0.1)
        assert {document.id for document in await stored.find({})} == kept
        # Each of the same device's partition: what is old is read before what is new.
        again = [raised(f"old-{number}", target.url) for number in range(SOME)]
        await bus.publish(*signals[:SOME], *again)
        for number in range(SOME):
            await heal(bus, f"old-{number}")
        made = {document.id for document in await stored.find({})} - kept
        assert made == {run_of(event) for event in again}
        assert sum(target.effects.values()) == 1 + SOME
        answer = await service.get(f"/v1/runs/{run_of(signals[0])}")
        assert answer.status_code == 404
        assert "removed 30 days after its end" in answer.json()["detail"]
        code, output = await ask_log(service, run_of(first))
        assert "its record was removed" in output
        assert "transitions as they were sealed" in output
        assert code == 0, output
        code, output = await ask_log(service, run_of(signals[0]))
        assert "log: 0 transitions" in output


async def is_below(stored: Documents[Run], count: int) -> bool:
    return await stored.count() < count


async def ask_log(service: Automation, run: str) -> tuple[int, str]:
    variables = {name: value for name, value in service.env.items() if name != "AUTOMATION_LEASE"}
    variables["DESKCLI_AUTOMATION_URL"] = service.url
    words = ("runbook", "show", run, "--verify")
    done = await asyncio.to_thread(run_desk, *words, env=variables)
    return done.returncode, done.stdout + done.stderr

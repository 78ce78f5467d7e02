"""No loop of any service ends: not for what is away, not for a bug, not for one document."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from desk_contracts.errors import DependencyDown, Transient
from desk_platform.health import State
from desk_platform.runtime import Assembled
from desk_platform.settings import StoreSettings
from desk_platform.store import open_store
from desk_platform.supervision import Supervisor
from desk_platform.tasks import cancel_tasks
from desk_testing import eventually

from tests.support.faults import ENOUGH, Faulty, Loop, all_opened

pytestmark = [
    pytest.mark.connected,
    pytest.mark.timeout(360),
    # A client that is torn while it joins has nobody left to close it.
    pytest.mark.filterwarnings("ignore:Unclosed AIOKafkaConsumer:ResourceWarning"),
]

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ERRORS = (
    Transient("the change was interrupted; ask again with the same key"),
    DependencyDown("the store does not answer", dependency="store"),
    ZeroDivisionError("nobody thought of this"),
)


@dataclass(frozen=True)
class Kept:
    """A loop of one of the services, made to fail, and whoever keeps it running."""

    service: Assembled
    name: str
    faulty: Faulty
    task: "asyncio.Task[None]"

    @property
    def label(self) -> str:
        return f"{self.service.name}: {self.name}"

    @property
    def state(self) -> State:
        wanted = f"loop {self.name}"
        (matching,) = (
            component for component in self.service.health.components() if component.name == wanted
        )
        return matching.state


@pytest.fixture
async def services(
    kafka: str, store_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[Assembled]]:
    # Timers without work go round this often, also after a question that took long: with all loops
    # at work many do.
    for name in ("REFRESH", "LONGEST_REFRESH"):
        monkeypatch.setattr(f"desk_platform.kafka.timers.{name}", timedelta(milliseconds=100))
    async with all_opened(kafka, store_url, prefix) as services:
        for service in services:
            for progress in service.health.consumers():  # as if it had read all there is
                progress.limits = replace(progress.limits, answer=timedelta(hours=1))
                progress.mark_assignment(1)
                progress.mark_lag(0)
        yield services
    gc.collect()  # here, where what it finds is expected


def keep_all(services: list[Assembled], make: Callable[[str, Loop], Faulty]) -> list[Kept]:
    """Every loop of every service at work, each failing as `make` says."""
    kept: list[Kept] = []
    for service in services:
        supervisor = Supervisor(service.clock, service.health, service.telemetry.meters)
        loops = {"health": service.health.watch_loop, **service.watches, **service.jobs}
        for name, loop in loops.items():
            faulty = make(name, loop)
            task = asyncio.create_task(supervisor.keep(name, faulty.run))
            kept.append(Kept(service, name, faulty, task))
    assert len(kept) > 5 * len(services)
    return kept


async def gone_round(kept: list[Kept], rounds: int) -> None:
    """Each of them as often as that, after all that it was to suffer."""

    def all_have() -> bool:
        behind = [item.label for item in kept if item.faulty.rounds < rounds]
        if behind:
            raise AssertionError(f"not gone round: {behind}")
        return True

    await eventually(all_have, timeout=180)
    assert [item.label for item in kept if item.task.done()] == []
    assert [item.label for item in kept if item.state is not State.READY] == []


async def test_every_loop_goes_on_whatever_any_of_its_calls_raises(
    services: list[Assembled],
) -> None:
    def suffering(name: str, loop: Loop) -> Faulty:
        # A client of the bus that is torn while it connects waits seconds for its brokers.
        clients = ("writers of ", "team topics", "similar", "index of ", "end of ", "erasures")
        is_client = name.startswith(clients)
        return Faulty(loop, ERRORS, most_places=1 if is_client else 8)

    kept = keep_all(services, suffering)
    await gone_round(kept, ENOUGH)
    assert [item.label for item in kept if item.faulty.tried < 1] == []
    await cancel_tasks(*(item.task for item in kept))


async def spoil(service: Assembled, store_url: str) -> list[str]:
    """Put documents that nobody can read into every collection of a service; which ones."""
    names = [name[6:] for name in service.jobs if name.startswith("relay ")]
    assert names
    store = open_store(
        StoreSettings(url=store_url), service.settings.store.database_prefix + service.name
    )
    message = {"topic": "no.such.topic", "key": b"k", "value": b"v", "headers": []}
    facets = {"open": True, "held": True, "suspect": True, "evaluated": 1, "since": LONG_AGO}
    rows = [
        {
            "_id": f"bad{number}",
            "version": 1,
            "state": "{",
            "facets": facets | {"code": f"bad{number}"},
            "due": LONG_AGO,
            "outbox": [message],
            "pending": LONG_AGO,
        }
        for number in range(3)
    ]
    # Which policies held cannot be guessed: for an edition that nobody can read metrics waits.
    spoilt = [name for name in names if name != "editions"]
    for name in spoilt:
        await store.write_raw(name, rows)
    await store.stop()
    return spoilt


async def test_every_loop_goes_round_with_documents_that_nobody_can_read(
    services: list[Assembled], store_url: str
) -> None:
    """In every collection: due, with an outbox that cannot be sent, and found by any search."""
    collections = [await spoil(service, store_url) for service in services]
    kept = keep_all(services, lambda _, loop: Faulty(loop, ERRORS, is_through=True))
    await gone_round(kept, 1)
    for service, names in zip(services, collections, strict=True):
        relays = {f"documents of relay {name}" for name in names}
        components = service.health.components()
        assert relays <= {item.name for item in components if item.state is State.DEGRADED}, (
            service.name
        )
        assert service.health.answer_ready().is_ok, service.name
    await cancel_tasks(*(item.task for item in kept))

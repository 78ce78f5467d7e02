"""No loop of any service ends: not for what is away, not for a bug, not for one document."""

import asyncio
import gc
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from desk_shared.errors import DependencyDown, Transient
from desk_shared.events.topics import SERVICES
from desk_shared.health import State
from desk_shared.service import Service
from desk_shared.settings import StoreSettings
from desk_shared.store import Store
from desk_shared.store.driver import InsertOne
from desk_shared.supervision import Supervisor
from desk_shared.tasks import ended
from desk_shared.testing import eventually

from tests.integration.services.faults import Faulty, Loop, built, opened

pytestmark = [
    pytest.mark.connected,
    pytest.mark.timeout(120),
    # A client that is torn while it joins has nobody left to close it.
    pytest.mark.filterwarnings("ignore:Unclosed AIOKafkaConsumer:ResourceWarning"),
]

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ERRORS = (
    Transient("the change was interrupted; ask again with the same key"),
    DependencyDown("the store does not answer", dependency="store"),
    ZeroDivisionError("nobody thought of this"),
)


@pytest.fixture(params=SERVICES)
async def service(
    request: pytest.FixtureRequest,
    kafka: str,
    mongo: str,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Service]:
    # Timers without work go round this often.
    monkeypatch.setattr("desk_shared.bus.timers.REFRESH", timedelta(milliseconds=100))
    async with opened(built(request.param, kafka, mongo, prefix)) as service:
        for progress in service.health.consumers():  # as if it had read all there is
            progress.mark_assignment(1)
        yield service
    gc.collect()  # here, where what it finds is expected


def loops_of(service: Service) -> list[tuple[str, Loop]]:
    return [("health", service.health.watch_loop), *service.loops]


def state_of(service: Service, loop: str) -> State:
    (one,) = (one for one in service.health.components() if one.name == f"loop {loop}")
    return one.state


async def test_every_loop_goes_on_whatever_any_of_its_calls_raises(service: Service) -> None:
    supervisor = Supervisor(service.clock, service.health, service.telemetry.meters)
    faulty = {
        # A reader of the bus that is torn while it joins waits 40 s for its brokers.
        name: Faulty(loop, ERRORS, most_places=1 if name.startswith("writers of ") else 8)
        for name, loop in loops_of(service)
    }
    running = [asyncio.create_task(supervisor.keep(name, one.run)) for name, one in faulty.items()]

    def all_go_on() -> bool:
        behind = [name for name, one in faulty.items() if one.rounds < 2]
        if behind:
            raise AssertionError(f"not gone round after their faults: {behind}")
        return True

    await eventually(all_go_on, timeout=60)
    assert not any(task.done() for task in running)
    assert {state_of(service, name) for name in faulty} == {State.READY}
    assert all(one.tried >= 1 for one in faulty.values())
    await ended(*running)


async def spoil(service: Service, mongo: str) -> list[str]:
    """Put documents that nobody can read into every collection; which ones these are."""
    names = [name[6:] for name, _ in service.loops if name.startswith("relay ")]
    assert names
    store = Store(StoreSettings(url=mongo), service.settings.store.database_prefix + service.name)
    message = {"topic": "no.such.topic", "key": b"k", "value": b"v", "headers": []}
    facets = {"open": True, "held": True, "suspect": True, "judged": 1, "since": LONG_AGO}
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
    # What promises were cannot be guessed: for an edition that nobody can read metrics waits.
    spoilt = [name for name in names if name != "editions"]
    for name in spoilt:
        await store.database[name].bulk_write([InsertOne(row) for row in rows], ordered=False)
    await store.stop()
    return spoilt


async def test_every_loop_goes_round_with_documents_that_nobody_can_read(
    service: Service, mongo: str
) -> None:
    """In every collection: due, with an outbox that cannot be sent, and found by any search."""
    collections = await spoil(service, mongo)
    supervisor = Supervisor(service.clock, service.health, service.telemetry.meters)
    faulty = {name: Faulty(loop, ERRORS, is_through=True) for name, loop in loops_of(service)}
    running = [asyncio.create_task(supervisor.keep(name, one.run)) for name, one in faulty.items()]

    def all_go_round() -> bool:
        behind = [name for name, one in faulty.items() if one.rounds < 1]
        if behind:
            raise AssertionError(f"not gone round: {behind}")
        return True

    await eventually(all_go_round, timeout=60)
    assert {name for name in faulty if state_of(service, name) is not State.READY} == set()
    relays = {f"documents of relay {name}" for name in collections}
    shown = {one.name for one in service.health.components() if one.state is State.DEGRADED}
    assert relays <= shown
    assert service.health.answer_ready().is_ok
    await ended(*running)

"""Timers live in the store; memory only makes them punctual."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from desk_contracts.errors import DependencyDown
from desk_kernel import Context, Decision
from desk_platform.clock import SystemClock
from desk_platform.health import Health
from desk_platform.kafka import WorkItem
from desk_platform.kafka.due_moments import DueMoments
from desk_platform.kafka.timers import Report, Timers
from desk_platform.supervision import Supervisor
from desk_platform.telemetry import names
from desk_testing import eventually
from desk_testing.fakes import FakeDocuments

from tests.support.bus_desk import STORIES, Desk, Story


class Bell:
    """Notes who was woken, and when."""

    def __init__(self) -> None:
        self.fired: list[str] = []
        self.is_down = False

    async def on_timer(self, ids: Iterable[str], on_failed: Report) -> None:  # noqa: ARG002
        if self.is_down:
            raise DependencyDown("away")
        self.fired += ids


class Watch:
    """Timers at work on the machine's clock."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.clock = SystemClock()
        self.desk.documents = FakeDocuments(STORIES, self.clock)
        self.bell = Bell()
        self.due = DueMoments(self.clock)
        meters, documents = self.desk.telemetry.telemetry.meters, self.desk.documents
        self.timers = Timers("stories", self.bell.on_timer, self.due, documents, self.clock, meters)

    async def set(self, id: str, due: datetime | None, *, in_memory: bool = True) -> None:
        def rule(_state: Story | None, _context: Context) -> Decision[Story]:
            return Decision(Story(), due=due)

        unit_of_work = self.desk.another()
        unit_of_work._documents = self.desk.documents
        if in_memory:
            unit_of_work.due = self.due
        await unit_of_work.run([WorkItem(id, rule)], self.desk.on_failed)

    def start(self) -> asyncio.Task[None]:
        meters = self.desk.telemetry.telemetry.meters
        supervisor = Supervisor(self.clock, Health(self.clock), meters)
        return asyncio.create_task(supervisor.keep("timers", self.timers.run))

    async def is_watching(self) -> None:
        await eventually(lambda: self.due._known_until is not None)

    def soon(self, **span: float) -> datetime:
        return self.clock.now() + timedelta(**span)


async def test_a_timer_set_before_the_start_is_found_in_the_store() -> None:
    watch = Watch()
    await watch.set("t", watch.soon(milliseconds=30), in_memory=False)
    running = watch.start()
    await eventually(lambda: watch.bell.fired == ["t"])
    running.cancel()
    assert watch.desk.telemetry.value(names.TIMER_LATENESS) >= 1


async def test_a_timer_set_while_running_fires_in_time() -> None:
    watch = Watch()
    running = watch.start()
    await watch.is_watching()
    due = watch.soon(milliseconds=50)
    await watch.set("t", due)
    await eventually(lambda: watch.bell.fired == ["t"])
    assert timedelta(0) <= watch.clock.now() - due < timedelta(seconds=1)
    running.cancel()


async def test_a_timer_that_was_moved_on_fires_once_and_later() -> None:
    watch = Watch()
    running = watch.start()
    await watch.is_watching()
    due = watch.soon(milliseconds=200)
    await watch.set("t", watch.soon(milliseconds=40))
    await watch.set("far", watch.soon(milliseconds=40))
    await watch.set("t", due)
    await watch.set("far", watch.soon(days=1))
    await watch.set("other", watch.soon(milliseconds=60))
    await eventually(lambda: watch.bell.fired == ["other", "t"])
    assert watch.clock.now() >= due
    running.cancel()


async def test_a_timer_that_is_moved_nearer_fires_then_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desk_platform.kafka.due_moments.MAX_REMEMBERED", 2)
    watch = Watch()
    running = watch.start()
    await watch.is_watching()
    for id in ("t", "far"):
        await watch.set(id, watch.soon(days=1))
    due = watch.soon(milliseconds=40)
    await watch.set("t", due)
    await eventually(lambda: watch.bell.fired == ["t"], timeout=3)
    running.cancel()


async def test_a_timer_set_while_the_store_is_asked_is_not_forgotten() -> None:
    """The store's answer was made before the timer was set and comes after it."""
    watch = Watch()
    find, query_began, go_on = watch.desk.documents.due, asyncio.Event(), asyncio.Event()

    async def slowly(until: datetime, limit: int) -> list[tuple[datetime, str]]:
        timers = await find(until, limit)
        query_began.set()
        await go_on.wait()
        return timers

    watch.desk.documents.due = slowly  # type: ignore[method-assign]
    running = watch.start()
    await query_began.wait()
    await watch.set("t", watch.soon(milliseconds=20))
    go_on.set()
    await eventually(lambda: watch.bell.fired == ["t"], timeout=3)
    running.cancel()


async def test_what_could_not_be_fired_is_found_again() -> None:
    watch = Watch()
    await watch.set("t", watch.soon(milliseconds=10), in_memory=False)
    watch.bell.is_down = True
    running = watch.start()
    warned = watch.soon(milliseconds=150)
    await eventually(lambda: watch.clock.now() > warned)
    assert watch.bell.fired == []
    watch.bell.is_down = False
    await eventually(lambda: watch.bell.fired == ["t"])
    running.cancel()


async def test_a_rule_that_asks_for_the_past_does_not_spin() -> None:
    watch = Watch()
    running = watch.start()
    await watch.is_watching()
    began = watch.clock.now()

    async def again(ids: Iterable[str], on_failed: Report) -> None:  # noqa: ARG001
        watch.bell.fired += ids
        watch.due.remember("t", began - timedelta(days=1))

    watch.timers._on_timer = again
    watch.due.remember("t", began - timedelta(days=1))
    await eventually(lambda: watch.clock.now() - began > timedelta(milliseconds=400))
    running.cancel()
    assert 1 < len(watch.bell.fired) <= 25

"""No loop ends: what fails begins again, and health says why."""

import asyncio
from dataclasses import dataclass, field

import pytest
from desk_contracts.errors import DependencyDown, Transient
from desk_platform.clock import FakeClock
from desk_platform.health import Component, Health, State
from desk_platform.heartbeat import beat
from desk_platform.supervision import Supervisor, loop_component
from desk_platform.telemetry import names
from desk_testing import eventually
from desk_testing.telemetry import record_telemetry

from tests.support.bus_desk import START


@dataclass
class Loop:
    """Goes round, and raises what it is told to."""

    errors: list[Exception | None]
    health: Health
    states: list[tuple[State, bool]] = field(default_factory=list)

    async def run(self) -> None:
        self.states.append((component(self.health).state, self.health.answer_ready().is_ok))
        error = self.errors.pop(0) if self.errors else None
        if isinstance(error, Exception):
            raise error
        beat()
        self.states.append((component(self.health).state, self.health.answer_ready().is_ok))
        await asyncio.Event().wait()


def component(health: Health) -> Component:
    (entry,) = (item for item in health.components() if item.name == "loop x")
    return entry


@pytest.mark.parametrize(
    ("error", "state", "is_ready"),
    [
        (DependencyDown("the store is away"), State.DOWN, False),
        (Transient("the change was interrupted"), State.DOWN, False),
        (ZeroDivisionError("a bug"), State.DEGRADED, True),
        (ExceptionGroup("two", [ZeroDivisionError("a bug")]), State.DEGRADED, True),
        (TimeoutError(), State.DEGRADED, True),
    ],
)
async def test_a_loop_that_fails_begins_again_and_health_says_so(
    error: Exception, state: State, is_ready: bool
) -> None:
    clock = FakeClock(START)
    health, telemetry = Health(clock), record_telemetry()
    loop = Loop([error] * 30, health)
    supervisor = Supervisor(clock, health, telemetry.telemetry.meters)
    running = asyncio.create_task(supervisor.keep("x", loop.run))
    await eventually(lambda: running.done() or len(loop.states) == 32)
    assert not running.done()
    assert loop.states == [(State.READY, True), *[(state, is_ready)] * 30, (State.READY, True)]
    assert telemetry.value(names.LOOP_FAILURES) == 30
    running.cancel()


async def test_a_loop_that_is_not_required_leaves_the_service_ready() -> None:
    clock = FakeClock(START)
    health = Health(clock)
    health.expect(loop_component("x"), required=False)
    loop = Loop([DependencyDown("the brokers are away")], health)
    supervisor = Supervisor(clock, health, record_telemetry().telemetry.meters)
    running = asyncio.create_task(supervisor.keep("x", loop.run))
    await eventually(lambda: len(loop.states) == 3)
    assert loop.states == [(State.READY, True), (State.DOWN, True), (State.READY, True)]
    running.cancel()


async def test_a_loop_that_ends_without_a_reason_begins_again() -> None:
    clock = FakeClock(START)
    health, rounds = Health(clock), 0

    async def ends() -> None:
        nonlocal rounds
        rounds += 1

    supervisor = Supervisor(clock, health, record_telemetry().telemetry.meters)
    running = asyncio.create_task(supervisor.keep("x", ends))
    await eventually(lambda: rounds > 3)
    assert component(health).state is State.DEGRADED
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_kept_loops_run_until_the_end_of_the_with() -> None:
    clock = FakeClock(START)
    health = Health(clock)
    loop = Loop([], health)
    supervisor = Supervisor(clock, health, record_telemetry().telemetry.meters)
    async with supervisor.keep_all({"x": loop.run}):
        await eventually(lambda: loop.states)
        before = asyncio.all_tasks()
    assert len(before - asyncio.all_tasks()) == 1


async def test_a_loop_that_is_not_kept_any_more_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of the supervisor's own: the service goes on, and says that it is not whole."""
    clock = FakeClock(START)
    health = Health(clock)
    supervisor = Supervisor(clock, health, record_telemetry().telemetry.meters)

    async def broken(_name: str, _loop: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(supervisor, "keep", broken)
    async with supervisor.keep_all({"x": Loop([], health).run}):
        await eventually(
            lambda: any(component.name == "loop x" for component in health.components())
        )
    assert "ZeroDivisionError" in " ".join(component.reason for component in health.components())

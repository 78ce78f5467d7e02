"""The process is killed with SIGKILL at the journal's boundaries, and started again."""

import random
import signal
import time

import httpx
import pytest
from desk_contracts import Event
from desk_contracts.events.signals import SignalRaised
from desk_testing import eventually

from tests.support.automation_desk import Automation, Bus, Target, measured
from tests.support.automation_kills import DYING, assert_sound, ends_of, fresh_trouble

pytestmark = [pytest.mark.chaos, pytest.mark.connected, pytest.mark.timeout(150)]

BOUNDARIES = ["call:before", "call:after", *(f"before:{n}" for n in (1, 3, 5, 8, 11, 14, 17))]
ENDED = {"healed", "escalated", "skipped"}
RECOVERY_SECONDS = 15.0


async def phases(automation: Automation, troubles: list[Event[SignalRaised]]) -> dict[str, str]:
    wanted = {trouble.subject for trouble in troubles}
    return {
        str(run["target"]): str(run["phase"])
        for run in await automation.runs(limit="200")
        if run["target"] in wanted
    }


async def all_ended(automation: Automation, bus: Bus, troubles: list[Event[SignalRaised]]) -> bool:
    """Whether each run has come to an end, telemetry going on all the time."""
    await bus.publish(*(measured(trouble.subject, 40.0) for trouble in troubles))
    await bus.read()
    by_trouble = await phases(automation, troubles)
    is_told = all(ends_of(bus, trouble) for trouble in troubles)
    return is_told and len(by_trouble) == len(troubles) and set(by_trouble.values()) <= ENDED


@pytest.mark.parametrize("boundary", BOUNDARIES)
async def test_killed_at_a_boundary_it_goes_on_where_it_was(
    mortal: Automation, bus: Bus, target: Target, boundary: str
) -> None:
    healthy, mortal.module = mortal.module, DYING
    await mortal.start(DIE_AT=boundary)
    troubles = fresh_trouble(target, "laptop")
    await bus.publish(*troubles)
    process = mortal.process
    assert process is not None

    async def is_dead() -> bool:
        await bus.publish(*(measured(trouble.subject, 40.0) for trouble in troubles))
        return process.poll() is not None

    await eventually(is_dead, timeout=40, interval=0.3)
    assert process.returncode == -signal.SIGKILL
    mortal.module = healthy
    mortal.launch()
    try:
        await eventually(lambda: answers(mortal), timeout=60, interval=0.1)
        began = time.monotonic()
        await eventually(lambda: no_run_is_left_at_work(mortal, troubles), timeout=60, interval=0.2)
        recovery = time.monotonic() - began
        await eventually(lambda: all_ended(mortal, bus, troubles), timeout=60, interval=0.3)
    finally:
        mortal.stop()
    assert_sound(bus, target, troubles)
    assert recovery < RECOVERY_SECONDS


async def answers(automation: Automation) -> bool:
    """Counted from here, since how long Python takes to start is the machine's affair."""
    try:
        return (await automation.get("/health/live")).status_code == 200
    except httpx.TransportError:
        return False


async def no_run_is_left_at_work(
    automation: Automation, troubles: list[Event[SignalRaised]]
) -> bool:
    """Every run is past its steps: what the crash interrupted is decided."""
    by_trouble = await phases(automation, troubles)
    return len(by_trouble) == len(troubles) and set(by_trouble.values()) <= {*ENDED, "verifying"}


async def test_a_storm_of_kills_loses_and_doubles_nothing(
    mortal: Automation, bus: Bus, target: Target
) -> None:
    pick = random.Random(7)  # noqa: S311 (the same storm every time)
    target.delay = 0.05
    troubles: list[Event[SignalRaised]] = []
    try:
        for number in range(6):
            await mortal.start()
            some = [t for n in range(5) for t in fresh_trouble(target, f"storm-{number}-{n}")]
            troubles += some
            await bus.publish(*some)
            until = time.monotonic() + pick.uniform(0.1, 2.0)
            await eventually(lambda: time.monotonic() > until, timeout=5)  # noqa: B023
            mortal.kill()
        await mortal.start()
        await eventually(lambda: all_ended(mortal, bus, troubles), timeout=80, interval=1.0)
    finally:
        mortal.stop()
    await bus.read()
    assert_sound(bus, target, troubles)

"""Timers wait for the log after a start, and never while at work."""

import asyncio
from datetime import UTC, datetime

from desk_metrics.reports.worker import BEHIND, is_caught_up, once_caught_up
from desk_platform.clock import FakeClock
from desk_platform.health import Health, Progress
from desk_testing import eventually

START = datetime(2026, 11, 23, tzinfo=UTC)


def progress(clock: FakeClock) -> Progress:
    return Health(clock).consumer("metrics")


def test_nobody_is_caught_up_before_it_has_partitions() -> None:
    made = progress(FakeClock(START))
    made.mark_lag(0)
    assert not is_caught_up(made)
    made.mark_assignment(0)
    made.mark_lag(0)
    assert not is_caught_up(made)


def test_a_lag_that_is_not_known_is_no_small_lag() -> None:
    clock = FakeClock(START)
    made = progress(clock)
    made.mark_assignment(2)
    assert not is_caught_up(made)
    made.mark_lag(BEHIND)
    assert is_caught_up(made)
    made.mark_lag(BEHIND + 1)
    assert not is_caught_up(made)
    made.mark_lag(0)
    clock.advance(made.limits.answer * 2)
    assert not is_caught_up(made)


def test_whoever_pauses_for_a_dependency_is_behind() -> None:
    made = progress(FakeClock(START))
    made.mark_assignment(2)
    made.mark_lag(0)
    made.pause("the store is away")
    assert not is_caught_up(made)


async def test_the_gate_opens_when_the_log_is_read_and_then_stays_open() -> None:
    clock = FakeClock(START)
    made = progress(clock)
    made.mark_assignment(2)
    opening = asyncio.ensure_future(once_caught_up(made, clock)())
    await eventually(lambda: clock.now() > START)
    assert not opening.done()
    made.mark_lag(0)
    await opening
    opened = clock.now()
    await once_caught_up(made, clock)()
    assert clock.now() == opened

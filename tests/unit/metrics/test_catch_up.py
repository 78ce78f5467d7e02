"""Timers wait for the log after a start, and never while at work."""

from datetime import UTC, datetime

from desk_metrics.reports.worker import BEHIND, FIRST_LOOK, is_caught_up, once_caught_up
from desk_platform.clock import FakeClock
from desk_platform.health import Progress

START = datetime(2026, 11, 23, tzinfo=UTC)


def progress(clock: FakeClock, *, partitions: int = 2, lag: int = 0) -> Progress:
    made = Progress("metrics", clock, clock.now(), clock.now())
    made.mark_assignment(partitions)
    made.mark_lag(lag)
    return made


def test_nobody_is_caught_up_before_it_has_partitions() -> None:
    clock = FakeClock(START)
    made = Progress("metrics", clock, clock.now(), clock.now())
    clock.advance(FIRST_LOOK)
    assert not is_caught_up(made, clock)
    made.mark_assignment(0)
    clock.advance(FIRST_LOOK)
    assert not is_caught_up(made, clock)


def test_a_lag_that_is_not_known_yet_is_no_small_lag() -> None:
    clock = FakeClock(START)
    made = progress(clock)
    assert not is_caught_up(made, clock)
    clock.advance(FIRST_LOOK)
    assert is_caught_up(made, clock)
    made.mark_lag(BEHIND + 1)
    assert not is_caught_up(made, clock)


def test_whoever_pauses_for_a_dependency_is_behind() -> None:
    clock = FakeClock(START)
    made = progress(clock)
    clock.advance(FIRST_LOOK)
    made.pause("the store is away")
    assert not is_caught_up(made, clock)


async def test_the_gate_opens_when_the_log_is_read_and_then_stays_open() -> None:
    clock = FakeClock(START)
    made = progress(clock)
    await once_caught_up(made, clock)()
    assert clock.now() - START >= FIRST_LOOK
    opened = clock.now()
    await once_caught_up(made, clock)()
    assert clock.now() == opened

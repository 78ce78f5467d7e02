"""A store that takes long to answer is asked seldomer."""

from datetime import UTC, datetime, timedelta

import pytest
from desk_platform.clock import FakeClock
from desk_platform.kafka.adaptive_pause import PARTS, QueryThrottle

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DEFAULT_PAUSE = timedelta(seconds=5)


@pytest.mark.parametrize(
    ("took", "pause"), [(0.0, 5.0), (0.25, 5.0), (0.5, 0.5 * PARTS), (3.0, 3.0 * PARTS)]
)
def test_the_pause_grows_with_what_the_last_answer_took(took: float, pause: float) -> None:
    clock = FakeClock(NOON)
    throttle = QueryThrottle(clock)
    with throttle.measure():
        clock.advance(timedelta(seconds=took))
    assert throttle.pause(DEFAULT_PAUSE) == timedelta(seconds=pause)


def test_a_quick_answer_makes_the_pause_short_again() -> None:
    clock = FakeClock(NOON)
    throttle = QueryThrottle(clock)
    for seconds in (9, 0):
        with throttle.measure():
            clock.advance(timedelta(seconds=seconds))
    assert throttle.pause(DEFAULT_PAUSE) == DEFAULT_PAUSE


def test_an_answer_that_fails_counts_too() -> None:
    clock = FakeClock(NOON)
    throttle = QueryThrottle(clock)

    def fail() -> None:
        clock.advance(timedelta(seconds=2))
        raise TimeoutError

    with pytest.raises(TimeoutError), throttle.measure():
        fail()
    assert throttle.pause(DEFAULT_PAUSE) == timedelta(seconds=2 * PARTS)

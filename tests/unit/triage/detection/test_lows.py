"""What a trend is compared with: the worst of the same hours of the day before."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from desk_triage.detection.lows import find_change_of_a_day, find_past, learn_worst

START, HOUR = datetime(2026, 3, 2, tzinfo=UTC).timestamp(), 3_600.0
Readings = Callable[[int], float]


def give_back_at_night(hour: int) -> float:
    return 100.0 - hour % 24


def leak(hour: int) -> float:
    return 1_000.0 - hour


def learn(read: Readings, hours: int, *, is_low_worse: bool = True) -> tuple[float, ...]:
    numbers: tuple[float, ...] = ()
    for hour in range(hours):
        numbers = learn_worst(numbers, START + hour * HOUR, read(hour), is_low_worse=is_low_worse)
    return numbers


@pytest.mark.parametrize(("read", "change"), [(give_back_at_night, 0.0), (leak, -24.0)])
def test_a_leak_moves_the_worst_and_space_that_is_given_back_does_not(
    read: Readings, change: float
) -> None:
    ends_of_slots = range(32, 24 * 40, 4)
    assert {find_change_of_a_day(learn(read, hours)) for hours in ends_of_slots} == {change}


def test_before_the_same_hours_of_a_day_ago_are_known_no_change_is() -> None:
    assert find_change_of_a_day(learn(leak, 28)) is None
    assert find_change_of_a_day(learn(leak, 29)) is not None


def test_the_past_is_known_after_a_day_and_ends_eight_hours_ago() -> None:
    assert find_past(learn(leak, 28)) is None
    assert find_past(learn(leak, 32)) == (leak(23), leak(3))
    assert find_past(learn(lambda hour: -leak(hour), 32, is_low_worse=False)) == (
        -leak(3), -leak(23),
    )  # fmt: skip


def test_what_is_not_the_worst_of_its_four_hours_changes_nothing() -> None:
    numbers = learn(give_back_at_night, 10)
    assert learn_worst(numbers, START + 9 * HOUR, 91.0, is_low_worse=True) is numbers
    assert learn_worst(numbers, START + 9 * HOUR, 90.9, is_low_worse=True) != numbers
    later = learn_worst(numbers, START + 12 * HOUR, 99.0, is_low_worse=True)
    assert later[-2:] == (91.0, 99.0)


def test_a_sample_that_comes_late_counts_in_its_own_hours() -> None:
    numbers = learn(give_back_at_night, 48)
    late = learn_worst(numbers, START + 30 * HOUR, 1.0, is_low_worse=True)
    assert find_past(late) == (1.0, 97.0)
    assert learn_worst(numbers, START - 24 * 30 * HOUR, 1.0, is_low_worse=True) == numbers

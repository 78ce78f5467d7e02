"""Pauses double up to the longest, whatever number of failures there was."""

from datetime import timedelta

from desk_kernel import Backoff

PAUSES = Backoff(timedelta(seconds=5), timedelta(minutes=15))


def test_each_pause_is_twice_the_one_before_up_to_the_longest() -> None:
    pauses = [PAUSES.after(failures) / timedelta(seconds=1) for failures in range(1, 11)]
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_no_number_of_failures_is_too_large_or_too_small() -> None:
    assert PAUSES.after(10**9) == timedelta(minutes=15)
    assert PAUSES.after(0) == timedelta(seconds=5)

"""The hourly limit of a runbook: exact for the newest starts, never too lax for any number."""

from datetime import UTC, datetime, timedelta

from desk_automation.safety.model import Bounds
from desk_automation.safety.statistics import (
    HOUR,
    MAX_STARTS,
    RunbookStatistics,
    admit,
    count_last_hour,
    find_refusal,
)
from hypothesis import given
from hypothesis import strategies as st

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def bounds(per_hour: int) -> Bounds:
    return Bounds(
        cooldown=timedelta(0),
        per_day=99,
        per_hour=per_hour,
        overflow="escalate",
        failures=2,
        reopen_after=timedelta(minutes=30),
    )


@given(
    st.lists(st.integers(0, 90), min_size=1, max_size=120),
    st.sampled_from([1, 7, MAX_STARTS, MAX_STARTS + 40, 3 * MAX_STARTS]),
)
def test_no_hour_ever_has_more_starts_than_the_limit(pauses: list[int], per_hour: int) -> None:
    """Ten runs ask each time. What the limit lets through is counted by the whole history."""
    counts, now, let_in, limit = RunbookStatistics(), START, list[datetime](), bounds(per_hour)
    for number, pause in enumerate(pauses):
        now += timedelta(seconds=pause)
        for place in range(10):
            run = f"{number}-{place}"
            refusal = find_refusal(counts, run, limit, now)
            after = admit(counts, run, limit, now)
            assert (after is None) == (refusal is not None)
            within = sum(at > now - HOUR for at in let_in)
            assert within <= count_last_hour(counts, now)
            if after is None:
                assert refusal is not None
                assert refusal.until is not None
                assert now < refusal.until <= now + HOUR
                assert find_refusal(counts, run, limit, refusal.until) is None
                continue
            counts = after
            let_in.append(now)
            assert within < per_hour
            assert admit(counts, run, limit, now) is None
    assert len(counts.starts) <= MAX_STARTS


def test_many_starts_take_no_more_room_than_an_hour_has_minutes() -> None:
    counts, now, limit = RunbookStatistics(), START, bounds(1_000_000)
    for number in range(20_000):
        now = START + number * timedelta(milliseconds=100)
        counts = admit(counts, str(number), limit, now) or counts
    assert count_last_hour(counts, now) == 20_000
    assert len(counts.earlier) <= 60
    assert len(counts.starts) == MAX_STARTS
    assert count_last_hour(counts, now + HOUR) == 0


def test_what_is_older_than_an_hour_counts_no_more() -> None:
    limit = bounds(MAX_STARTS + 1)
    counts = RunbookStatistics()
    for number in range(MAX_STARTS + 1):
        counts = admit(counts, str(number), limit, START + timedelta(seconds=number)) or counts
    full = START + timedelta(seconds=MAX_STARTS)
    refusal = find_refusal(counts, "next", limit, full)
    assert refusal is not None
    assert refusal.until == START + HOUR
    assert admit(counts, "next", limit, START + HOUR) is not None

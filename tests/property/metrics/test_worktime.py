"""Working time by intervals agrees with walking a wall clock, wherever a block of days ends."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from desk_charter.dated_calendars import DatedCalendar
from desk_metrics.sla.worktime import WorkingTime
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.metrics_histories import BEGINNINGS, CALENDARS
from tests.support.metrics_walls import Walls

STEP = timedelta(minutes=15)
# Blocks of 366 days since 1970 meet here; so do night shifts and weekends.
BLOCKS_MEET = tuple(datetime(1970, 1, 1, tzinfo=UTC) + n * timedelta(days=366) for n in (0, 56, 57))
HOURS = {calendar.name: (WorkingTime(calendar), Walls(calendar)) for calendar in CALENDARS}

calendars = st.sampled_from(CALENDARS)
starts = st.builds(
    lambda base, steps: base.replace(minute=0) + steps * STEP,
    st.sampled_from((*BEGINNINGS, *BLOCKS_MEET)),
    st.integers(-200, 200),
)


@settings(max_examples=150, deadline=None)
@given(calendars, starts, st.integers(0, 400))
def test_time_worked_is_what_a_wall_clock_shows(
    calendar: DatedCalendar, start: datetime, steps: int
) -> None:
    hours, walls = HOURS[calendar.name]
    walked = sum(walls.is_open(start + step * STEP) for step in range(steps))
    assert hours.time_worked(start, start + steps * STEP) == walked * STEP


@settings(max_examples=150, deadline=None)
@given(calendars, starts, st.integers(1, 200_000))
def test_a_deadline_is_the_earliest_instant_with_the_goal_worked(
    calendar: DatedCalendar, start: datetime, seconds: int
) -> None:
    hours, goal = HOURS[calendar.name][0], timedelta(seconds=seconds)
    due = hours.deadline(start, goal)
    assert due is not None
    assert hours.time_worked(start, due) == goal
    assert hours.time_worked(start, due - timedelta(microseconds=1)) < goal


pauses = st.lists(
    st.tuples(st.integers(0, 600), st.integers(0, 200)).map(
        lambda pair: (pair[0] * STEP, (pair[0] + pair[1]) * STEP)
    ),
    max_size=5,
)


@settings(max_examples=150, deadline=None)
@given(calendars, starts, st.integers(1, 100), pauses)
def test_pauses_in_any_order_and_overlap_are_cut_out_once(
    calendar: DatedCalendar, start: datetime, steps: int, gaps: list[tuple[timedelta, timedelta]]
) -> None:
    hours, walls = HOURS[calendar.name]
    spans = [(start + begin, start + end) for begin, end in gaps]
    due = hours.deadline(start, steps * STEP, spans)
    walked, now = 0, start
    while walked < steps:
        is_paused = any(begin <= now < end for begin, end in spans)
        walked += walls.is_open(now) and not is_paused
        now += STEP
    assert due == now


@settings(max_examples=100, deadline=None)
@given(calendars, starts, st.integers(0, 400), st.integers(0, 400))
def test_time_worked_adds_up(
    calendar: DatedCalendar, start: datetime, first: int, second: int
) -> None:
    hours = HOURS[calendar.name][0]
    middle, end = start + first * STEP, start + (first + second) * STEP
    assert hours.time_worked(start, middle) + hours.time_worked(middle, end) == hours.time_worked(
        start, end
    )
    spans = list(hours.open_spans(start, end))
    assert sum((s.end - s.start for s in spans), timedelta(0)) == hours.time_worked(start, end)
    assert all(before.end < after.start for before, after in pairwise(spans))

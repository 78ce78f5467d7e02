"""Working time on calendars: the golden cases that need no ticket (G1 to G25, G28, G30 to G32)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from desk_charter.calendars import Closure, SpecialDay, Week, Window, YearlyClosure
from desk_charter.dated_calendars import ROUND_THE_CLOCK, ClosedBy, DatedCalendar, is_closed_on
from desk_contracts.errors import Invalid
from desk_metrics.sla.holidays import holidays_of, public_holidays
from desk_metrics.sla.worktime import WorkingTime, micros, union
from pydantic import ValidationError

from tests.support.metrics_worktime import BERLIN, CALENDAR_A, OFFICE, at, changed, due, weekdays

NEW_YORK = ZoneInfo("America/New_York")


ALWAYS = DatedCalendar(name="always", title="always", zone="Europe/Berlin", week=ROUND_THE_CLOCK)
SPLIT = DatedCalendar(
    name="split",
    title="split",
    zone="Europe/Berlin",
    week=weekdays(Window(opens="08:00", closes="12:00"), Window(opens="13:30", closes="18:00")),
)
A = WorkingTime(CALENDAR_A)


def test_g01_the_weekend_is_skipped() -> None:
    assert due(A, "2026-11-20 16:30", 60) == at("2026-11-23 09:30")


def test_g02_created_on_a_closed_day_starts_at_the_next_opening() -> None:
    assert due(A, "2026-11-21 12:00", 60) == at("2026-11-23 10:00")


def test_g03_created_before_opening_starts_at_opening() -> None:
    assert due(A, "2026-11-23 07:00", 120) == at("2026-11-23 11:00")


def test_g04_a_goal_that_ends_at_closing_is_due_at_closing() -> None:
    assert due(A, "2026-11-23 09:00", 480) == at("2026-11-23 17:00")


def test_g05_the_closing_instant_is_closed() -> None:
    assert due(A, "2026-11-23 17:00", 1) == at("2026-11-24 09:01")


def test_g06_a_goal_below_an_hour_runs_across_closing() -> None:
    assert due(A, "2026-11-23 16:30", 45) == at("2026-11-24 09:15")


def test_g07_created_at_lunch_starts_after_lunch() -> None:
    assert due(WorkingTime(SPLIT), "2026-11-24 12:30", 60) == at("2026-11-24 14:30")


def test_g08_lunch_is_skipped() -> None:
    assert due(WorkingTime(SPLIT), "2026-11-24 11:30", 60) == at("2026-11-24 14:00")


def test_g09_a_holiday_and_the_weekend_are_skipped() -> None:
    hours = changed(holiday_dates={date(2026, 12, 25): "Christmas Day"})
    assert due(hours, "2026-12-24 16:00", 120) == at("2026-12-28 10:00")


@pytest.mark.parametrize(
    "closed",
    [
        {"closures": (Closure(name="end", first=date(2026, 12, 24), last=date(2027, 1, 2)),)},
        {"yearly_closures": (YearlyClosure(name="end", first="12-24", last="01-02"),)},
    ],
    ids=["once", "yearly"],
)
def test_g10_a_closure_runs_across_new_year(closed: dict[str, object]) -> None:
    assert due(changed(**closed), "2026-12-23 16:00", 120) == at("2027-01-04 10:00")


def test_g11_round_the_clock_has_no_hole_at_midnight() -> None:
    assert due(WorkingTime(ALWAYS), "2026-11-23 23:00", 120) == at("2026-11-24 01:00")


def test_g12_the_hour_skipped_in_spring_is_not_worked() -> None:
    moment = due(WorkingTime(ALWAYS), "2026-03-29 01:30", 60)
    assert moment.isoformat() == "2026-03-29T03:30:00+02:00"


def test_g13_the_hour_repeated_in_autumn_is_worked_twice() -> None:
    moment = due(WorkingTime(ALWAYS), "2026-10-25 01:30", 120)
    assert moment.isoformat() == "2026-10-25T02:30:00+01:00"


@pytest.mark.parametrize(
    ("day", "minutes"), [(date(2026, 3, 29), 1380), (date(2026, 10, 25), 1500)]
)
def test_g14_days_of_the_clock_change_have_23_and_25_hours(day: date, minutes: int) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=BERLIN)
    end = start + timedelta(days=1)  # wall time: the next local midnight
    assert WorkingTime(ALWAYS).time_worked(start, end) == timedelta(minutes=minutes)


def test_g15_a_window_over_the_repeated_hour_is_longer() -> None:
    sundays = Week(sun=(Window(opens="01:00", closes="04:00"),))
    moment = due(changed(week=sundays), "2026-10-25 00:00", 200)
    assert moment.isoformat() == "2026-10-25T03:20:00+01:00"


def test_g16_an_opening_time_that_does_not_exist_moves_forward() -> None:
    sundays = Week(sun=(Window(opens="02:30", closes="10:00"),))
    moment = due(changed(week=sundays), "2026-03-29 00:00", 60)
    assert moment.isoformat() == "2026-03-29T04:30:00+02:00"


def test_g17_days_are_walked_by_date_and_none_is_skipped_or_doubled() -> None:
    nights = Week(**{day: (Window(opens="23:00", closes="24:00"),) for day in WEEK})
    spring = changed(week=nights).open_spans(at("2026-03-28 00:00"), at("2026-03-31 00:00"))
    assert [span.start.astimezone(BERLIN).day for span in spring] == [28, 29, 30]
    autumn = changed(week=nights).open_spans(at("2026-10-24 00:00"), at("2026-10-27 00:00"))
    assert [span.start.astimezone(BERLIN).day for span in autumn] == [24, 25, 26]


WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def test_g18_a_weekend_with_a_clock_change_keeps_wall_times() -> None:
    assert due(A, "2026-10-23 16:30", 60).isoformat() == "2026-10-26T09:30:00+01:00"


def test_g19_the_zone_belongs_to_the_calendar() -> None:
    hours = changed(zone="America/New_York")
    assert due(hours, "2026-11-23 09:00", 60) == datetime(2026, 11, 23, 15, tzinfo=UTC)


def test_g20_american_clocks_change_a_week_later() -> None:
    hours = changed(zone="America/New_York")
    moment = hours.deadline(at("2026-10-30 16:30", NEW_YORK), timedelta(minutes=60))
    assert moment is not None
    assert moment.astimezone(NEW_YORK).isoformat() == "2026-11-02T09:30:00-05:00"


def test_g21_night_shifts_run_over_midnight() -> None:
    hours = changed(week=weekdays(Window(opens="22:00", closes="06:00")))
    assert due(hours, "2026-11-23 23:30", 120) == at("2026-11-24 01:30")


def test_g22_only_open_time_counts_as_pause() -> None:
    pause = ("2026-11-20 16:00", "2026-11-23 10:00")
    assert due(A, "2026-11-20 15:00", 240, pause) == at("2026-11-23 13:00")
    assert A.time_worked(at(pause[0]), at(pause[1])) == timedelta(minutes=120)


def test_g23_a_pause_outside_hours_costs_nothing() -> None:
    pause = ("2026-11-23 18:00", "2026-11-24 08:00")
    assert due(A, "2026-11-23 09:00", 600, pause) == at("2026-11-24 11:00")
    assert A.time_worked(at(pause[0]), at(pause[1])) == timedelta(0)


def test_g24_overlapping_pauses_are_joined_not_added() -> None:
    pauses = [("2026-11-23 10:30", "2026-11-23 12:00"), ("2026-11-23 10:00", "2026-11-23 11:00")]
    assert due(A, "2026-11-23 09:00", 240, *pauses) == at("2026-11-23 15:00")


def test_g25_pauses_count_to_the_second() -> None:
    pause = ("2026-11-23 10:00:05", "2026-11-23 10:00:50")
    assert due(A, "2026-11-23 09:00", 120, pause) == at("2026-11-23 11:00:45")


def test_g28_thresholds_are_working_time() -> None:
    assert due(A, "2026-11-23 15:00", 480 * 0.75) == at("2026-11-24 13:00")


@pytest.mark.parametrize(
    "hours",
    [
        changed(week=Week()),
        changed(closures=(Closure(name="gone", first=date(2026, 1, 1), last=date(2999, 1, 1)),)),
    ],
    ids=["no window", "closed for ever"],
)
def test_g30_without_an_open_hour_there_is_no_deadline(hours: WorkingTime) -> None:
    assert hours.deadline(at("2026-11-23 09:00"), timedelta(minutes=1)) is None


def test_g31_time_taken_is_working_time() -> None:
    hours = changed(week=weekdays(Window(opens="08:00", closes="18:00")))
    took = hours.time_worked(at("2013-03-21 09:30"), at("2013-03-21 14:00"))
    assert took == timedelta(minutes=270)
    assert timedelta(minutes=60) - took == timedelta(minutes=-210)


def test_g32_four_hours_from_16_to_18_end_next_morning() -> None:
    hours = changed(week=weekdays(Window(opens="08:00", closes="18:00")))
    assert due(hours, "2026-11-23 16:00", 240) == at("2026-11-24 10:00")


def test_a_pause_without_end_leaves_no_deadline_unless_it_comes_too_late() -> None:
    start, goal = at("2026-11-23 09:00"), timedelta(hours=2)
    assert A.deadline(start, goal, [(at("2026-11-23 10:00"), None)]) is None
    assert A.deadline(start, goal, [(at("2026-11-23 12:00"), None)]) == at("2026-11-23 11:00")


def test_a_pause_before_the_start_moves_nothing() -> None:
    pause = ("2026-11-20 09:00", "2026-11-23 09:00")
    assert due(A, "2026-11-23 09:00", 60, pause) == at("2026-11-23 10:00")


def test_a_calendar_that_never_opens_has_no_spans() -> None:
    hours = changed(week=Week())
    assert list(hours.open_spans(at("2026-01-01 00:00"), at("2028-01-01 00:00"))) == []


def test_no_goal_is_due_at_once() -> None:
    assert A.deadline(at("2026-11-21 12:00"), timedelta(0)) == at("2026-11-21 12:00")


def test_nothing_is_worked_backwards() -> None:
    assert A.time_worked(at("2026-11-24 12:00"), at("2026-11-23 12:00")) == timedelta(0)


def test_a_shift_belongs_to_the_day_on_which_it_opens() -> None:
    nights = weekdays(Window(opens="22:00", closes="06:00"))
    hours = changed(week=nights, holiday_dates={date(2026, 12, 24): "Christmas Eve"})
    spans = list(hours.open_spans(at("2026-12-23 12:00"), at("2026-12-26 12:00")))
    starts = [span.start.astimezone(BERLIN).isoformat(" ", "minutes") for span in spans]
    assert starts == ["2026-12-23 22:00+01:00", "2026-12-25 22:00+01:00"]
    assert all(span.end - span.start == timedelta(hours=8) for span in spans)


def test_a_special_day_overrules_week_holiday_and_closure() -> None:
    eve = SpecialDay(name="Christmas Eve", day=date(2026, 12, 24), hours=OFFICE)
    hours = changed(
        special_days=(eve,),
        holiday_dates={date(2026, 12, 24): "Christmas Eve", date(2026, 12, 25): "Christmas Day"},
        closures=(Closure(name="year's end", first=date(2026, 12, 24), last=date(2026, 12, 31)),),
    )
    worked = hours.time_worked(at("2026-12-24 00:00"), at("2027-01-01 00:00"))
    assert worked == timedelta(hours=8)
    assert hours.calendar.explain_closed(date(2026, 12, 24)) == (ClosedBy.HOURS, "Christmas Eve")


def test_overlapping_windows_count_once() -> None:
    hours = changed(week=weekdays(*OFFICE, Window(opens="12:00", closes="18:00")))
    assert hours.time_worked(at("2026-11-23 00:00"), at("2026-11-24 00:00")) == timedelta(hours=9)


def test_round_the_clock_is_one_span_over_the_years() -> None:
    spans = list(WorkingTime(ALWAYS).open_spans(at("2020-01-01 00:00"), at("2030-01-01 00:00")))
    assert [(span.start, span.end) for span in spans] == [
        (at("2020-01-01 00:00"), at("2030-01-01 00:00"))
    ]


def test_work_over_many_years_is_the_sum_of_its_parts() -> None:
    start, end = at("2019-05-05 10:00"), at("2031-07-07 11:11:11")
    spans = A.open_spans(start, end)
    assert A.time_worked(start, end) == sum((s.end - s.start for s in spans), timedelta(0))


def test_a_long_life_does_not_grow_the_cache() -> None:
    hours = changed()
    hours.time_worked(datetime(1950, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC))
    assert len(hours._blocks) <= 64


def test_the_ends_of_time_do_no_harm() -> None:
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
    assert A.time_worked(first, first + timedelta(days=8)) >= timedelta(hours=32)
    assert A.time_worked(last - timedelta(days=8), last) >= timedelta(hours=32)
    assert A.deadline(last, timedelta(hours=8)) is None


def test_closed_time_says_why() -> None:
    hours = changed(
        holiday_dates={date(2026, 12, 25): "Christmas Day"},
        closures=(Closure(name="stocktaking", first=date(2026, 12, 28), last=date(2026, 12, 28)),),
    )
    closed = hours.list_closed(micros(at("2026-12-24 16:00")), micros(at("2026-12-29 10:00")))
    assert [(span.reason, span.name, (span.end - span.start) / 3.6e9) for span in closed] == [
        (ClosedBy.HOURS, "office", 7),
        (ClosedBy.HOLIDAY, "Christmas Day", 24),
        (ClosedBy.HOURS, "office", 48),
        (ClosedBy.CLOSURE, "stocktaking", 24),
        (ClosedBy.HOURS, "office", 9),
    ]


def test_a_yearly_closure_on_leap_day_falls_on_the_first_of_march() -> None:
    closure = YearlyClosure(name="leap", first="02-29", last="02-29")
    assert is_closed_on(closure, date(2026, 3, 1))
    assert not is_closed_on(closure, date(2026, 2, 28))
    assert is_closed_on(closure, date(2028, 2, 29))


@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        ("9:00", "17:00"),
        ("09:00", "24:01"),
        ("09:60", "17:00"),
        ("09:00", "09:00"),
        ("24:00", "06:00"),
    ],
)
def test_a_window_that_cannot_be_read_is_refused(opens: str, closes: str) -> None:
    with pytest.raises(ValidationError, match=r"write|whole day"):
        Window(opens=opens, closes=closes)


def test_an_unknown_zone_is_refused_in_words() -> None:
    with pytest.raises(ValidationError, match="is not a time zone"):
        DatedCalendar(name="x", title="x", zone="Europe/Atlantis", week=Week())


def test_a_closure_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValidationError, match="before it starts"):
        Closure(name="x", first=date(2026, 2, 1), last=date(2026, 1, 1))
    with pytest.raises(ValidationError, match="the whole year"):
        YearlyClosure(name="x", first="01-01", last="12-31")


def test_public_holidays_come_with_names() -> None:
    berlin = public_holidays("DE", "BE")
    assert berlin[date(2026, 12, 25)] == "Christmas Day"
    assert date(2026, 3, 8) in berlin  # International Women's Day is Berlin's own
    assert date(2026, 3, 8) not in public_holidays("DE")
    assert next(iter(holidays_of("US", None, [2026]))) == date(2026, 1, 1)


def test_an_unknown_region_is_refused_in_words() -> None:
    with pytest.raises(Invalid, match="ISO 3166"):
        public_holidays("XX")


def test_stretches_are_joined_dropped_and_left_open() -> None:
    assert union([(5, 5), (8, None), (1, 3), (3, 4), (9, 12)]) == [(1, 4), (8, None)]


def test_working_times_are_equal_when_their_calendars_are() -> None:
    assert changed() == A
    assert changed(zone="UTC") != A
    assert A != CALENDAR_A


def test_years_without_an_open_hour_have_no_working_time() -> None:
    closed = DatedCalendar(name="none", title="none", zone="UTC", week=Week())
    years = [micros(datetime(year, 1, 1, tzinfo=UTC)) for year in (2020, 2040)]
    assert WorkingTime(closed).time_worked_us(*years) == 0

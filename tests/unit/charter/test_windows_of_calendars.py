"""Windows that follow a calendar: over midnight, on holidays, and when clocks are changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from desk_charter.calendars import Calendar
from desk_charter.dated_calendars import HORIZON, DatedCalendar
from desk_charter.public_holidays import date_calendar
from desk_charter.windows import ScheduledWindow

NIGHTS = {day: ["22:00-06:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
OFFICE = {day: ["08:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}


def calendar(week: object, zone: str = "Europe/Berlin", **more: Any) -> DatedCalendar:
    made = Calendar.model_validate(
        {"name": "c", "title": "Calendar", "zone": zone, "week": week} | more
    )
    return date_calendar(made, 2026)


def end_of(field: str, calendar: DatedCalendar, at: str, **more: object) -> str:
    """When the window is over that is open at that moment, in the calendar's zone."""
    plain = {"name": "w", "kind": "freeze", "owner_team": "t", "why": "For this test.", field: "c"}
    window = ScheduledWindow.model_validate(plain | more)
    end = window.find_end(datetime.fromisoformat(at), calendar)
    return "" if end is None else end.astimezone(calendar.tz).isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("at", "end"),
    [
        ("2026-03-02T21:59:59+01:00", ""),
        ("2026-03-02T22:00:00+01:00", "2026-03-03T06:00+01:00"),
        ("2026-03-03T00:00:00+01:00", "2026-03-03T06:00+01:00"),
        ("2026-03-03T05:59:59+01:00", "2026-03-03T06:00+01:00"),
        ("2026-03-03T06:00:00+01:00", ""),
        # The night of the change in spring has seven hours, that in autumn nine.
        ("2026-03-28T22:00:00+01:00", "2026-03-29T06:00+02:00"),
        ("2026-03-29T03:00:00+02:00", "2026-03-29T06:00+02:00"),
        ("2026-10-24T22:00:00+02:00", "2026-10-25T06:00+01:00"),
        ("2026-10-25T02:30:00+02:00", "2026-10-25T06:00+01:00"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T06:00+01:00"),
    ],
)
def test_a_night_shift_ends_on_the_next_day_also_when_clocks_are_changed(at: str, end: str) -> None:
    assert end_of("during", calendar(NIGHTS), at) == end


@pytest.mark.parametrize(
    ("hours", "at", "end"),
    [
        # 02:30 is skipped in spring, so it is 03:30.
        ("01:00-02:30", "2026-03-29T01:30:00+01:00", "2026-03-29T03:30+02:00"),
        ("01:00-02:30", "2026-03-29T03:29:00+02:00", "2026-03-29T03:30+02:00"),
        ("01:00-02:30", "2026-03-29T03:30:00+02:00", ""),
        # In autumn it comes twice and means the first time.
        ("01:00-02:30", "2026-10-25T02:29:00+02:00", "2026-10-25T02:30+02:00"),
        ("01:00-02:30", "2026-10-25T02:30:00+02:00", ""),
        ("01:00-02:30", "2026-10-25T02:10:00+01:00", ""),
        ("02:30-04:00", "2026-10-25T02:10:00+01:00", "2026-10-25T04:00+01:00"),
    ],
)
def test_an_hour_that_is_skipped_or_comes_twice(hours: str, at: str, end: str) -> None:
    assert end_of("during", calendar({"sun": [hours]}), at) == end


@pytest.mark.parametrize(
    ("at", "end"),
    [
        ("2026-03-06T16:59:00+01:00", ""),
        ("2026-03-06T17:00:00+01:00", "2026-03-09T08:00+01:00"),
        # Over the week-end on which clocks go forward, and over a holiday that follows it.
        ("2026-03-27T17:00:00+01:00", "2026-03-30T08:00+02:00"),
        ("2026-04-02T17:00:00+02:00", "2026-04-07T08:00+02:00"),
        # The closure runs over New Year, which is a holiday, to the Monday after it.
        ("2026-12-23T17:00:00+01:00", "2027-01-04T08:00+01:00"),
        ("2026-12-30T11:00:00+01:00", "2027-01-04T08:00+01:00"),
        # A Saturday that is worked parts the week-end.
        ("2026-05-08T18:00:00+02:00", "2026-05-09T09:00+02:00"),
        ("2026-05-09T10:00:00+02:00", ""),
    ],
)
def test_outside_is_nights_week_ends_holidays_and_closures(at: str, end: str) -> None:
    office = calendar(
        OFFICE,
        holidays={"country": "DE", "subdivision": "BE"},
        yearly_closures=[{"from": "12-24", "to": "01-02", "name": "Company holidays"}],
        special_days=[{"date": "2026-05-09", "hours": ["09:00-12:00"], "name": "Stocktaking"}],
    )
    assert end_of("outside", office, at) == end


def test_holidays_alone_are_outside_of_a_calendar_that_is_open_on_all_other_days() -> None:
    days = calendar("always", holidays={"country": "DE", "subdivision": "BE"})
    assert end_of("outside", days, "2026-12-24T23:59:00+01:00") == ""
    assert end_of("outside", days, "2026-12-25T00:00:00+01:00") == "2026-12-27T00:00+01:00"


def test_the_window_is_open_between_its_dates_only() -> None:
    between = {"starts": "2026-03-02T23:00:00+01:00", "ends": "2026-03-03T02:00:00+01:00"}
    for at, end in (
        ("2026-03-02T22:30:00+01:00", ""),
        ("2026-03-02T23:00:00+01:00", "2026-03-03T02:00+01:00"),
        ("2026-03-03T02:00:00+01:00", ""),
    ):
        assert end_of("during", calendar(NIGHTS), at, **between) == end


def test_what_lasts_for_years_is_asked_again_within_the_horizon() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    ever = calendar("always", closures=[{"from": "2020-01-01", "to": "2020-01-02", "name": "Once"}])
    assert ever.find_change(at) == (True, at + HORIZON)
    shut = calendar(OFFICE, closures=[{"from": "2026-01-01", "to": "2036-01-01", "name": "Shut"}])
    assert shut.find_change(at) == (False, at + HORIZON)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_every_minute_of_two_years_is_open_or_closed_as_its_openings_say(zone: str) -> None:
    """Compared with the windows of each day, whatever the clocks do."""
    night = calendar({"mon": ["22:00-02:30"], "sun": ["01:15-02:00", "02:00-03:10"]}, zone)
    window = ScheduledWindow(
        name="w", kind="freeze", owner_team="t", why="For this test.", during="c"
    )
    first, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    openings = list(window.find_openings(first, last, night))
    expected, day = [], first.date() - timedelta(days=3)
    while day <= last.date():
        for hours in night.windows_on(day):
            expected.append((night.at_wall(day, hours.start), night.at_wall(day, hours.end)))
        day += timedelta(days=1)
    merged: list[tuple[datetime, datetime]] = []
    for opens, closes in sorted(expected):
        if opens >= closes or closes <= first or opens >= last:
            continue
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((max(opens, first), min(closes, last)))
    assert openings == merged
    assert len(openings) > 200

"""One date with its own hours, and closures that come every year."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from desk_charter.calendars import Closure, SpecialDay, Window, YearlyClosure
from desk_charter.dated_calendars import ClosedBy, DatedCalendar, is_closed_on
from desk_metrics.sla.worktime import WorkingTime

from tests.support.metrics_worktime import OFFICE, at, changed, due, weekdays


def test_a_day_that_is_short_before_a_closure_over_new_year() -> None:
    """Opened half an hour before noon on Christmas Eve, due on the first Monday of January."""
    day = (Window(opens="08:00", closes="18:00"),)
    winter = WorkingTime(
        DatedCalendar(
            name="winter",
            title="winter",
            zone="Europe/Berlin",
            week=weekdays(*day),
            yearly_closures=(YearlyClosure(name="w", first="12-24", last="01-03"),),
            special_days=(
                SpecialDay(
                    name="Christmas Eve",
                    day=date(2026, 12, 24),
                    hours=(Window(opens="08:00", closes="12:00"),),
                ),
            ),
        )
    )
    assert due(winter, "2026-12-24 11:30", 60) == at("2027-01-04 08:30")
    # The year after has no short day: the closure has all of Christmas Eve.
    assert due(winter, "2027-12-24 11:30", 60) == at("2028-01-04 09:00")


def test_a_saturday_that_is_worked() -> None:
    hours = (Window(opens="09:00", closes="18:00"),)
    shanghai = WorkingTime(
        DatedCalendar(
            name="shanghai",
            title="shanghai",
            zone="Asia/Shanghai",
            week=weekdays(*hours),
            special_days=(SpecialDay(name="worked", day=date(2026, 2, 28), hours=hours),),
        )
    )
    zone = ZoneInfo("Asia/Shanghai")
    deadline = shanghai.deadline(at("2026-02-27 17:00", zone), timedelta(hours=2))
    assert deadline == at("2026-02-28 10:00", zone)


def test_a_special_day_goes_before_a_holiday_and_a_closure_and_says_why_it_is_closed() -> None:
    day = date(2026, 12, 25)
    everything = {
        "holiday_dates": {day: "Christmas Day"},
        "closures": (Closure(name="winter", first=day, last=day),),
    }
    open_day = SpecialDay(name="all hands", day=day, hours=OFFICE)
    assert due(changed(**everything, special_days=(open_day,)), "2026-12-25 09:00", 60) == at(
        "2026-12-25 10:00"
    )
    closed = changed(special_days=(SpecialDay(name="outing", day=day, hours=()),)).calendar
    assert closed.explain_closed(day) == (ClosedBy.CLOSURE, "outing")
    assert changed(**everything).calendar.explain_closed(day) == (ClosedBy.HOLIDAY, "Christmas Day")


def test_a_special_day_has_its_hours_on_a_day_whose_clock_is_changed() -> None:
    """Sunday 29 March 2026 has 23 hours: open from midnight to 06:00 are five."""
    night = (Window(opens="00:00", closes="06:00"),)
    hours = changed(special_days=(SpecialDay(name="move", day=date(2026, 3, 29), hours=night),))
    assert hours.time_worked(at("2026-03-28 12:00"), at("2026-03-29 12:00")) == timedelta(hours=5)


@pytest.mark.parametrize(("year", "last"), [(2024, 29), (2026, 28)])
def test_a_yearly_closure_to_the_end_of_february(year: int, last: int) -> None:
    closure = YearlyClosure(name="x", first="02-20", last="02-29")
    assert is_closed_on(closure, date(year, 2, last))
    assert not is_closed_on(closure, date(year, 3, 1))
    assert not is_closed_on(closure, date(year, 2, 19))

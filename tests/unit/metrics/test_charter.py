"""What the charter says of calendars is what metrics computes with."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from desk_charter.calendars import Calendar
from desk_charter.load import load_charter
from desk_metrics.sla.charter import edition_of
from desk_metrics.sla.worktime import WorkingTime

from tests.support.charter_sections import obeying

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
HOURS = ["08:00-18:00"]
WRITTEN: dict[str, Any] = {
    "name": "office",
    "title": "Office",
    "zone": "Europe/Berlin",
    "week": {"mon": HOURS, "tue": HOURS, "wed": HOURS, "thu": HOURS, "fri": HOURS},
    "holidays": {"country": "DE", "subdivision": "BE"},
    "closures": [{"from": "2026-12-21", "to": "2026-12-22", "name": "Move"}],
    "yearly_closures": [{"from": "12-24", "to": "01-03", "name": "Winter"}],
    "special_days": [
        {"date": "2026-12-24", "hours": ["08:00-12:00"], "name": "Christmas Eve"},
        {"date": "2026-12-26", "hours": ["10:00-12:00"], "name": "Inventory"},
        {"date": "2026-12-23", "hours": "closed", "name": "Outing"},
    ],
}


def hours_of(written: dict[str, Any]) -> WorkingTime:
    charter = obeying(load_charter(Path("charter")), slas=())
    only = {"calendars": (Calendar.model_validate(written),)}
    [calendar] = edition_of(charter.model_copy(update=only), SINCE).calendars
    return WorkingTime(calendar)


def test_every_day_of_a_winter_has_the_hours_that_were_written() -> None:
    hours = hours_of(WRITTEN)
    time_worked = {}
    for day in (date(2026, 12, 18) + timedelta(days=n) for n in range(19)):
        start = datetime(day.year, day.month, day.day, tzinfo=BERLIN)
        if worked := hours.time_worked(start, start + timedelta(days=1)):
            time_worked[day.isoformat()] = worked / timedelta(hours=1)
    assert time_worked == {
        "2026-12-18": 10,
        "2026-12-24": 4,
        "2026-12-26": 2,  # a Saturday, a holiday and in the closure
        "2027-01-04": 10,
        "2027-01-05": 10,
    }


def test_what_is_asked_before_a_short_day_ends_is_due_after_the_closure() -> None:
    without = {**WRITTEN, "special_days": WRITTEN["special_days"][:1]}
    due = hours_of(without).deadline(
        datetime(2026, 12, 24, 11, 30, tzinfo=BERLIN), timedelta(hours=1)
    )
    assert due == datetime(2027, 1, 4, 8, 30, tzinfo=BERLIN)

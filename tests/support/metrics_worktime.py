"""Shared by tests: metrics, worktime."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from desk_charter.calendars import Week, Window
from desk_charter.dated_calendars import DatedCalendar
from desk_metrics.sla.worktime import WorkingTime

BERLIN = ZoneInfo("Europe/Berlin")


OFFICE = (Window(opens="09:00", closes="17:00"),)


def weekdays(*windows: Window) -> Week:
    return Week(mon=windows, tue=windows, wed=windows, thu=windows, fri=windows)


CALENDAR_A = DatedCalendar(
    name="office", title="office", zone="Europe/Berlin", week=weekdays(*OFFICE)
)


def changed(**changes: object) -> WorkingTime:
    return WorkingTime(DatedCalendar.model_validate({**CALENDAR_A.model_dump(), **changes}))


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def due(hours: WorkingTime, start: str, minutes: float, *pauses: tuple[str, str]) -> datetime:
    spans = [(at(a), at(b)) for a, b in pauses]
    deadline = hours.deadline(at(start), timedelta(minutes=minutes), spans)
    assert deadline is not None
    return deadline.astimezone(BERLIN)

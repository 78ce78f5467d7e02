"""The organisation's SLAs and calendars as what was in force from a moment on."""

from datetime import datetime, timedelta

from desk_charter import Charter
from desk_charter.calendars import Calendar
from desk_charter.dated_calendars import DatedCalendar
from desk_charter.slas import SLAS

from desk_metrics.sla.holidays import public_holidays
from desk_metrics.sla.policies import Edition

# Rules sort a ticket well within this; one for which a person is needed gets the default policy.
SORTING = timedelta(seconds=2)


def edition_of(charter: Charter, since: datetime) -> Edition:
    """The SLA policies of the charter as an edition that is in force from `since` on.

    Titles are for people: another one makes no other SLA, so they are not kept.
    """
    return Edition(
        version=charter.version,
        since=since,
        policies=tuple(
            policy.model_copy(update={"title": policy.name}) for policy in charter.of(SLAS)
        ),
        calendars=tuple(map(date_calendar, charter.calendars)),
        sorting=SORTING,
    )


def date_calendar(calendar: Calendar) -> DatedCalendar:
    """The calendar with its holidays as dates."""
    region = calendar.holidays
    dates = {} if region is None else public_holidays(region.country, region.subdivision)
    return DatedCalendar(**{**dict(calendar), "title": calendar.name, "holiday_dates": dates})


def slas_alike(edition: Edition, other: Edition) -> bool:
    """True if nothing that SLAs rest on differs; the rest of a charter may."""
    return (edition.policies, edition.calendars, edition.sorting) == (
        other.policies,
        other.calendars,
        other.sorting,
    )

"""When a team works: a calendar of the charter, with the holidays of its region as dates.

A window belongs to the local day on which it opens, so the night before a closed day is worked to
its end.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from desk_charter.calendars import Calendar, SpecialDay, Week, Window, YearlyClosure

ROUND_THE_CLOCK = Week.model_validate("always")


class ClosedBy(StrEnum):
    """Why a local day, or a part of it, is not open."""

    HOURS = "outside-hours"
    HOLIDAY = "holiday"
    CLOSURE = "closure"


class DatedCalendar(Calendar):
    """It is kept with its policies, so later versions of a library of holidays change no verdict.

    A special day goes before a holiday, a holiday before a closure, a closure before the week.
    """

    holiday_dates: Mapping[date, str] = {}

    @cached_property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _special_days_by_date(self) -> dict[date, SpecialDay]:
        return {special.day: special for special in self.special_days}

    def windows_on(self, day: date) -> tuple[Window, ...]:
        """The windows that open on this local day."""
        if (special := self._special_days_by_date.get(day)) is not None:
            return special.hours
        if day in self.holiday_dates or self._find_closure(day) is not None:
            return ()
        return self.week.on(day.weekday())

    def explain_closed(self, day: date) -> tuple[ClosedBy, str]:
        """Why time of this local day that is not open is not, and the name people know it by."""
        if (special := self._special_days_by_date.get(day)) is not None:
            return ClosedBy.HOURS if special.hours else ClosedBy.CLOSURE, special.name
        if (holiday := self.holiday_dates.get(day)) is not None:
            return ClosedBy.HOLIDAY, holiday
        if (closure := self._find_closure(day)) is not None:
            return ClosedBy.CLOSURE, closure
        return ClosedBy.HOURS, self.name

    @property
    def never_opens(self) -> bool:
        """No window at all: a deadline can never be reached."""
        return self.week.is_empty and not any(special.hours for special in self.special_days)

    def _find_closure(self, day: date) -> str | None:
        once = (closure.name for closure in self.closures if closure.includes(day))
        yearly = (closure.name for closure in self.yearly_closures if is_closed_on(closure, day))
        return next(once, None) or next(yearly, None)


def is_closed_on(closure: YearlyClosure, day: date) -> bool:
    """Whether a closure of every year covers the day; it may end in the year after it begins."""
    return any(
        first <= day <= last
        for first, last in (_ends_in(closure, year) for year in (day.year - 1, day.year))
    )


def _ends_in(closure: YearlyClosure, year: int) -> tuple[date, date]:
    """Both ends as they fall in a year; where there is no 29 February, a closure begins on 1 March
    and ends on the last of the month."""
    first, last = closure.dates
    until = year + last.year - first.year
    try:
        begins = first.replace(year=year)
    except ValueError:
        begins = date(year, 3, 1)
    if (last.month, last.day) == (2, 29):
        return begins, max(begins, date(until, 3, 1) - timedelta(days=1))
    return begins, max(begins, last.replace(year=until))

"""When a calendar of the charter is open, with the holidays of its region as dates.

A window belongs to the local day on which it opens, so the night before a closed day is worked to
its end.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from desk_charter.calendars import Calendar, SpecialDay, Week, Window, YearlyClosure

_DAY_MINUTES = 24 * 60
# What is open or closed for longer than this is asked again by then.
HORIZON = timedelta(days=400)
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

    def at_wall(self, day: date, minutes: int) -> datetime:
        """The moment of a wall-clock time, in minutes after that local midnight.

        What the clock skips in spring is read with the offset before the jump (02:30 becomes
        03:30); what it repeats in autumn means the first time. Both ends of a window are read
        alike, so windows that touch on paper touch in time.
        """
        days, minutes = divmod(minutes, _DAY_MINUTES)
        wall = time(minutes // 60, minutes % 60, tzinfo=self.tz)
        return datetime.combine(day + timedelta(days=days), wall).astimezone(UTC)

    def find_change(self, at: datetime) -> tuple[bool, datetime]:
        """Whether it is open at that moment, and until when that stays so: at most the horizon."""
        until = at + HORIZON
        for opens, closes in self._open_spans(at, until):
            if at < opens:
                return False, opens
            if at < closes:
                return True, min(closes, until)
        return False, until

    def _open_spans(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Those that may touch the time between, in order; what touches or overlaps is one."""
        # Night shifts and zones reach two days over.
        day, last = (at.date() + timedelta(days=days) for at, days in ((start, -2), (end, 2)))
        held: tuple[datetime, datetime] | None = None
        while day <= last:
            for window in sorted(self.windows_on(day), key=lambda window: window.start):
                opens, closes = self.at_wall(day, window.start), self.at_wall(day, window.end)
                if held is not None and opens > held[1]:
                    yield held
                    held = None
                held = (held[0], max(held[1], closes)) if held else (opens, closes)
            day += timedelta(days=1)
        if held is not None:
            yield held

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

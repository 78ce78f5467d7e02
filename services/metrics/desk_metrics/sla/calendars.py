"""Calendars: when a team works, in its own zone, as plain data.

A shift belongs to the local day on which it opens. Holidays come in as dates with names.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from desk_shared.frozen import Frozen
from pydantic import field_validator, model_validator

DAY_SECONDS = 86_400

_TIME = re.compile(r"^(\d{2}):(\d{2})(?::(\d{2}))?$")


def seconds_of(text: str) -> int:
    """`09:00`, `09:00:30` or `24:00` as seconds after local midnight."""
    found = _TIME.match(text)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (99, 0, 0)
    total = hours * 3600 + minutes * 60 + seconds
    if minutes > 59 or seconds > 59 or total > DAY_SECONDS:
        raise ValueError(f"'{text}' is not a time of day; write it as 09:00, 09:00:30 or 24:00")
    return total


class Window(Frozen):
    """Open from `opens` up to but not including `closes`; a close before the open is next day's."""

    opens: str
    closes: str

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        opens = seconds_of(self.opens)
        if opens in (seconds_of(self.closes), DAY_SECONDS):
            raise ValueError(
                f"the window {self.opens} to {self.closes} has no length;"
                " for a whole day write 00:00 to 24:00"
            )
        return self

    @cached_property
    def seconds(self) -> tuple[int, int]:
        """Both ends after local midnight; the second is past 86,400 for a night shift."""
        opens, closes = seconds_of(self.opens), seconds_of(self.closes)
        return opens, closes if closes > opens else closes + DAY_SECONDS


class Week(Frozen):
    """The windows that open on each weekday; several windows a day make a split shift."""

    mon: tuple[Window, ...] = ()
    tue: tuple[Window, ...] = ()
    wed: tuple[Window, ...] = ()
    thu: tuple[Window, ...] = ()
    fri: tuple[Window, ...] = ()
    sat: tuple[Window, ...] = ()
    sun: tuple[Window, ...] = ()

    @cached_property
    def days(self) -> tuple[tuple[Window, ...], ...]:
        """Monday first, as `date.weekday()` counts."""
        return (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)


class Closure(Frozen):
    """Our own closed days, both ends included; `yearly` repeats them by month and day.

    A yearly one may end in the year after it begins.
    """

    name: str
    first: date
    last: date
    yearly: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"closure '{self.name}' ends on {self.last}, before it begins")
        if self.yearly and self.last - self.first >= timedelta(days=365):
            raise ValueError(f"closure '{self.name}' is yearly and must be shorter than a year")
        return self

    def covers(self, day: date) -> bool:
        if not self.yearly:
            return self.first <= day <= self.last
        return any(first <= day <= last for first, last in map(self._of, (day.year - 1, day.year)))

    def _of(self, year: int) -> tuple[date, date]:
        """Both ends as they fall in a year. 29 February is the last of the month where it ends."""
        first = _in_year(self.first, year)
        until = year + self.last.year - self.first.year
        is_leap_day = (self.last.month, self.last.day) == (2, 29)
        last = (
            date(until, 3, 1) - timedelta(days=1) if is_leap_day else self.last.replace(year=until)
        )
        return first, max(first, last)


class SpecialDay(Frozen):
    """One date with hours of its own, whatever the week, holidays and closures say."""

    name: str
    day: date
    windows: tuple[Window, ...]


class ClosedBy(StrEnum):
    """Why a local day, or a part of it, is not open."""

    HOURS = "outside-hours"
    HOLIDAY = "holiday"
    CLOSURE = "closure"


class Calendar(Frozen):
    """When work counts: a week of windows in one zone, less holidays and closures.

    A special day goes before a holiday, a holiday before a closure, a closure before the week. A
    window belongs to the day on which it opens, so the night before a closed day is worked to its
    end.
    """

    name: str
    zone: str
    week: Week
    holidays: Mapping[date, str] = {}
    closures: tuple[Closure, ...] = ()
    special_days: tuple[SpecialDay, ...] = ()

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(
                f"'{zone}' is not a known time zone; write it like Europe/Berlin"
            ) from error
        return zone

    @cached_property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _special(self) -> dict[date, SpecialDay]:
        return {special.day: special for special in self.special_days}

    def windows_on(self, day: date) -> tuple[Window, ...]:
        """The windows that open on this local day."""
        if (special := self._special.get(day)) is not None:
            return special.windows
        if day in self.holidays or any(closure.covers(day) for closure in self.closures):
            return ()
        return self.week.days[day.weekday()]

    def closed_by(self, day: date) -> tuple[ClosedBy, str]:
        """Why time of this local day that is not open is not, and the name people know it by."""
        if (special := self._special.get(day)) is not None:
            return ClosedBy.HOURS if special.windows else ClosedBy.CLOSURE, special.name
        if (holiday := self.holidays.get(day)) is not None:
            return ClosedBy.HOLIDAY, holiday
        for closure in self.closures:
            if closure.covers(day):
                return ClosedBy.CLOSURE, closure.name
        return ClosedBy.HOURS, self.name

    @property
    def never_opens(self) -> bool:
        """No window at all: a deadline can never be reached."""
        return not any(self.week.days) and not any(s.windows for s in self.special_days)


_WHOLE_DAY = (Window(opens="00:00", closes="24:00"),)
ROUND_THE_CLOCK = Week(
    mon=_WHOLE_DAY,
    tue=_WHOLE_DAY,
    wed=_WHOLE_DAY,
    thu=_WHOLE_DAY,
    fri=_WHOLE_DAY,
    sat=_WHOLE_DAY,
    sun=_WHOLE_DAY,
)


def _in_year(day: date, year: int) -> date:
    """The same month and day; 29 February becomes 1 March where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)

"""Periods that reports are about: a week (2026-W47), a month (2026-11), a day (2026-11-28), or from
one to another (2026-W44/2026-W47), as ISO 8601 writes them. All of it in UTC days, like the
measures.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from desk_contracts.errors import Invalid
from desk_contracts.message import Message, message

_WEEK = re.compile(r"(\d{4})-W(\d{2})")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MOST = timedelta(days=370)
# What is compared with the period before needs one.
FIRST_YEAR = 1971
_WEEK_LONG = timedelta(weeks=1)


class ReportPeriod(NamedTuple):
    """From `start` to before `end`; the name says the same in words of a calendar."""

    name: str
    start: datetime
    end: datetime

    @property
    def before(self) -> datetime:
        """The start of as long a time right before it."""
        return self.start - (self.end - self.start)


def read_period(text: str) -> ReportPeriod:
    """The period of that name; says what one looks like if there is none."""
    first, _, last = text.partition("/")
    (start, end), (_, until) = _stretch(first, text), _stretch(last or first, text)
    if start.year < FIRST_YEAR:
        raise _refusal(text, message("asked.begins-too-early", year=str(FIRST_YEAR)))
    if until < end:
        raise _refusal(text, message("asked.ends-before-start"))
    if until - start > MOST:
        raise _refusal(text, message("asked.too-long", most=MOST.days))
    return ReportPeriod(text, start, until)


def weeks_before(end: datetime, weeks: int) -> ReportPeriod:
    """So many whole weeks (Monday to Sunday, UTC), the last of which is over at that moment."""
    monday = end.astimezone(UTC).date() - timedelta(days=end.astimezone(UTC).weekday())
    until = _midnight(monday)
    start = until - weeks * _WEEK_LONG
    first, last = _name(start), _name(until - _WEEK_LONG)
    return ReportPeriod(first if weeks == 1 else f"{first}/{last}", start, until)


def days_until(now: datetime, days: int) -> ReportPeriod:
    """So many days, the last of which is the day of that moment (UTC)."""
    last = now.astimezone(UTC).date()
    return days_between(last - timedelta(days=days - 1), last)


def days_between(first: date, last: date) -> ReportPeriod:
    """From one day to another, both included."""
    return ReportPeriod(f"{first}/{last}", _midnight(first), _midnight(last + timedelta(days=1)))


def _name(monday: datetime) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year:04d}-W{week:02d}"


def _stretch(part: str, whole: str) -> tuple[datetime, datetime]:
    try:
        if match := _WEEK.fullmatch(part):
            start = _midnight(date.fromisocalendar(int(match[1]), int(match[2]), 1))
            return start, start + _WEEK_LONG
        if match := _MONTH.fullmatch(part):
            start = _midnight(date(int(match[1]), int(match[2]), 1))
            return start, (start + timedelta(days=31)).replace(day=1)
        if _DAY.fullmatch(part):
            start = _midnight(date.fromisoformat(part))
            return start, start + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise _refusal(whole, message("asked.no-such-week")) from error
    raise _refusal(whole, message("asked.neither-week-nor-month"))


def _refusal(text: str, why: Message) -> Invalid:
    return Invalid(message("asked.no-period", period=text, why=why), code="no-such-period")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

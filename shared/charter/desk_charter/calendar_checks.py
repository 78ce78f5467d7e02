"""The checks of calendars: hours that overlap, dates that stand twice, regions nobody knows."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from desk_charter import public_holidays
from desk_charter.calendars import Calendar
from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.sections import Section
from desk_charter.sentences import one_of


def calendars_are_sound(draft: Draft) -> Iterator[Problem]:
    """Some hour is open, no two windows overlap, the holidays' region is known."""
    for calendar in draft.of(CALENDARS, ()):
        where = ("calendars", calendar.name)
        if calendar.week.is_empty:
            sentence = "it is never open, so no SLA on it would ever end; add opening hours"
            yield Problem.at(*where, "week", sentence=sentence)
        for day in _overlaps(calendar):
            sentence = "two windows overlap on this day or reach into the next; part or merge them"
            yield Problem.at(*where, "week", day, sentence=sentence)
        yield from _special_days(calendar)
        yield from _unknown_region(calendar)


def _overlaps(calendar: Calendar) -> Iterator[str]:
    """The days with a window that another one of the running week overlaps."""
    minutes = 24 * 60
    week = [
        (weekday * minutes + window.start, weekday * minutes + window.end, day)
        for weekday, day in enumerate(type(calendar.week).model_fields)
        for window in calendar.week.on(weekday)
    ]
    week.sort()
    # The first window comes round again, so a Sunday night that reaches into Monday is seen.
    again = [(start + 7 * minutes, end + 7 * minutes, day) for start, end, day in week[:1]]
    for (_, end, day), (start, _, _) in zip(week, week[1:] + again, strict=False):
        if start < end:
            yield day


def _special_days(calendar: Calendar) -> Iterator[Problem]:
    """Each date once, and no two of its windows overlap."""
    first: dict[date, str] = {}
    for index, special in enumerate(calendar.special_days):
        where = ("calendars", calendar.name, "special_days", index)
        if special.day in first:
            sentence = f"{special.day} is '{first[special.day]}' already; write a date once"
            yield Problem.at(*where, "date", sentence=sentence)
        first.setdefault(special.day, special.name)
        windows = sorted((window.start, window.end) for window in special.hours)
        if any(later < end for (_, end), (later, _) in pairwise(windows)):
            sentence = "two windows of this day overlap; part or merge them"
            yield Problem.at(*where, "hours", sentence=sentence)


def _unknown_region(calendar: Calendar) -> Iterator[Problem]:
    region = calendar.holidays
    if region is None or public_holidays.is_known(region):
        return
    where = ("calendars", calendar.name, "holidays")
    parts = public_holidays.subdivisions(region.country)
    if region.country not in public_holidays.countries():
        sentence = f"no public holidays are known for '{region.country}'; write them as closures"
        yield Problem.at(*where, "country", sentence=sentence)
    elif parts:
        sentence = f"'{region.subdivision}' is no part of {region.country}; write {one_of(parts)}"
        yield Problem.at(*where, "subdivision", sentence=sentence)
    else:
        sentence = f"{region.country} has no subdivisions here; remove this line"
        yield Problem.at(*where, "subdivision", sentence=sentence)


CALENDARS: Section[tuple[Calendar, ...]] = Section(
    "calendars", Calendar, checks=(calendars_are_sound,)
)

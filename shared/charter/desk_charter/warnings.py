"""What is valid and probably not meant: the check tells it, and the charter is in force anyway."""

from collections.abc import Iterator
from datetime import date
from itertools import combinations

from desk_charter.calendars import Calendar, Window, YearlyClosure
from desk_charter.model import Charter
from desk_charter.problems import Problem, Where

# Night shifts are shorter; what is longer was mostly written the wrong way round.
_LONGEST_NIGHT = 14 * 60


def doubts_of(charter: Charter) -> Iterator[Problem]:
    """Every doubt, in no order."""
    for where, window in _windows(charter):
        yield from _about(window, where)
    for calendar in charter.calendars:
        yield from _warn_closed_twice(calendar)


def _windows(charter: Charter) -> Iterator[tuple[Where, Window]]:
    """Every window that somebody wrote, and where."""
    for calendar in charter.calendars:
        yield from _of_calendar(calendar)
    for team in charter.teams:
        for index, shift in enumerate(team.shifts):
            yield ("teams", team.name, "shifts", index, "to"), shift.window
    for service in charter.services:
        for index, maintenance in enumerate(service.maintenance):
            where = ("services", service.name, "maintenance", index, "hours", "to")
            yield where, maintenance.hours.window


def _of_calendar(calendar: Calendar) -> Iterator[tuple[Where, Window]]:
    place: Where = ("calendars", calendar.name)
    for weekday, day in enumerate(type(calendar.week).model_fields):
        for index, window in enumerate(calendar.week.on(weekday)):
            yield (*place, "week", day, index), window
    for number, special in enumerate(calendar.special_days):
        for index, window in enumerate(special.hours):
            yield (*place, "special_days", number, "hours", index), window


def _about(window: Window, where: Where) -> Iterator[Problem]:
    if window.closes.endswith(":59"):
        hour = int(window.closes[:2]) + 1
        meant = f"{window.opens}-{hour:02}:00"
        sentence = (
            f"{window.opens}-{window.closes} is one minute short, since {window.closes} is closed"
            f" already; write {meant}"
        )
        yield Problem.at(*where, sentence=sentence)
    if window.is_over_midnight and window.end - window.start > _LONGEST_NIGHT:
        hours = (window.end - window.start) / 60
        sentence = (
            f"{window.opens}-{window.closes} ends on the next day, after {hours:g} hours; for the"
            f" same day write {window.closes}-{window.opens}"
        )
        yield Problem.at(*where, sentence=sentence)


def _warn_closed_twice(calendar: Calendar) -> Iterator[Problem]:
    """A day in two closures of one kind is closed once, and told by the name of the first."""
    for (_, first), (index, second) in combinations(enumerate(calendar.closures), 2):
        if first.first <= second.last and second.first <= first.last:
            yield _overlap(calendar, "closures", index, first.name)
    for (_, closure), (index, other) in combinations(enumerate(calendar.yearly_closures), 2):
        if _days_of(closure) & _days_of(other):
            yield _overlap(calendar, "yearly_closures", index, closure.name)


def _overlap(calendar: Calendar, kind: str, index: int, name: str) -> Problem:
    sentence = f"it overlaps '{name}'; days of both are told as that one's"
    return Problem.at("calendars", calendar.name, kind, index, sentence=sentence)


def _days_of(closure: YearlyClosure) -> frozenset[tuple[int, int]]:
    first, last = closure.dates
    days = (date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1))
    return frozenset((day.month, day.day) for day in days)

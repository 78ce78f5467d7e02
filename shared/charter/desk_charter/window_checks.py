"""The checks of windows: what they name is written down, and they open and close.

windows.yaml may be missing; then there are only those of services and of announced changes.
"""

from collections.abc import Iterator

from desk_charter.calendar_checks import CALENDARS
from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.public_holidays import date_calendar
from desk_charter.sections import Section
from desk_charter.sentences import close_to
from desk_charter.windows import ScheduledWindow


def windows_refer_to_what_exists(draft: Draft) -> Iterator[Problem]:
    """Their teams, services and runbooks are written down."""
    for window in draft.of(WINDOWS, ()):
        where = ("windows", window.name)
        yield from draft.unknown("teams", window.owner_team, *where, "owner_team")
        for index, service in enumerate(window.services):
            yield from draft.unknown("services", service, *where, "services", index)
        for index, runbook in enumerate(window.allowed):
            if not draft.knows("runbooks", runbook):
                close = close_to(runbook, draft.written.get("runbooks", ()))
                sentence = f"there is no runbook '{runbook}'{close}; correct the name"
                yield Problem.at(*where, "allowed", index, sentence=sentence)


def windows_open_and_close(draft: Draft) -> Iterator[Problem]:
    """The calendars that they follow are written down, and leave them some time."""
    calendars = {calendar.name: calendar for calendar in draft.of(CALENDARS, ())}
    for window in draft.of(WINDOWS, ()):
        where, field = ("windows", window.name), "during" if window.during else "outside"
        calendar = calendars.get(window.calendar)
        if window.calendar:
            yield from draft.unknown("calendars", window.calendar, *where, field)
        if calendar is not None and calendar.never_closes:
            so = "closes" if window.during else "opens"
            sentence = f"'{calendar.name}' is always open, so this window never {so}"
            yield Problem.at(*where, field, sentence=f"{sentence}; name another calendar")
        elif window.starts is not None and (calendar is not None or window.weekly is not None):
            dated = None if calendar is None else date_calendar(calendar, window.starts.year)
            if window.never_opens(dated):
                hours = field if window.calendar else "weekly"
                sentence = f"no hour of '{hours}' lies between 'starts' and 'ends'"
                yield Problem.at(*where, sentence=f"it never opens: {sentence}")


WINDOWS: Section[tuple[ScheduledWindow, ...]] = Section(
    "windows",
    ScheduledWindow,
    is_optional=True,
    checks=(windows_refer_to_what_exists, windows_open_and_close),
    count_by="kind",
)

"""What the windows of a charter say and their authors hardly mean, with file and line."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path

from desk_charter import Charter
from desk_charter.documents import read_document
from desk_charter.public_holidays import date_calendar
from desk_charter.window_checks import WINDOWS
from desk_charter.windows import ScheduledWindow

from desk_runbooks.lint import Finding

# Weekly windows that meet at all meet in a week; one day more for those over midnight.
_FORTNIGHT = timedelta(days=8)
# What follows a calendar may be open on holidays only.
_YEAR = timedelta(days=366)


def find_in_windows(charter: Charter, folder: Path, now: datetime) -> Iterator[Finding]:
    """Windows that are over, and two of one kind that are open at once for the same."""
    windows = charter.of(WINDOWS)
    path = folder / WINDOWS.file
    if not windows or not path.is_file():
        return
    document = read_document(path, WINDOWS.file)
    for index, window in enumerate(windows):
        if window.ends is not None and window.ends <= now:
            line = document.line_of((WINDOWS.name, index, "ends"))
            sentence = f"'{window.name}' is over since {window.ends:%Y-%m-%d}; take it out"
            yield Finding(WINDOWS.file, line, "warning", "over", sentence)
    for (_, first), (index, second) in combinations(enumerate(windows), 2):
        shared = _find_shared_scope(first, second)
        if first.kind == second.kind and shared and _meet(charter, first, second, now):
            line = document.line_of((WINDOWS.name, index, "name"))
            sentence = (
                f"'{first.name}' and '{second.name}' are open at the same time for {shared}; the"
                " one that closes last holds"
            )
            yield Finding(WINDOWS.file, line, "warning", "same-time", sentence)


def _find_shared_scope(first: ScheduledWindow, second: ScheduledWindow) -> str:
    """What both are about; empty where nothing is certain to be."""
    if first.is_of_everything or second.is_of_everything:
        return "everything" if first.is_of_everything and second.is_of_everything else "the same"
    shared = {*first.services} & {*second.services} | {*first.sites} & {*second.sites}
    for mine in first.devices:
        for theirs in second.devices:
            short, long = sorted((mine, theirs), key=lambda pattern: len(pattern.rstrip("*")))
            stem = short.removesuffix("*")
            if long == short or (short.endswith("*") and long.startswith(stem)):
                shared.add(long)
    return ", ".join(sorted(shared))


def _meet(charter: Charter, first: ScheduledWindow, second: ScheduledWindow, now: datetime) -> bool:
    """Whether there is a moment, now or later, at which both are open."""
    begins = max(at for at in (now, first.starts, second.starts) if at is not None)
    until = begins + (_YEAR if first.calendar or second.calendar else _FORTNIGHT)
    openings = []
    for window in (first, second):
        name = window.calendar
        calendar = date_calendar(charter.calendar(name), begins.year) if name else None
        openings.append(tuple(window.find_openings(begins, until, calendar)))
    return any(at < end and start < over for start, end in openings[0] for at, over in openings[1])

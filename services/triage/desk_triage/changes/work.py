"""What people work on at a moment: announced changes, and maintenance that the charter declares."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from desk_charter.model import Charter
from desk_charter.public_holidays import date_calendar
from desk_charter.services import Service
from desk_charter.window_checks import WINDOWS
from desk_contracts.message import Message, message, verbatim

from desk_triage.changes.snapshot import ContextSnapshot, explain_changes


def explain_work(
    charter: Charter,
    snapshot: ContextSnapshot,
    service: Service | None,
    at: datetime,
    *,
    subjects: Iterable[str] = (),
    site: str = "",
) -> Iterator[Message]:
    """Why something may go wrong then with a known service, one of the subjects, or the site."""
    if service is not None:
        yield from explain_changes(snapshot, service.name, service.title, at)
        for weekly in service.maintenance:
            if weekly.covers(at):
                yield message("change.expected", service=service.title, window=weekly.title)
    name = service.name if service else ""
    for window in charter.of(WINDOWS):
        # In a freeze nobody works on anything; it explains no trouble.
        if window.kind != "maintenance" or not window.concerns("", subjects, name, site):
            continue
        follows = charter.calendar(window.calendar) if window.calendar else None
        until = window.find_end(at, date_calendar(follows, at.year) if follows else None)
        if until is not None:
            yield message(
                "change.window",
                until=until,
                window=window.name,
                why=verbatim(window.why),
                by=charter.team(window.owner_team).title,
            )

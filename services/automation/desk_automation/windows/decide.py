"""Which window holds for what a run would touch, and what announced changes say. Pure."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from desk_charter.dated_calendars import DatedCalendar
from desk_charter.services import Service
from desk_charter.windows import ScheduledWindow
from desk_contracts import Event
from desk_contracts.events.changes import ChangeFinished, ChangePlanned
from desk_contracts.message import Message, Param, message, verbatim
from desk_kernel import Reducers

from desk_automation.windows.model import Affected, OpenWindow, PlannedChange, PlannedChanges

MAX_CHANGES = 200
# The calendar of that name, with its holidays as dates.
FindCalendar = Callable[[str], DatedCalendar]
# So long after its end a change is still in the document, so that a late report of it is no news.
_KEPT = timedelta(days=1)


def find_open(
    windows: Sequence[ScheduledWindow],
    find_calendar: FindCalendar,
    service: Service | None,
    planned: PlannedChanges,
    affected: Affected,
    now: datetime,
) -> OpenWindow | None:
    """The window that holds and closes last; `service` is the one that the signal names."""
    windows_now = (
        *_of_charter(windows, find_calendar, affected, now),
        *_of_service(service, affected, now),
        *_of_changes(planned, affected, now),
    )
    return max(windows_now, key=lambda window: window.until, default=None)


def _of_charter(
    windows: Sequence[ScheduledWindow],
    find_calendar: FindCalendar,
    affected: Affected,
    now: datetime,
) -> Iterator[OpenWindow]:
    for window in windows:
        is_meant = window.concerns(
            affected.runbook,
            (affected.subject, affected.target),
            affected.service,
            affected.site,
        )
        if not is_meant:
            continue
        calendar = find_calendar(window.calendar) if window.calendar else None
        until = window.find_end(now, calendar)
        if until is not None:
            yield OpenWindow(
                kind=window.kind,
                name=window.name,
                why=window.why,
                by=window.owner_team,
                until=until,
            )


def _of_service(service: Service | None, affected: Affected, now: datetime) -> Iterator[OpenWindow]:
    """The weekly windows of expected work that a service has by itself."""
    if service is None or affected.service != service.name:
        return
    for window in service.maintenance:
        until = window.find_end(now)
        if until is not None:
            yield OpenWindow(
                kind="maintenance",
                name=service.name,
                why=window.title,
                by=service.owner,
                until=until,
            )


def _of_changes(planned: PlannedChanges, affected: Affected, now: datetime) -> Iterator[OpenWindow]:
    for change in planned.changes:
        # Where the signal names no site it may be at one of these.
        is_here = not (change.sites and affected.site) or affected.site in change.sites
        if is_here and change.is_open(now):
            yield OpenWindow(
                kind="change",
                name=change.change,
                why=change.title,
                by=change.source,
                until=change.closes,
            )


def describe_window(window: OpenWindow) -> Message:
    """Why nothing is done now."""
    facts: dict[str, Param] = {
        "window": window.name,
        "why": verbatim(window.why),
        "by": window.by,
        "until": window.until,
    }
    if window.kind == "freeze":
        return message("refusal.freeze", **facts)
    if window.kind == "change":
        return message("refusal.planned-change", **facts)
    return message("refusal.maintenance", **facts)


# The changes after one more report.
follow: Reducers[PlannedChanges | None, [], PlannedChanges | None] = Reducers(
    lambda _state, _event: None
)


@follow.on(ChangePlanned)
def _plan(state: PlannedChanges | None, event: Event[ChangePlanned]) -> PlannedChanges:
    """What is announced again is moved."""
    data, before = event.data, (state or PlannedChanges()).changes
    planned = PlannedChange(
        source=event.source,
        change=data.change,
        title=data.title,
        starts=data.starts,
        ends=data.ends,
        sites=data.sites,
    )
    others = [
        change
        for change in before
        if (change.source, change.change) != (event.source, data.change)
        and change.ends > event.time - _KEPT
    ]
    return PlannedChanges(changes=(*others, planned)[-MAX_CHANGES:])


@follow.on(ChangeFinished)
def _finish(state: PlannedChanges | None, event: Event[ChangeFinished]) -> PlannedChanges | None:
    if state is None:
        return None
    finished = {"finished_at": event.time}
    changes = tuple(
        change.model_copy(update=finished)
        if (change.source, change.change) == (event.source, event.data.change)
        else change
        for change in state.changes
    )
    return None if changes == state.changes else PlannedChanges(changes=changes)

"""Rows of an old desk as events of `desk.tickets`: each row says what is new in it, in order.

Pure and independent of the order in which rows arrive: files, zones and mappings lie outside.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from desk_contracts.envelope import AnyEvent, Event, Payload
from desk_contracts.events.tickets import (
    Channel,
    Kind,
    Role,
    State,
    TicketAssigned,
    TicketClosed,
    TicketCommented,
    TicketMerged,
    TicketOpened,
    TicketPaused,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketStarted,
    TicketTriaged,
    TicketUpdated,
    WaitingFor,
)
from desk_contracts.ids import derive_id, identity
from desk_contracts.message import message, verbatim
from desk_contracts.people import find_other_spelling, person_or
from desk_contracts.value_types import Level, Priority

from desk_metrics.history.rows import QUEUED, RESTING, ExportRow, Fault, Remark
from desk_metrics.sla.worktime import instant

UNKNOWN = "unknown"
NUMBER = "number"
# The category where no event tells it: without a priority nothing says that it was triaged.
DECIDED_CATEGORY = "decided_category"
_RULE = "history"


class Imported(NamedTuple):
    """An event and where it comes from: the file, its row, the old desk's word for the state."""

    event: AnyEvent
    file: int = 0
    row: int = 0
    word: str = ""


def sort_rows(
    rows: Iterable[ExportRow], *, keep_identical: bool = False
) -> tuple[list[ExportRow], list[Remark]]:
    """The rows of one ticket by time, then by the log's own order, then by place in the files.

    Rows that say exactly the same are one fact unless the log has no better clock than that
    (`keep_identical`): they are refused as duplicates. A row that stood too late is remarked.
    """
    kept: list[ExportRow] = []
    remarks: list[Remark] = []
    seen: dict[str, int] = {}
    latest = (-1, -1)
    for row in sorted(rows, key=lambda row: (row.at, row.order, row.file, row.row)):
        same = "" if keep_identical else repr(row._replace(file=0, row=0))
        if same and same in seen:
            reason = message("history.same-row", row=seen[same])
            remarks.append(Remark(Fault.DUPLICATE, False, row.file, row.row, row.ticket, reason))
            continue
        seen[same] = row.row
        if (row.file, row.row) < latest:
            reason = message("history.late-row")
            remarks.append(Remark(Fault.OUT_OF_ORDER, True, row.file, row.row, row.ticket, reason))
        latest = max(latest, (row.file, row.row))
        kept.append(row)
    return kept, remarks


def build_events(
    rows: Sequence[ExportRow], source: str, code_of: Callable[[str], str]
) -> list[Imported]:
    """The events of one ticket, numbered from 1 without a gap; `rows` are in order.

    `code_of` gives the code that people say for a ticket id.
    """
    ticket = derive_id(identity(source, rows[0].ticket), "ticket")
    events: list[Imported] = []
    for payload, row in _tell_changes(rows, code_of(ticket)):
        number = len(events) + 1
        first = events[0].event.id if events else ""
        event: AnyEvent = Event(
            derive_id(identity(source, row.ticket), _RULE, number),
            source,
            ticket,
            instant(row.at),
            payload,
            number,
            first,
            first,
        )
        events.append(Imported(event, row.file, row.row, row.word))
    return events


def _tell_changes(rows: Sequence[ExportRow], code: str) -> Iterator[tuple[Payload, ExportRow]]:
    first = rows[0]
    began = min(first.at, first.at if first.opened is None else first.opened)
    is_log = len(rows) > 1
    yield _open(first, code, is_log=is_log), first._replace(at=began, word="")
    before = ExportRow(first.ticket, began, 0, 0, 0, state=State.NEW)
    for row in rows:
        now = row if row.state else row._replace(state=before.state, waiting=before.waiting)
        for payload in _changes(before, now, is_first=row is first):
            yield payload, row
        before = now


def _open(row: ExportRow, code: str, *, is_log: bool) -> TicketOpened:
    """What a live ticket would have had at that moment, and nothing that was decided later."""
    own = {NUMBER: row.ticket, **row.own}
    if row.category and is_log:
        own["category"] = row.category  # the first of several rows says what was chosen then
    elif row.category and not row.priority:
        own[DECIDED_CATEGORY] = row.category
    return TicketOpened(
        code=code,
        kind=Kind(row.kind or Kind.INCIDENT),
        title=row.title or f"Ticket {row.ticket}",
        description=row.description,
        requester=(person := person_or(row.requester, UNKNOWN)),
        requester_written=find_other_spelling(row.requester, person) if row.requester else "",
        channel=Channel(row.channel or Channel.API),
        service=row.service,
        device=row.device,
        site=row.site,
        group=row.group,
        impact=_level(row.impact),
        urgency=_level(row.urgency),
        attributes=own,
    )


def _changes(before: ExportRow, row: ExportRow, *, is_first: bool) -> Iterator[Payload]:
    """What a row says that the one before did not; the state comes last.

    `reached` is the state that the events said so far leave a ticket in.
    """
    reached = before.state
    if reached in RESTING and row.state not in RESTING:
        reason = f"The old desk's state became '{row.word}'."  # desk-skip: no-sentence it is a text
        yield TicketReopened(by=_by(row), reason=reason)
        reached = State.ASSIGNED
    elif reached == State.WAITING and row.state not in RESTING | {State.WAITING}:
        yield TicketResumed(by=_by(row))
        reached = State.IN_PROGRESS
    yield from _facts(before, row, is_first=is_first)
    is_given = (row.team, row.member) != (before.team, before.member)
    if is_given or (row.state in QUEUED and reached not in QUEUED):
        yield TicketAssigned(team=row.team, member=row.member, previous_team=before.team)
        reached = reached if reached in RESTING else State.ASSIGNED
    if row.note and row.note != before.note:
        yield TicketCommented(by=_by(row), role=Role.MEMBER, text=row.note)
    yield from _state(reached, before, row)


def _facts(before: ExportRow, row: ExportRow, *, is_first: bool) -> Iterator[Payload]:
    has_priority = bool(row.priority)
    if has_priority and (row.category != before.category or not before.priority):
        priority = Priority(row.priority)
        yield TicketTriaged(category=row.category or UNKNOWN, priority=priority)
    elif has_priority and row.priority != before.priority:
        yield TicketUpdated(by=_by(row), priority=Priority(row.priority))
    if is_first:
        return
    names = ("service", "device", "title", "description", "impact", "urgency")
    new = {name: value for name in names if (value := getattr(row, name)) != getattr(before, name)}
    if any(new.values()):
        yield TicketUpdated(
            by=_by(row),
            service=new.get("service"),
            device=new.get("device"),
            title=new.get("title") or None,
            description=new.get("description") or None,
            impact=_level(new.get("impact", "")),
            urgency=_level(new.get("urgency", "")),
        )


def _state(reached: str, before: ExportRow, row: ExportRow) -> Iterator[Payload]:
    match row.state:
        case State.WAITING:
            # Two words of the old desk for one reason of ours are two waits.
            is_same = (row.waiting, row.word) == (before.waiting, before.word)
            if reached != State.WAITING or not is_same:
                yield TicketPaused(waiting_for=WaitingFor(row.waiting), by=_by(row))
        case State.IN_PROGRESS if reached != State.IN_PROGRESS:
            yield TicketStarted(by=_by(row))
        case State.RESOLVED if reached not in RESTING:
            yield TicketResolved(by=_by(row), resolution=verbatim(row.resolution), cause=row.cause)
        case State.CLOSED if before.state != State.CLOSED:
            yield TicketClosed(by=_by(row))
        case State.MERGED if before.state != State.MERGED:
            yield TicketMerged(into=UNKNOWN, by=_by(row))


def _by(row: ExportRow) -> str:
    return person_or(row.by or row.member or row.team, UNKNOWN)


def _level(text: str) -> Level | None:
    return Level(text) if text else None

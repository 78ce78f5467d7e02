"""A ticket's life as triage follows it: decided once, then only watched for corrections."""

from desk_shared.charter.model import Charter
from desk_shared.events import AnyEvent, Event, derive
from desk_shared.events.tickets import (
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketTriaged,
    TicketUpdated,
)
from desk_shared.events.triage import TriageDecided, TriageDeferred
from desk_shared.kernel import Decision, Reducers

from desk_triage.domain.board import Board
from desk_triage.domain.learned import LearnedModel
from desk_triage.domain.model import MAX_CORRECTIONS, Correction, Routing, Ticket
from desk_triage.domain.routing import decide
from desk_triage.domain.source import SOURCE


def open_ticket(
    event: Event[TicketOpened], charter: Charter, board: Board, model: LearnedModel | None = None
) -> Decision[Ticket]:
    """The decision for a new ticket, recorded and told."""
    opened = event.data
    decision = decide(event.subject, opened, event.time, charter, board, model)
    ticket = Ticket(
        code=opened.code,
        kind=opened.kind,
        title=opened.title,
        requester=opened.requester,
        opened_at=event.time,
        decision=decision,
        team=decision.team,
    )
    told = derive(
        event,
        _told(decision),
        source=SOURCE,
        subject=event.subject,
        rule="triage",
        at=event.time,
    )
    return Decision(ticket, (told,))


def _told(decision: Routing) -> TriageDecided | TriageDeferred:
    if decision.priority is None:
        return TriageDeferred(
            team=decision.team, explanation=decision.explanation, charter=decision.charter
        )
    return TriageDecided(
        category=decision.category,
        priority=decision.priority,
        team=decision.team,
        service=decision.service,
        member=decision.member,
        skills=decision.skills,
        explanation=decision.explanation,
        charter=decision.charter,
    )


# The ticket after an event of its later life; None if it tells triage nothing.
follow: Reducers[Ticket, [], Ticket | None] = Reducers(lambda _ticket, _event: None)


@follow.on(TicketTriaged)
def _compare(ticket: Ticket, event: Event[TicketTriaged]) -> Ticket | None:
    return _corrected(ticket, event, "", _differences(ticket.decision, event.data))


@follow.on(TicketUpdated)
def _update(ticket: Ticket, event: Event[TicketUpdated]) -> Ticket | None:
    return _corrected(ticket, event, event.data.by, _changes(ticket.decision, event.data))


@follow.on(TicketResolved, TicketClosed, TicketMerged)
def _end(ticket: Ticket, _event: AnyEvent) -> Ticket | None:
    return ticket.model_copy(update={"is_open": False}) if ticket.is_open else None


@follow.on(TicketReopened)
def _reopen(ticket: Ticket, _event: Event[TicketReopened]) -> Ticket:
    return ticket.model_copy(update={"is_open": True})


@follow.on(TicketAssigned)
def _assign(ticket: Ticket, event: Event[TicketAssigned]) -> Ticket:
    data = event.data
    moved = ticket.model_copy(update={"team": data.team, "member": data.member})
    if data.team == ticket.team:
        return moved
    found = (("team", ticket.team, data.team),)
    return _corrected(moved, event, "", found) or moved


_Difference = tuple[str, str, str]


def _differences(decision: Routing, data: TicketTriaged) -> tuple[_Difference, ...]:
    """What intake says of category, priority and service where triage said otherwise."""
    pairs = (
        ("category", decision.category, data.category),
        ("priority", decision.priority or "", data.priority),
        ("service", decision.service, data.service),
    )
    return tuple(pair for pair in pairs if pair[1] != pair[2])


def _changes(decision: Routing, data: TicketUpdated) -> tuple[_Difference, ...]:
    pairs = (
        ("service", decision.service, data.service),
        ("priority", decision.priority or "", data.priority),
        ("impact", "", data.impact),
        ("urgency", "", data.urgency),
    )
    return tuple(
        (name, before, after)
        for name, before, after in pairs
        if after is not None and after != before
    )


def _corrected(
    ticket: Ticket, event: AnyEvent, by: str, found: tuple[_Difference, ...]
) -> Ticket | None:
    if not found:
        return None
    new = tuple(
        Correction(field=name, decided=before, corrected=after, by=by, at=event.time)
        for name, before, after in found
    )
    kept = (*ticket.corrections, *new)[-MAX_CORRECTIONS:]
    return ticket.model_copy(update={"corrections": kept})

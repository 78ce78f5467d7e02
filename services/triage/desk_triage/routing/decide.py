"""A ticket as triage follows it: decided once, then only watched for corrections."""

from desk_charter.model import Charter
from desk_contracts import AnyEvent, Event, derive
from desk_contracts.events.tickets import (
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketTriaged,
    TicketUpdated,
)
from desk_contracts.events.triage import TriageDecided, TriageDeferred
from desk_kernel import Decision, Reducers

from desk_triage.changes.snapshot import ContextSnapshot
from desk_triage.routing.assignment import route
from desk_triage.routing.model import (
    MAX_CORRECTIONS,
    SOURCE,
    Correction,
    Predict,
    Routing,
    Ticket,
)

_Difference = tuple[str, str, str]
# What the desk says of an escalation begins so.
BY_ESCALATION = "escalation."


def open_ticket(
    event: Event[TicketOpened], charter: Charter, snapshot: ContextSnapshot, predict: Predict
) -> Decision[Ticket]:
    """The decision for a new ticket, recorded and emitted."""
    opened = event.data
    decision = route(event.subject, opened, event.time, charter, snapshot, predict)
    ticket = Ticket(
        code=opened.code,
        kind=opened.kind,
        title=opened.title,
        requester=opened.requester,
        opened_at=event.time,
        decision=decision,
        team=decision.team,
    )
    emitted = derive(
        event,
        _describe(decision),
        source=SOURCE,
        subject=event.subject,
        rule="triage",
        at=event.time,
    )
    return Decision(ticket, (emitted,))


def _describe(decision: Routing) -> TriageDecided | TriageDeferred:
    if decision.priority is None:
        return TriageDeferred(
            team=decision.team,
            explanation=decision.explanation,
            charter=decision.charter,
            proposals=decision.proposals,
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
        model=decision.model,
    )


# The ticket after an event of its later life; None if it changes nothing for triage.
follow: Reducers[Ticket, [], Ticket | None] = Reducers(lambda _ticket, _event: None)


@follow.on(TicketTriaged)
def _compare(ticket: Ticket, event: Event[TicketTriaged]) -> Ticket | None:
    """What intake says of category, priority and service where triage said otherwise."""
    decision, data = ticket.decision, event.data
    if any(item.code.startswith(BY_ESCALATION) for item in data.explanation):
        return None  # our own doing, not a person's
    pairs = (
        ("category", decision.category, data.category),
        ("priority", decision.priority or "", data.priority),
        ("service", decision.service, data.service),
    )
    return _correct(ticket, event, "", tuple(pair for pair in pairs if pair[1] != pair[2]))


@follow.on(TicketUpdated)
def _update(ticket: Ticket, event: Event[TicketUpdated]) -> Ticket | None:
    decision, data = ticket.decision, event.data
    pairs = (
        ("service", decision.service, data.service),
        ("priority", decision.priority or "", data.priority),
        ("impact", "", data.impact),
        ("urgency", "", data.urgency),
    )
    differences = tuple(
        (name, before, after)
        for name, before, after in pairs
        if after is not None and after != before
    )
    return _correct(ticket, event, data.by, differences)


@follow.on(TicketResolved, TicketClosed, TicketMerged)
def _end(ticket: Ticket, _event: AnyEvent) -> Ticket | None:
    return ticket.model_copy(update={"is_open": False}) if ticket.is_open else None


@follow.on(TicketReopened)
def _reopen(ticket: Ticket, _event: Event[TicketReopened]) -> Ticket:
    return ticket.model_copy(update={"is_open": True})


@follow.on(TicketAssigned)
def _assign(ticket: Ticket, event: Event[TicketAssigned]) -> Ticket:
    data = event.data
    assigned = ticket.model_copy(update={"team": data.team, "member": data.member})
    if data.team == ticket.team:
        return assigned
    return _correct(assigned, event, "", (("team", ticket.team, data.team),)) or assigned


def _correct(
    ticket: Ticket, event: AnyEvent, by: str, differences: tuple[_Difference, ...]
) -> Ticket | None:
    """The ticket with what people decided otherwise; None if nothing was."""
    if not differences:
        return None
    new = tuple(
        Correction(field=name, decided=before, corrected=after, by=by, at=event.time)
        for name, before, after in differences
    )
    kept = (*ticket.corrections, *new)[-MAX_CORRECTIONS:]
    return ticket.model_copy(update={"corrections": kept})

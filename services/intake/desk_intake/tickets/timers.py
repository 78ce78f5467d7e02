"""What happens to a ticket because time passes: waits end, what nobody approved is
denied, resolved tickets are closed."""

from datetime import datetime, timedelta

from desk_contracts import Payload
from desk_contracts.events.tickets import State, TicketClosed, TicketResumed
from desk_contracts.ids import derive_id
from desk_kernel import Decision

from desk_intake.tickets import approvals
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.record import Cause, record

TIMER = "desk"


def due_of(ticket: Ticket, close_after: timedelta) -> datetime | None:
    """When the ticket next wants to be looked at; None if time alone changes nothing."""
    if ticket.state is State.WAITING:
        return ticket.waiting_until
    if ticket.state is State.RESOLVED and ticket.resolved_at is not None:
        return ticket.resolved_at + close_after
    return None


def pass_time(ticket: Ticket, now: datetime, close_after: timedelta) -> Decision[Ticket] | None:
    """What is due by now, as of the moment it was due. The id is the same whoever fires first."""
    due = due_of(ticket, close_after)
    if due is None or due > now:
        return None
    decided: list[Payload]
    if ticket.request is not None and ticket.awaits_approval:
        decided = approvals.expire(ticket.request)
    elif ticket.state is State.WAITING:
        decided = [TicketResumed(by=TIMER)]
    else:
        decided = [TicketClosed(by=TIMER)]
    cause = derive_id(ticket.id, "timer", ticket.sequence)
    return record(ticket.id, ticket, decided, Cause(cause, due, correlation_id=ticket.id))

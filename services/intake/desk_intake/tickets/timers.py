"""What happens to a ticket because time passes: waits end, what nobody approved is denied, what no
runbook ended goes to people, resolved tickets are closed."""

from datetime import datetime, timedelta

from desk_contracts import Payload
from desk_contracts.events.tickets import State, TicketClosed, TicketResumed
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_kernel import Decision

from desk_intake.tickets import approvals
from desk_intake.tickets.inbound import take_from_runbook
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.record import Cause, record

TIMER = "desk"


def due_of(ticket: Ticket, close_after: timedelta) -> datetime | None:
    """When the ticket next wants to be looked at; None if time alone changes nothing."""
    if ticket.state is State.WAITING:
        remind_at = ticket.request.remind_at if ticket.request and ticket.awaits_approval else None
        return remind_at or ticket.waiting_until
    if ticket.is_done_by_runbook and ticket.fulfilment is not None:
        return ticket.fulfilment.until
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
        is_over = ticket.waiting_until is None or ticket.waiting_until <= now
        due = ticket.waiting_until if is_over and ticket.waiting_until else due
        decided = (
            approvals.expire(ticket.request)
            if is_over
            else approvals.remind(ticket.request, ticket.asked_for)
        )
    elif ticket.state is State.WAITING:
        decided = [TicketResumed(by=TIMER)]
    elif ticket.is_done_by_runbook:
        decided = take_from_runbook(ticket, "", message("fulfilment.no-end"))
    else:
        decided = [TicketClosed(by=TIMER)]
    cause = derive_id(ticket.id, "timer", ticket.sequence)
    return record(ticket.id, ticket, decided, Cause(cause, due, correlation_id=ticket.id))

"""Who hears of an event, and which lines of it: the rules of the ticket's own routes."""

from desk_contracts import AnyEvent
from desk_contracts.events.tickets import TicketAssigned

from desk_intake.live.model import Audience
from desk_intake.tickets.evolve import entries_of
from desk_intake.tickets.lifecycle import Actor, may_read, sees_internal
from desk_intake.tickets.model import Entry, Ticket


def list_audiences(ticket: Ticket, event: AnyEvent) -> frozenset[Audience]:
    """Whom the event is for: who asked, who has the ticket, its team, and the team it left."""
    audiences = {
        Audience("ticket", ticket.id),
        Audience("person", ticket.requester),
        Audience("person", ticket.member),
        Audience("team", ticket.team),
    }
    if isinstance(event.data, TicketAssigned):
        audiences |= {Audience("team", event.data.team), Audience("team", event.data.previous_team)}
    return frozenset(item for item in audiences if item.is_anybody)


def list_entries(ticket: Ticket, event: AnyEvent, actor: Actor) -> tuple[Entry, ...]:
    """The lines that this reader may know, by what the ticket is now; none of others' tickets."""
    if not may_read(ticket, actor):
        return ()
    sees_all = sees_internal(ticket, actor)
    return tuple(entry for entry in entries_of(ticket, event) if entry.public or sees_all)

"""How triage's documents are stored, and by what they can be found."""

from desk_shared.store import Schema

from desk_triage.domain.changes import ServiceChanges
from desk_triage.domain.model import Ticket


def _ticket_facets(ticket: Ticket) -> dict[str, object]:
    return {"held": True} if ticket.is_open and ticket.member else {}


def _change_facets(state: ServiceChanges) -> dict[str, object]:
    return {"suspect": True} if state.changes else {}


TICKETS = Schema("tickets", Ticket, _ticket_facets, searched=(("held",),))
CHANGES = Schema("changes", ServiceChanges, _change_facets, searched=(("suspect",),))

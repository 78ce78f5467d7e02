"""How tickets are stored and found."""

from collections import Counter
from collections.abc import Mapping

from desk_platform.store import Documents, Schema

from desk_triage.routing.model import Ticket

MOST_TICKETS = 2_000


def _ticket_facets(ticket: Ticket) -> Mapping[str, object]:
    facets: dict[str, object] = {"code": ticket.code}
    if ticket.is_open and ticket.member:
        facets |= {"held": True, "member": ticket.member}
    return facets


TICKETS = Schema(
    "tickets",
    Ticket,
    _ticket_facets,
    searched=(("held",), ("code",)),
    kept="one for each ticket, always: what a person corrects is learned from",
)


async def count_load(documents: Documents[Ticket]) -> Mapping[str, int]:
    """How many open tickets each member has; the tickets themselves are not read for that."""
    held = await documents.find_facets({"held": True}, limit=MOST_TICKETS)
    return Counter(str(facets["member"]) for _, facets in held if "member" in facets)

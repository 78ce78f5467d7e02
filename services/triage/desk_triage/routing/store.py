"""How tickets are stored and found."""

from collections import Counter
from collections.abc import Mapping

from desk_platform.store import Documents, Schema

from desk_triage.routing.model import Ticket

MOST_TICKETS = 2_000

TICKETS = Schema(
    "tickets",
    Ticket,
    lambda ticket: {"held": True} if ticket.is_open and ticket.member else {},
    searched=(("held",),),
)


async def count_load(documents: Documents[Ticket]) -> Mapping[str, int]:
    """How many open tickets each member has."""
    held = await documents.find({"held": True}, limit=MOST_TICKETS)
    return Counter(stored.state.member for stored in held if stored.state)

"""How metrics' collections are kept and searched."""

from desk_shared.store import Schema

from desk_metrics.domain.clocks import TicketClocks
from desk_metrics.domain.policies import Edition

TICKETS = Schema(collection="tickets", model=TicketClocks)
EDITIONS = Schema(
    collection="editions",
    model=Edition,
    facets=lambda edition: {"since": edition.since},
    searched=(("since",),),
)

"""How metrics' collections are kept and searched."""

from collections.abc import Mapping

from desk_shared.store import Schema

from desk_metrics.domain.answers import Answers
from desk_metrics.domain.changes import Changes
from desk_metrics.domain.measures.balance import balance_of, written
from desk_metrics.domain.measures.cells import Cell
from desk_metrics.domain.measures.sums import DaySums
from desk_metrics.domain.policies import Edition
from desk_metrics.domain.reporting import Reported
from desk_metrics.domain.returning import Returns
from desk_metrics.domain.spells import Spells
from desk_metrics.domain.tickets import TicketRecord, is_at_risk, team_of
from desk_metrics.domain.voices import Voiced
from desk_metrics.domain.watched import Repairs, Sights


def ticket_facets(ticket: TicketRecord) -> Mapping[str, object]:
    """What open tickets are found by, and what gauges read of them."""
    if not ticket.is_open:
        return {"open": False, "judged": ticket.judged}
    facets = {"open": True, "judged": ticket.judged, "team": team_of(ticket)}
    if is_at_risk(ticket):
        facets["at_risk"] = True
    return facets


TICKETS = Schema(
    collection="tickets",
    model=TicketRecord,
    facets=ticket_facets,
    searched=(("open", "judged"),),
)
EDITIONS = Schema(
    collection="editions",
    model=Edition,
    facets=lambda edition: {"since": edition.since},
    searched=(("since",),),
)
CELLS = Schema(
    collection="cells",
    model=Cell,
    facets=lambda cell: {"day": cell.day, "balance": written(balance_of(cell))},
    searched=(("day",),),
)
SUMS = Schema(collection="sums", model=DaySums)
REPAIRS = Schema(collection="repairs", model=Repairs)
SIGHTS = Schema(collection="sights", model=Sights)
SPELLS = Schema(collection="spells", model=Spells)
VOICES = Schema(collection="voices", model=Voiced)
RETURNS = Schema(collection="returns", model=Returns)
CHANGES = Schema(collection="changes", model=Changes)
ANSWERS = Schema(collection="answers", model=Answers)
REPORTED = Schema(collection="reported", model=Reported)

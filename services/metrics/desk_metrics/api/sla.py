"""`GET /v1/tickets/{ticket}/sla`: why an SLA stands where it stands."""

from datetime import datetime
from typing import Annotated

from desk_shared.errors import NotFound
from desk_shared.events.message import message
from desk_shared.frozen import Frozen
from desk_shared.http import STAFF, Principal, require, sight
from desk_shared.http.language import sentence
from fastapi import APIRouter, Depends, Path, Request

from desk_metrics.api.asked import AsOf
from desk_metrics.domain.explain import Explanation, Stretch, explain
from desk_metrics.domain.tickets import service_of, team_of
from desk_metrics.ports import MetricsDeps


class StretchView(Stretch):
    """Some time of a ticket; `text` says why it counted or not, in the language of the answer."""

    text: str


class SlaExplanation(Explanation):
    """One SLA, each stretch of time explained in words."""

    explanation: tuple[StretchView, ...]
    because: str
    """Why it was cancelled; empty if it was not."""


class TicketSla(Frozen):
    """Every SLA of a ticket as it stands at a moment, each stretch of time explained."""

    ticket: str
    as_of: datetime
    slas: tuple[SlaExplanation, ...]


def sla_router(deps: MetricsDeps) -> APIRouter:
    """The one route."""
    router = APIRouter(prefix="/v1/tickets", tags=["sla"])

    @router.get("/{ticket}/sla")
    async def explain_slas(
        request: Request,
        caller: Annotated[Principal, Depends(require(*STAFF))],
        ticket: Annotated[str, Path(max_length=200)],
        as_of: AsOf = None,
    ) -> TicketSla:
        """Which minutes counted and which did not, why, and under which policy and version."""
        found = (await deps.tickets.load([ticket])).get(ticket)
        record = found.state if found else None
        seen = sight(request, caller)
        if record is None or seen.hides(service_of(record), team_of(record)):
            raise NotFound(message("sla.no-ticket", ticket=ticket), ticket=ticket)
        at = as_of or deps.clock.now()
        slas = tuple(map(_view, explain(record.clocks, deps.book(), at)))
        return TicketSla(ticket=ticket, as_of=at, slas=slas)

    return router


def _view(found: Explanation) -> SlaExplanation:
    because = sentence(found.cancelled_because) if found.cancelled_because else ""
    stretches = tuple(
        StretchView(**dict(one), text=sentence(one.message)) for one in found.explanation
    )
    return SlaExplanation(**{**dict(found), "explanation": stretches, "because": because})

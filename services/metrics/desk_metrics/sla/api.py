"""`GET /v1/tickets/{ticket}/sla`: why an SLA stands where it stands."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, NamedTuple

from desk_contracts.errors import NotFound
from desk_contracts.frozen import Frozen
from desk_contracts.message import message
from desk_platform.clock import Clock
from desk_platform.http import STAFF, Principal, WrittenMoment, between, require, sight
from desk_platform.http.language import sentence
from desk_platform.http.tickets import ticket_asked
from fastapi import APIRouter, Depends, Path, Query, Request

from desk_metrics.sla.explanation import ExplainedSpan, Explanation, explain
from desk_metrics.sla.model import TicketClocks
from desk_metrics.sla.policies import PolicyBook

# As every route takes them: what is computed from them exists.
FIRST, LAST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)

AsOf = Annotated[
    Annotated[WrittenMoment, between(FIRST, LAST)] | None, Query(description="Default: now.")
]


class ExplainedSpanView(ExplainedSpan):
    """Some time of a ticket; `text` says why it counted or not, in the language of the answer."""

    text: str


class SlaExplanation(Explanation):
    """One SLA, each stretch of time explained in words."""

    explanation: tuple[ExplainedSpanView, ...]
    because: str
    """Why it was cancelled; empty if it was not."""


class TicketSla(Frozen):
    """Every SLA of a ticket as it stands at a moment, each stretch of time explained."""

    ticket: str
    as_of: datetime
    slas: tuple[SlaExplanation, ...]


class SlaTicket(NamedTuple):
    """A ticket's clocks, and whose it is."""

    id: str
    clocks: TicketClocks
    service: str
    team: str


def sla_router(
    find: Callable[[str], Awaitable[SlaTicket | None]],
    book: Callable[[], PolicyBook],
    clock: Clock,
) -> APIRouter:
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
        ticket, seen = ticket_asked(ticket), sight(request, caller)
        record = await find(ticket)
        if record is None or seen.hides(record.service, record.team):
            raise NotFound(message("sla.no-ticket", ticket=ticket), ticket=ticket)
        at = as_of or clock.now()
        slas = tuple(map(_view, explain(record.clocks, book(), at)))
        return TicketSla(ticket=record.id, as_of=at, slas=slas)

    return router


def _view(explanation: Explanation) -> SlaExplanation:
    because = sentence(explanation.cancelled_because) if explanation.cancelled_because else ""
    stretches = tuple(
        ExplainedSpanView(**dict(item), text=sentence(item.message))
        for item in explanation.explanation
    )
    return SlaExplanation(**{**dict(explanation), "explanation": stretches, "because": because})

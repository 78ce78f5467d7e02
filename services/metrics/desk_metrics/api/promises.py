"""`GET /v1/promises/{ticket}`: why a promise stands where it stands."""

from datetime import datetime
from typing import Annotated

from desk_shared.errors import NotFound
from desk_shared.http import STAFF, require
from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict

from desk_metrics.api.asked import AsOf
from desk_metrics.domain.explain import Explanation, explain
from desk_metrics.ports import MetricsDeps


class TicketPromises(BaseModel):
    """Every promise of a ticket as it stands at a moment, each stretch of time explained."""

    model_config = ConfigDict(frozen=True)

    ticket: str
    as_of: datetime
    promises: tuple[Explanation, ...]


def promises_router(deps: MetricsDeps) -> APIRouter:
    """The one route."""
    router = APIRouter(prefix="/v1/promises", tags=["promises"])

    @router.get("/{ticket}", dependencies=[Depends(require(*STAFF))])
    async def explain_promises(
        ticket: Annotated[str, Path(max_length=200)], as_of: AsOf = None
    ) -> TicketPromises:
        """Which minutes counted and which did not, why, and under which policy and version."""
        found = (await deps.tickets.load([ticket])).get(ticket)
        if found is None or found.state is None:
            raise NotFound(
                f"No ticket '{ticket}' is known here. Give its id, not its code; a ticket opened"
                " a moment ago may need another second.",
                ticket=ticket,
            )
        at = as_of or deps.clock.now()
        return TicketPromises(
            ticket=ticket, as_of=at, promises=explain(found.state.clocks, deps.book(), at)
        )

    return router

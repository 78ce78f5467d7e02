"""`GET /v1/reports/systems`: which services cost people most, and what to do about them."""

from typing import Annotated

from desk_kernel.sight import Sight
from desk_platform.clock import Clock
from desk_platform.http import STAFF, Principal, require, sight
from desk_platform.http.language import spoken_catalogue
from fastapi import APIRouter, Depends, Query, Request

from desk_metrics.reports.store import (
    UNRANKED,
    UNSENT,
    Sources,
    Systems,
    parse_period,
    rank_systems,
)
from desk_metrics.sla.api import AsOf


def reports_router(sources: Sources, clock: Clock) -> APIRouter:
    """The routes about reports."""
    router = APIRouter(prefix="/v1/reports", tags=["reports"])

    @router.get(
        "/systems",
        response_model_exclude={
            "systems": {"__all__": UNSENT},
            "unranked": {"__all__": UNSENT | UNRANKED},
        },
    )
    async def systems(
        request: Request,
        caller: Annotated[Principal, Depends(require(*STAFF))],
        period: Annotated[
            str,
            Query(
                max_length=21,
                description="2026-W47, 2026-11, 2026-11-28, or from one to another:"
                " 2026-W44/2026-W47. Default: the four weeks that end today.",
            ),
        ] = "",
        as_of: AsOf = None,
    ) -> Systems:
        """Services ranked by the time they cost people, each with a proposal and its reasons."""
        at = as_of or clock.now()
        ranked = await rank_systems(sources, parse_period(period, at), at, spoken_catalogue())
        return _shown(ranked, sight(request, caller))

    return router


def _shown(ranked: Systems, seen: Sight) -> Systems:
    """Without services that are hidden from the caller, ranked as if there were no others: a rank
    left out would tell how many are hidden, and what they cost."""
    shown = [service for service in ranked.systems if not seen.hides(service.service, service.team)]
    systems = tuple(
        shown_service.model_copy(update={"rank": rank, "of": len(shown)})
        for rank, shown_service in enumerate(shown, start=1)
    )
    unranked = tuple(item for item in ranked.unranked if not seen.hides(item.service, item.team))
    answers = {name: answer for name, answer in ranked.answers.items() if not seen.hides(name)}
    why = {item.service: ranked.why[item.service] for item in (*shown, *unranked)}
    return ranked.model_copy(
        update={"systems": systems, "unranked": unranked, "why": why, "answers": answers}
    )

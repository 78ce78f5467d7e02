"""`GET /v1/reports/systems`: which services cost people most, and what to do about them."""

from datetime import datetime
from typing import Annotated

from desk_shared.clock import Clock
from desk_shared.events.reports import ServiceRanked
from desk_shared.frozen import Frozen
from desk_shared.http import STAFF, Principal, require, sight
from desk_shared.http.language import spoken_catalogue
from desk_shared.kernel.sight import Sight
from desk_shared.messages import Catalogue
from fastapi import APIRouter, Depends, Query, Request

from desk_metrics.api.asked import AsOf
from desk_metrics.domain.demand import DemandEntry
from desk_metrics.domain.periods import Period, read_period, weeks_before
from desk_metrics.domain.reporting import WEEKS
from desk_metrics.systems import Sources

# What only a report that was sent can know; where that stands is told beside it.
UNSENT = {
    "in_a_row", "unanswered", "unanswered_since", "escalated", "escalated_to", "answer",
    "target_date", "outcome",
}  # fmt: skip


class Systems(Frozen):
    """Every service by the time it cost people in a period, as known at a moment.

    `why` says in sentences why each proposal is made; `answers` says of each service that a report
    asks about where that stands with its owner today; `demand` is what people asked for that there
    is not.
    """

    period: str
    since: datetime
    until: datetime
    as_of: datetime
    systems: tuple[ServiceRanked, ...]
    why: dict[str, str]
    answers: dict[str, str]
    demand: tuple[DemandEntry, ...]


def reports_router(sources: Sources, clock: Clock) -> APIRouter:
    """The routes about reports."""
    router = APIRouter(prefix="/v1/reports", tags=["reports"])

    @router.get(
        "/systems",
        response_model_exclude={"systems": {"__all__": UNSENT}},
    )
    async def systems(
        request: Request,
        caller: Annotated[Principal, Depends(require(*STAFF))],
        period: Annotated[
            str,
            Query(
                max_length=20,
                description="2026-W47, 2026-11, or from one to another: 2026-W44/2026-W47."
                " Default: the last four whole weeks.",
            ),
        ] = "",
        as_of: AsOf = None,
    ) -> Systems:
        """Services ranked by the time they cost people, each with a proposal and its reasons."""
        at = as_of or clock.now()
        found = await answered(sources, asked_period(period, at), at, spoken_catalogue())
        return _shown(found, sight(request, caller))

    return router


def _shown(found: Systems, seen: Sight) -> Systems:
    """Without services that are hidden from the caller, ranked as if there were no others: a rank
    left out would tell how many are hidden, and what they cost."""
    shown = [one for one in found.systems if not seen.hides(one.service, one.team)]
    systems = tuple(
        one.model_copy(update={"rank": rank, "of": len(shown)})
        for rank, one in enumerate(shown, start=1)
    )
    answers = {name: said for name, said in found.answers.items() if not seen.hides(name)}
    why = {one.service: found.why[one.service] for one in shown}
    return found.model_copy(update={"systems": systems, "why": why, "answers": answers})


def asked_period(text: str, at: datetime) -> Period:
    """The period that was asked for, or the last whole weeks."""
    return read_period(text) if text else weeks_before(at, WEEKS)


async def answered(sources: Sources, period: Period, at: datetime, catalogue: Catalogue) -> Systems:
    """The answer for the HTTP side and the command line."""
    look = await sources.look(period, at)
    standings = await sources.letters.standings(one.service for one in look.systems)
    return Systems(
        period=period.name,
        since=period.start,
        until=period.end,
        as_of=at,
        systems=look.systems,
        why={one.service: catalogue.render_all(one.reasons) for one in look.systems},
        answers={name: catalogue.render(stands) for name, stands in standings.items()},
        demand=look.demand,
    )

"""`GET /v1/experience`: how well people, devices and services are served, the worst first."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from desk_shared.errors import Forbidden, Invalid
from desk_shared.events.message import message
from desk_shared.frozen import Frozen
from desk_shared.http import STAFF, Principal, Role, require, sight
from fastapi import APIRouter, Depends, Query, Request

from desk_metrics.api.asked import AsOf, FromDay, ToDay
from desk_metrics.domain.measures.experience import Experience, Impressions, Of
from desk_metrics.domain.measures.totals import Span
from desk_metrics.domain.worktime import instant, micros
from desk_metrics.ports import MetricsDeps
from desk_metrics.reckoning import cells_between

MOST_DAYS = 366


class ExperienceAnswer(Frozen):
    """The worst first; `known` says of how many anything is known."""

    of: Of
    start: datetime
    end: datetime
    as_of: datetime
    known: int
    mean: float | None
    rows: tuple[Experience, ...]


def experience_router(deps: MetricsDeps) -> APIRouter:
    """The one route."""
    router = APIRouter(prefix="/v1/experience", tags=["measures"])

    @router.get("", summary="Who and what is served worst")
    async def experience(  # noqa: PLR0913, PLR0917 (each is a parameter of the route)
        request: Request,
        caller: Annotated[Principal, Depends(require(*STAFF))],
        of: Annotated[Of, Query(description="Whose experience.")] = Of.SERVICE,
        first: FromDay = None,
        last: ToDay = None,
        as_of: AsOf = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> ExperienceAnswer:
        """Score from technology and sentiment, each part beside it. People: owners, operators."""
        if of is Of.PERSON and not caller.has_role(Role.OWNER, Role.OPERATOR):
            raise Forbidden(message("experience.people-are-private"))
        span = span_of(first, last, as_of or deps.clock.now())
        seen = sight(request, caller)
        every = await experiences(deps, span, of)
        found = [one for one in every if of is not Of.SERVICE or not seen.hides(one.name)]
        return _answer(of, span, found, limit)

    return router


def span_of(first: date | None, last: date | None, as_of: datetime) -> Span:
    """Whole days, without any the last four weeks."""
    last = last or as_of.date()
    first = first or last - timedelta(days=27)
    if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
        why = message("asked.bad-days", most=MOST_DAYS, first=first, last=last)
        raise Invalid(why, code="bad-days")
    start, end = (datetime.combine(one, time(), UTC) for one in (first, last + timedelta(days=1)))
    return Span(micros(start), micros(end), micros(as_of))


async def experiences(deps: MetricsDeps, span: Span, of: Of) -> list[Experience]:
    """Everyone that anything is known of in a span."""
    impressions = Impressions(span, of)
    first, last = instant(span.start).date(), instant(span.end - 1).date()
    async for cell in cells_between(deps.cells, first, last):
        impressions.add(cell)
    return impressions.experiences()


def _answer(of: Of, span: Span, found: list[Experience], limit: int) -> ExperienceAnswer:
    return ExperienceAnswer(
        of=of,
        start=instant(span.start),
        end=instant(span.end),
        as_of=instant(span.as_of),
        known=len(found),
        mean=sum(one.score for one in found) / len(found) if found else None,
        rows=tuple(found[:limit]),
    )

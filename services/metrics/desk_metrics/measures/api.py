"""The HTTP side of measures: `GET /v1/measures` and `GET /v1/experience`."""

import asyncio
import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import partial
from typing import Annotated

from desk_contracts.errors import Forbidden, Invalid
from desk_contracts.frozen import Frozen
from desk_contracts.message import message
from desk_contracts.text import csv_field
from desk_kernel.sight import Sight
from desk_platform.clock import Clock
from desk_platform.http import STAFF, Principal, Role, WrittenDay, between, require, sight
from desk_platform.http.tickets import find_ticket
from desk_platform.store import Documents
from fastapi import APIRouter, Depends, Header, Query, Request, Response

from desk_metrics.measures.decide import service_of, team_of
from desk_metrics.measures.experience import Experience, Impressions, Of
from desk_metrics.measures.figures import Figures
from desk_metrics.measures.model import TicketRecord
from desk_metrics.measures.parquet import PARQUET, parquet_of
from desk_metrics.measures.query import Breakdown, FigureQuery, FigureRow, Grain
from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.store import query_figures, read_buckets
from desk_metrics.measures.totals import QuerySpan
from desk_metrics.sla.api import FIRST, LAST, AsOf, SlaTicket, sla_router
from desk_metrics.sla.policies import PolicyBook
from desk_metrics.sla.worktime import instant, micros

CSV = "text/csv"
MOST_DAYS = 366
FIRST_DAY, LAST_DAY = FIRST.date(), LAST.date()
AskedDay = Annotated[WrittenDay, between(FIRST_DAY, LAST_DAY)]
FromDay = Annotated[
    AskedDay | None,
    Query(alias="from", description="First day, UTC."),
]
ToDay = Annotated[
    AskedDay | None,
    Query(alias="to", description="Last day, included."),
]


@dataclass(frozen=True, slots=True)
class MetricsDeps:
    """Everything a request may need."""

    tickets: Documents[TicketRecord]
    buckets: Documents[Bucket]
    book: Callable[[], PolicyBook]
    clock: Clock
    people: int = 0
    cost_per_minute: float = 0.0


class Format(StrEnum):
    """How figures are written."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


_BY_MEDIA = {CSV: Format.CSV, PARQUET: Format.PARQUET}


class MeasuresRow(Frozen):
    """The figures of one slice in one stretch; what cannot be told is null."""

    start: datetime
    end: datetime
    slice: str
    figures: Figures


class Measures(Frozen):
    """Figures by time and slice, by event time, as known at a moment. Durations are seconds."""

    as_of: datetime
    by: Breakdown | None
    grain: Grain
    rows: tuple[MeasuresRow, ...]


def measures_router(deps: MetricsDeps) -> APIRouter:
    """The one route."""
    router = APIRouter(prefix="/v1/measures", tags=["measures"])

    @router.get(
        "",
        response_model=Measures,
        responses={200: {"content": {CSV: {}, PARQUET: {}}}},
    )
    async def measures(
        request: Request,
        caller: Annotated[Principal, Depends(require(*STAFF))],
        query: Annotated[FigureQuery, Depends(_question(deps))],
        format: Annotated[Format | None, Query(description="Default: as accepted.")] = None,  # noqa: A002 (the word people type)
        accept: Annotated[str, Header()] = "",
    ) -> Response | Measures:
        """What the desk did in a stretch of days: volume, flow, waiting, SLAs, prevention."""
        figures = await query_figures(deps.buckets, query, deps.people, deps.cost_per_minute)
        rows = _without_confidential(figures, query.by, sight(request, caller))
        media = accept.partition(",")[0].partition(";")[0].strip().lower()
        match format or _BY_MEDIA.get(media, Format.JSON):
            case Format.CSV:
                return Response(_write_csv(rows), media_type=CSV)
            case Format.PARQUET:
                file = await asyncio.to_thread(parquet_of, query, rows)
                return Response(file, media_type=PARQUET)
        return Measures(
            as_of=query.as_of,
            by=query.by,
            grain=query.grain,
            rows=tuple(
                MeasuresRow(start=row.start, end=row.end, slice=row.slice, figures=row.figures)
                for row in rows
            ),
        )

    return router


def _without_confidential(
    rows: Sequence[FigureRow], by: Breakdown | None, seen: Sight
) -> list[FigureRow]:
    """Rows of what the caller may see; sums of all stay as they are, since they name nobody."""
    match by:
        case Breakdown.SERVICE:
            return [row for row in rows if not seen.hides(service=row.slice)]
        case Breakdown.TEAM:
            return [row for row in rows if not seen.hides(team=row.slice)]
        case _:
            return list(rows)


def _question(deps: MetricsDeps) -> Callable[..., FigureQuery]:
    def read(
        first: FromDay = None,
        last: ToDay = None,
        by: Breakdown | None = None,
        grain: Grain = Grain.DAY,
        as_of: AsOf = None,
    ) -> FigureQuery:
        """Without days it is about the last four weeks."""
        at = as_of or deps.clock.now()
        last = last or at.date()
        return FigureQuery(first or last - timedelta(days=27), last, by, grain, at)

    return read


def _write_csv(rows: Sequence[FigureRow]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    names = tuple(rows[0].figures) if rows else ()
    writer.writerow(map(csv_field, ("start", "end", "slice", *names)))
    for row in rows:
        figures = (row.figures[name] for name in names)
        values = (row.start.isoformat(), row.end.isoformat(), row.slice, *figures)
        writer.writerow("" if value is None else csv_field(value) for value in values)
    return out.getvalue()


class ExperienceAnswer(Frozen):
    """The worst first; `rated` says of how many there is a score."""

    of: Of
    start: datetime
    end: datetime
    as_of: datetime
    rated: int
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
        visible = [item for item in every if of is not Of.SERVICE or not seen.hides(item.name)]
        return _answer(of, span, visible, limit)

    return router


def span_of(first: date | None, last: date | None, as_of: datetime) -> QuerySpan:
    """Whole days, without any the last four weeks."""
    last = last or as_of.date()
    first = first or last - timedelta(days=27)
    if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
        why = message("asked.bad-days", most=MOST_DAYS, first=first, last=last)
        raise Invalid(why, code="bad-days")
    start, end = (datetime.combine(item, time(), UTC) for item in (first, last + timedelta(days=1)))
    return QuerySpan(micros(start), micros(end), micros(as_of))


async def experiences(deps: MetricsDeps, span: QuerySpan, of: Of) -> list[Experience]:
    """Everyone that anything is known of in a span."""
    impressions = Impressions(span, of)
    first, last = instant(span.start).date(), instant(span.end - 1).date()
    async for bucket in read_buckets(deps.buckets, first, last):
        impressions.add(bucket)
    return impressions.experiences()


def _answer(of: Of, span: QuerySpan, items: list[Experience], limit: int) -> ExperienceAnswer:
    return ExperienceAnswer(
        of=of,
        start=instant(span.start),
        end=instant(span.end),
        as_of=instant(span.as_of),
        rated=len(items),
        mean=sum(item.score for item in items) / len(items) if items else None,
        rows=tuple(items[:limit]),
    )


def metrics_routers(deps: MetricsDeps, *more: APIRouter) -> list[APIRouter]:
    """Its routes; `more` are those that need more than these dependencies."""
    return [
        sla_router(partial(_sla_ticket, deps.tickets), deps.book, deps.clock),
        measures_router(deps),
        *more,
    ]


async def _sla_ticket(tickets: Documents[TicketRecord], ref: str) -> SlaTicket | None:
    stored = await find_ticket(tickets, ref)
    record = stored.state if stored else None
    if stored is None or record is None:
        return None
    return SlaTicket(stored.id, record.clocks, service_of(record), team_of(record))

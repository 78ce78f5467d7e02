"""`GET /v1/measures`: what the desk did in a stretch of days, as JSON, CSV or Parquet."""

import asyncio
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from desk_shared.frozen import Frozen
from desk_shared.http import STAFF, Principal, require, sight
from desk_shared.kernel.sight import Sight
from desk_shared.text import csv_cell
from fastapi import APIRouter, Depends, Header, Query, Request, Response

from desk_metrics.api.asked import AsOf, FromDay, ToDay
from desk_metrics.api.parquet import PARQUET, parquet_of
from desk_metrics.domain.measures.figures import Figures
from desk_metrics.ports import MetricsDeps
from desk_metrics.reckoning import Answer, Asked, By, Grain, reckon

CSV = "text/csv"


class Format(StrEnum):
    """How figures are written."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


class Row(Frozen):
    """The figures of one slice in one stretch; what cannot be told is null."""

    start: datetime
    end: datetime
    slice: str
    figures: Figures


class Measures(Frozen):
    """Figures by time and slice, by event time, as known at a moment. Durations are seconds."""

    as_of: datetime
    by: By | None
    grain: Grain
    rows: tuple[Row, ...]


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
        asked: Annotated[Asked, Depends(_question(deps))],
        format: Annotated[Format | None, Query(description="Default: as accepted.")] = None,  # noqa: A002 (the word people type)
        accept: Annotated[str, Header()] = "",
    ) -> Response | Measures:
        """What the desk did in a stretch of days: volume, flow, waiting, SLAs, prevention."""
        found = await reckon(deps.cells, asked, deps.people, deps.cost_per_minute)
        rows = _shown(found, asked.by, sight(request, caller))
        match format or _accepted(accept):
            case Format.CSV:
                return Response("".join(_csv(rows)), media_type=CSV)
            case Format.PARQUET:
                file = await asyncio.to_thread(parquet_of, asked, rows)
                return Response(file, media_type=PARQUET)
        return Measures(
            as_of=asked.as_of,
            by=asked.by,
            grain=asked.grain,
            rows=tuple(
                Row(start=one.start, end=one.end, slice=one.slice, figures=one.figures)
                for one in rows
            ),
        )

    return router


def _shown(rows: Sequence[Answer], by: By | None, seen: Sight) -> list[Answer]:
    """Without what is confidential to the caller; sums of all keep it, since they name nobody."""
    if by is By.SERVICE:
        return [one for one in rows if not seen.hides(service=one.slice)]
    return [one for one in rows if by is not By.TEAM or not seen.hides(team=one.slice)]


def _question(deps: MetricsDeps) -> Callable[..., Asked]:
    def read(
        first: FromDay = None,
        last: ToDay = None,
        by: By | None = None,
        grain: Grain = Grain.DAY,
        as_of: AsOf = None,
    ) -> Asked:
        """Without days it is about the last four weeks."""
        at = as_of or deps.clock.now()
        last = last or at.date()
        return Asked(first or last - timedelta(days=27), last, by, grain, at)

    return read


def _accepted(accept: str) -> Format:
    """The first that is named counts; whoever names nothing we write gets JSON."""
    media = accept.partition(",")[0].partition(";")[0].strip().lower()
    return {CSV: Format.CSV, PARQUET: Format.PARQUET}.get(media, Format.JSON)


def _csv(rows: Sequence[Answer]) -> Iterator[str]:
    names = tuple(rows[0].figures) if rows else ()
    yield _line(("start", "end", "slice", *names))
    for one in rows:
        figures = (one.figures[name] for name in names)
        yield _line((one.start.isoformat(), one.end.isoformat(), one.slice, *figures))


def _line(values: Sequence[object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow("" if value is None else csv_cell(value) for value in values)
    return out.getvalue()

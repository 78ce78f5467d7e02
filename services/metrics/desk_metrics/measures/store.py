"""Rollups, their daily sums and all that fills them, as they are kept and read.

Daily sums are made when somebody looks, and again once a rollup has changed: nothing is written
where rollups are written. What was made of older ones is seen by their versions, so sums need no
marks: made twice, by two replicas or in any order they are the same.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from desk_contracts.rfc3339 import EARLIEST
from desk_platform.store import Documents, Schema, Stored
from desk_platform.store.pages import pages

from desk_metrics.measures.balance import Balance, balance_of, read_balance, write_balance
from desk_metrics.measures.contributions import PARTS
from desk_metrics.measures.decide import is_at_risk, team_of
from desk_metrics.measures.figures import figures_of, without_services
from desk_metrics.measures.model import TicketRecord
from desk_metrics.measures.outages import Outages
from desk_metrics.measures.query import (
    MOST_ROWS,
    FigureQuery,
    FigureRow,
    _too_many_rows,
)
from desk_metrics.measures.returns import Returns
from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.sums import Cut, DaySums, sums_of
from desk_metrics.measures.surveys import KeptResponse
from desk_metrics.measures.totals import TotalsQuery
from desk_metrics.measures.watched import Detections, Repairs
from desk_metrics.sla.worktime import instant, micros


def ticket_facets(ticket: TicketRecord) -> Mapping[str, object]:
    """What tickets are found by, and what gauges read of open ones."""
    facets = {"open": ticket.is_open, "evaluated": ticket.evaluated, "code": ticket.code}
    if ticket.is_open:
        facets["team"] = team_of(ticket)
        if is_at_risk(ticket):
            facets["at_risk"] = True
    return facets


TICKETS = Schema(
    collection="tickets",
    model=TicketRecord,
    facets=ticket_facets,
    searched=(("open",), ("open", "evaluated"), ("code",)),
    kept="one for each ticket, always: figures are made again from it when policies change",
)
BUCKETS = Schema(
    collection="buckets",
    model=Bucket,
    facets=lambda bucket: {"day": bucket.day, "balance": write_balance(balance_of(bucket))},
    searched=(("day",),),
    kept="a fixed number for each day, always: the figures",
)
SUMS = Schema(
    collection="sums",
    model=DaySums,
    kept="one for each day, always: the figures",
)
REPAIRS = Schema(
    collection="repairs",
    model=Repairs,
    kept="one for each runbook and target",
)
DETECTIONS = Schema(
    collection="detections",
    model=Detections,
    kept="one for each device or service",
)
OUTAGES = Schema(
    collection="outages",
    model=Outages,
    kept="one for each device or service",
)
RESPONSES = Schema(
    collection="survey_responses",
    model=KeptResponse,
    kept="one for each matter that was judged, always: the last word counts",
)
RETURNS = Schema(
    collection="returns",
    model=Returns,
    kept="one for each person",
)

# A day of sums, or all its buckets where sums cannot tell.
Day = DaySums | tuple[Bucket, ...]
_DAY = timedelta(days=1)
_PAGE = 64
_BALANCES = 500
# Sums made by other rules are seen as those of other buckets; 2: only moments that can be believed.
RULES = (2,)


class DailySums:
    """One book of sums: whoever looks for the same cuts again finds them made."""

    def __init__(self, book: str, buckets: Documents[Bucket], sums: Documents[DaySums]) -> None:
        self._book = book
        self._buckets = buckets
        self._sums = sums

    async def days(
        self,
        first: date,
        last: date,
        cuts: Sequence[Cut],
        as_of: datetime,
        whole: Collection[date] = (),
    ) -> AsyncIterator[Day]:
        """Each day (both included) that has any, oldest first; those in `whole` as their buckets,
        and those that were different at that moment."""
        as_of_us = micros(as_of)
        for page in _pages(first, last):
            versions = await self._buckets.versions(id for day in page for id in _ids(day))
            kept = await self._sums.load(self._id(day) for day in page if day not in whole)
            for day in page:
                made_of = tuple(versions.get(id, 0) for id in _ids(day))
                if not any(made_of):
                    continue
                made_of += RULES
                if day in whole:
                    yield (await self._read(day))[0]
                else:
                    stored = kept.get(self._id(day)) or Stored(self._id(day))
                    yield await self._sum_day(stored, day, made_of, cuts, as_of_us)

    async def _sum_day(
        self,
        stored: Stored[DaySums],
        day: date,
        made_of: tuple[int, ...],
        cuts: Sequence[Cut],
        as_of_us: int,
    ) -> Day:
        sums, buckets = stored.state, None
        if sums is None or not sums.holds(made_of, cuts):
            buckets, made_of = await self._read(day)
            stored.state = sums = sums_of(str(day), buckets, cuts, made_of)
            # Refused: another replica has made them. Made of older buckets they are seen as such.
            await self._sums.write([stored])
        if sums.known_from < as_of_us:
            return sums
        return (await self._read(day))[0] if buckets is None else buckets

    async def _read(self, day: date) -> tuple[tuple[Bucket, ...], tuple[int, ...]]:
        """The buckets of a day, and the version of each part."""
        stored = await self._buckets.load(_ids(day))
        made_of = tuple(stored[id].version if id in stored else 0 for id in _ids(day))
        buckets = tuple(item.state for item in stored.values() if item.state is not None)
        return buckets, made_of + RULES

    def _id(self, day: date) -> str:
        return f"{self._book}.{day}"


def _ids(day: date) -> list[str]:
    return [f"{day}.{part:02d}" for part in range(PARTS)]


def _pages(first: date, last: date) -> Iterable[list[date]]:
    while first <= last:
        size = min(_PAGE, (last - first).days + 1)
        yield [first + number * _DAY for number in range(size)]
        first += size * _DAY


async def query_figures(
    buckets: Documents[Bucket], query: FigureQuery, people: int, cost_per_minute: float
) -> list[FigureRow]:
    """The figures, by time and then by slice; durations in seconds."""
    totals_query = TotalsQuery(spans := query.spans(), query.by or "")
    async for day in days(buckets, query.first, query.last, query.as_of):
        totals_query.take(day)
        if totals_query.slices * len(spans) > MOST_ROWS:
            raise _too_many_rows(query)
    totals = totals_query.totals()
    places = {span: number for number, span in enumerate(spans)}
    keys = sorted(totals, key=lambda key: (places[key[0]], key[1]))
    # What is of no kind, team or site holds what belongs to services alone.
    has_services = query.by in {None, "", "service"}
    rows = []
    for span, name in keys:
        figures = figures_of(totals[span, name], span, people, cost_per_minute)
        shown = figures if has_services or not name else without_services(figures)
        rows.append(FigureRow(instant(span.start), instant(span.end), name, shown))
    return rows


async def days(
    buckets: Documents[Bucket], first: date, last: date, as_of: datetime
) -> AsyncIterator[Bucket | Balance]:
    """Every bucket of these days (both included), and what each one before left in the backlog."""
    async for earlier in _before(buckets, first, micros(as_of)):
        yield earlier
    async for bucket in read_buckets(buckets, first, last):
        yield bucket


async def read_buckets(
    buckets: Documents[Bucket], first: date, last: date
) -> AsyncIterator[Bucket]:
    """The buckets of some days, both included."""
    async for page in pages(
        lambda after: buckets.find({}, order="day", after=after, limit=_PAGE),
        lambda stored: (stored.state.day if stored.state else "", stored.id),
        (str(first), ""),
    ):
        for item in page:
            if item.state is None or item.state.day > str(last):
                return
            yield item.state


async def _before(
    buckets: Documents[Bucket], first: date, as_of: int
) -> AsyncIterator[Bucket | Balance]:
    """Of each earlier bucket its balance, or all of it if that was another at that moment."""
    async for page in pages(
        lambda after: buckets.find_facets({}, order="day", after=after, limit=_BALANCES),
        lambda row: (str(row[1]["day"]), row[0]),
        (str(EARLIEST.date()), ""),
    ):
        for id, facets in page:
            day, text = str(facets["day"]), facets.get("balance")
            if day >= str(first):
                return
            balance = None if text is None else read_balance(str(text))
            if balance is not None and balance.known_from <= as_of and balance.is_believed:
                yield balance
            elif (bucket := (await buckets.load([id]))[id].state) is not None:
                yield bucket


async def first_day(buckets: Documents[Bucket]) -> date | None:
    """The first day that anything is known of, and that anything can have happened on."""
    earliest = EARLIEST.date().isoformat(), ""
    rows = await buckets.find_facets({}, order="day", after=earliest, limit=1)
    return date.fromisoformat(str(rows[0][1]["day"])) if rows else None

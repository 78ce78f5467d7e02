"""Rollups, their daily sums and all that fills them, as they are kept and read.

Daily sums are made when somebody looks, and again once a rollup has changed: nothing is written
where rollups are written. What was made of older ones is seen by their versions, so sums need no
marks: made twice, by two replicas or in any order they are the same.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from desk_shared.events.moments import EARLIEST
from desk_shared.store import Documents, Schema, Stored
from desk_shared.store.pages import pages

from desk_metrics.measures.balance import Balance, balance_of, read, written
from desk_metrics.measures.contributions import PARTS
from desk_metrics.measures.decide import is_at_risk, team_of
from desk_metrics.measures.figures import figures_of
from desk_metrics.measures.model import TicketRecord
from desk_metrics.measures.outages import Spells
from desk_metrics.measures.query import (
    MOST_ROWS,
    Answer,
    Asked,
    _too_many_rows,
)
from desk_metrics.measures.returns import Returns
from desk_metrics.measures.rollups import Cell
from desk_metrics.measures.sums import Cut, DaySums, sums_of
from desk_metrics.measures.surveys import Voiced
from desk_metrics.measures.totals import Reckoning
from desk_metrics.measures.watched import Repairs, Sights
from desk_metrics.sla.worktime import instant, micros


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

# A day of sums, or all its cells where sums cannot tell.
Day = DaySums | tuple[Cell, ...]
_DAY = timedelta(days=1)
_PAGE = 64
_BALANCES = 500
# Sums made by other rules are seen as those of other cells; 2: only moments that can be believed.
RULES = (2,)


class Kept:
    """One book of sums: whoever looks for the same cuts again finds them made."""

    def __init__(self, book: str, cells: Documents[Cell], sums: Documents[DaySums]) -> None:
        self._book = book
        self._cells = cells
        self._sums = sums

    async def days(
        self,
        first: date,
        last: date,
        cuts: Sequence[Cut],
        as_of: datetime,
        whole: Collection[date] = (),
    ) -> AsyncIterator[Day]:
        """Each day (both included) that has cells, oldest first; those in `whole` as their cells,
        and those that were different at that moment."""
        known = micros(as_of)
        for page in _pages(first, last):
            versions = await self._cells.versions(id for day in page for id in _ids(day))
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
                    yield await self._summed(stored, day, made_of, cuts, known)

    async def _summed(
        self,
        stored: Stored[DaySums],
        day: date,
        made_of: tuple[int, ...],
        cuts: Sequence[Cut],
        known: int,
    ) -> Day:
        sums, cells = stored.state, None
        if sums is None or not sums.holds(made_of, cuts):
            cells, made_of = await self._read(day)
            stored.state = sums = sums_of(str(day), cells, cuts, made_of)
            # Refused: another replica has made them. Made of older cells they are seen as such.
            await self._sums.write([stored])
        if sums.known < known:
            return sums
        return (await self._read(day))[0] if cells is None else cells

    async def _read(self, day: date) -> tuple[tuple[Cell, ...], tuple[int, ...]]:
        """The cells of a day, and the version of each part."""
        found = await self._cells.load(_ids(day))
        made_of = tuple(found[id].version if id in found else 0 for id in _ids(day))
        cells = tuple(one.state for one in found.values() if one.state is not None)
        return cells, made_of + RULES

    def _id(self, day: date) -> str:
        return f"{self._book}.{day}"


def _ids(day: date) -> list[str]:
    return [f"{day}.{part:02d}" for part in range(PARTS)]


def _pages(first: date, last: date) -> Iterable[list[date]]:
    while first <= last:
        size = min(_PAGE, (last - first).days + 1)
        yield [first + number * _DAY for number in range(size)]
        first += size * _DAY


async def reckon(
    cells: Documents[Cell], asked: Asked, people: int, cost_per_minute: float
) -> list[Answer]:
    """The figures, by time and then by slice; durations in seconds."""
    reckoning = Reckoning(spans := asked.spans(), asked.by or "")
    async for one in days(cells, asked.first, asked.last, asked.as_of):
        reckoning.take(one)
        if reckoning.slices * len(spans) > MOST_ROWS:
            raise _too_many_rows(asked)
    found = reckoning.totals()
    places = {span: number for number, span in enumerate(spans)}
    keys = sorted(found, key=lambda key: (places[key[0]], key[1]))
    return [
        Answer(
            instant(span.start),
            instant(span.end),
            name,
            figures_of(found[span, name], span, people, cost_per_minute),
        )
        for span, name in keys
    ]


async def days(
    cells: Documents[Cell], first: date, last: date, as_of: datetime
) -> AsyncIterator[Cell | Balance]:
    """Every cell of these days (both included), and what each one before left in the backlog."""
    async for earlier in _before(cells, first, micros(as_of)):
        yield earlier
    async for cell in cells_between(cells, first, last):
        yield cell


async def cells_between(cells: Documents[Cell], first: date, last: date) -> AsyncIterator[Cell]:
    """The cells of some days, both included."""
    async for page in pages(
        lambda after: cells.find({}, order="day", after=after, limit=_PAGE),
        lambda one: (one.state.day if one.state else "", one.id),
        (str(first), ""),
    ):
        for one in page:
            if one.state is None or one.state.day > str(last):
                return
            yield one.state


async def _before(cells: Documents[Cell], first: date, as_of: int) -> AsyncIterator[Cell | Balance]:
    """Of each earlier cell its balance, or all of it if the balance was another at that moment."""
    async for page in pages(
        lambda after: cells.find_facets({}, order="day", after=after, limit=_BALANCES),
        lambda one: (str(one[1]["day"]), one[0]),
        (str(EARLIEST.date()), ""),
    ):
        for id, facets in page:
            day, text = str(facets["day"]), facets.get("balance")
            if day >= str(first):
                return
            balance = None if text is None else read(str(text))
            if balance is not None and balance.known <= as_of and balance.is_believed:
                yield balance
            elif (cell := (await cells.load([id]))[id].state) is not None:
                yield cell


async def first_day(cells: Documents[Cell]) -> date | None:
    """The first day that anything is known of, and that anything can have happened on."""
    earliest = EARLIEST.date().isoformat(), ""
    found = await cells.find_facets({}, order="day", after=earliest, limit=1)
    return date.fromisoformat(str(found[0][1]["day"])) if found else None

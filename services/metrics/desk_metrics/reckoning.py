"""What measures say of a stretch of days, read from the cells page by page."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from desk_shared.errors import Invalid
from desk_shared.events.message import message
from desk_shared.events.moments import EARLIEST
from desk_shared.store import Documents
from desk_shared.store.pages import pages

from desk_metrics.domain.measures.balance import Balance, read
from desk_metrics.domain.measures.cells import Cell
from desk_metrics.domain.measures.figures import Figures, figures_of
from desk_metrics.domain.measures.totals import Reckoning, Span, spans_of
from desk_metrics.domain.worktime import instant, micros

MOST_SPANS = 750
# Each row has fifty figures; outsiders name sites and services, so there may be any number.
MOST_ROWS = 20_000
_PAGE = 64
_BALANCES = 500
_FIRST, _LAST = date(1970, 1, 1), date(2199, 12, 31)


class By(StrEnum):
    """What figures can be broken down by."""

    TEAM = "team"
    SERVICE = "service"
    KIND = "kind"
    SITE = "site"


class Grain(StrEnum):
    """How long a stretch is."""

    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: days (both included), breakdown, and as known at which moment."""

    first: date
    last: date
    by: By | None
    grain: Grain
    as_of: datetime

    def spans(self) -> tuple[Span, ...]:
        """The stretches, oldest first; refuses what is upside down or too much."""
        if self.last < self.first:
            why = message("asked.days-upside-down", first=self.first, last=self.last)
            raise Invalid(why, code="days-upside-down")
        if self.first < _FIRST or self.last > _LAST:
            why = message("asked.no-such-days", first=_FIRST, last=_LAST)
            raise Invalid(why, code="no-such-days")
        days = 7 if self.grain is Grain.WEEK else 1
        if (self.last - self.first).days // days >= MOST_SPANS:
            why = message("asked.too-many-days", most=MOST_SPANS, grain=self.grain)
            raise Invalid(why, code="too-many-days")
        end = _midnight(self.last + timedelta(days=1))
        return tuple(spans_of(_midnight(self.first), end, days, self.as_of))


def _too_many_rows(asked: Asked) -> Invalid:
    return Invalid(
        message("asked.too-many-rows", by=asked.by or "", most=MOST_ROWS), code="too-many-rows"
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """The figures of one slice in one stretch."""

    start: datetime
    end: datetime
    slice: str
    figures: Figures


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


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

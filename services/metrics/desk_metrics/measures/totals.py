"""Totals: postings added up by measure, for one slice of one stretch of time.

Totals can be merged in any order; figures are worked out of them and of nothing else.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from desk_metrics.measures.balance import Balance, sign_of
from desk_metrics.measures.contributions import Posting
from desk_metrics.measures.rollups import Cell
from desk_metrics.measures.sketch import Sketch
from desk_metrics.measures.sums import Part, Parts
from desk_metrics.sla.worktime import micros


class Span(NamedTuple):
    """From when to when, as known at a moment (microseconds); the end does not belong to it."""

    start: int
    end: int
    as_of: int

    @property
    def until(self) -> int:
        """What is later is not known yet."""
        return max(self.start, min(self.end, self.as_of))

    @property
    def length(self) -> int:
        return self.until - self.start


def spans_of(first: datetime, end: datetime, days: int, as_of: datetime) -> Iterator[Span]:
    """Stretches of so many days each, one after the other; the last may be shorter."""
    while first < end:
        following = min(first + timedelta(days=days), end)
        yield Span(micros(first), micros(following), micros(as_of))
        first = following


@dataclass(slots=True)  # not frozen: it is filled while a question is answered
class Standing:
    """A backlog: how many, and the sum of the moments since when each is there."""

    count: int = 0
    since: int = 0

    def move(self, sign: int, since: int) -> None:
        self.count += sign
        self.since += sign * since


@dataclass(slots=True)  # not frozen: likewise
class Totals:
    """What one slice adds up to in one span."""

    sketches: dict[str, Sketch] = field(default_factory=dict)
    # Postings that take something back, or came to be known after the span's end.
    amended: int = 0
    # The backlog at the end, and its integral over the span in tickets times microseconds.
    standing: Standing = field(default_factory=Standing)
    integral: int = 0

    def count(self, measure: str) -> int:
        found = self.sketches.get(measure)
        return 0 if found is None else found.count

    def sketch(self, measure: str) -> Sketch:
        return self.sketches.get(measure) or Sketch()

    def add(self, posting: Posting, span: Span) -> None:
        self.sketches.setdefault(posting.measure, Sketch()).add(posting.amount, posting.weight)
        self.amended += posting.weight < 0 or posting.known >= span.end
        if sign := sign_of(posting):
            self.standing.move(sign, posting.at - posting.amount)
            self.integral += sign * (span.until - posting.at)

    def add_part(self, part: Part, span: Span) -> None:
        """The sums of a day in the span; how many were amended is not kept in them."""
        for measure, sketch in part.sketches.items():
            self.sketches.setdefault(measure, Sketch()).merge(sketch)
        self.standing.count += part.tickets
        self.standing.since += part.since
        self.integral += part.tickets * span.until - part.moved

    def carry(self, before: Standing, span: Span) -> None:
        """What was there already when the span began."""
        self.standing.move(before.count, 0)
        self.standing.since += before.since
        self.integral += before.count * span.length


Key = tuple[Span, str]


class Reckoning:
    """Adds up cells one by one, for spans that follow one another and one slice.

    What was before the first span counts as there when it begins.
    """

    def __init__(self, spans: Sequence[Span], by: str = "") -> None:
        self._spans, self._by = tuple(spans), by
        self._starts = [span.start for span in spans]
        self._found: dict[Key, Totals] = {}
        self._before: dict[str, Standing] = {} if by else {"": Standing()}

    def add(self, cell: Cell) -> None:
        for entry in cell.entries:
            name = str(getattr(entry.slice, self._by)) if self._by else ""
            for posting in entry.believed:
                self._post(name, posting)

    def take(self, one: Cell | Balance) -> None:
        """A cell, or of one from before the first span what it left in the backlog."""
        if isinstance(one, Cell):
            self.add(one)
        else:
            self._carry(one)

    def take_day(self, start: int, parts: Parts) -> None:
        """The sums of the day that begins then; no span begins or ends within it but at `as_of`,
        and the sums are true of that moment."""
        place = bisect_right(self._starts, start) - 1
        span = self._spans[max(0, place)]
        if place >= 0 and start >= span.until:
            return
        for name, part in parts.items():
            standing = self._before.setdefault(name, Standing())
            if place >= 0:
                self._found.setdefault((span, name), Totals()).add_part(part, span)
            else:
                standing.count += part.tickets
                standing.since += part.since

    @property
    def slices(self) -> int:
        """How many values of the slice there are so far."""
        return len(self._before)

    def _carry(self, balance: Balance) -> None:
        for move in balance.moves:
            name = getattr(move, self._by) if self._by else ""
            standing = self._before.setdefault(name, Standing())
            standing.count += move.tickets
            standing.since += move.since

    def _post(self, name: str, posting: Posting) -> None:
        place = bisect_right(self._starts, posting.at) - 1
        span = self._spans[max(0, place)]
        if posting.known > span.as_of or (place >= 0 and posting.at >= span.until):
            return
        if place >= 0:
            self._before.setdefault(name, Standing())
            self._found.setdefault((span, name), Totals()).add(posting, span)
        elif sign := sign_of(posting):
            standing = self._before.setdefault(name, Standing())
            standing.move(sign, posting.at - posting.amount)

    def totals(self) -> dict[Key, Totals]:
        """For each value of the slice every span. Ask once, at the end."""
        return _carried(self._found, self._before, self._spans)


def totals_of(cells: Iterable[Cell], spans: Sequence[Span], by: str = "") -> dict[Key, Totals]:
    """All of it at once."""
    reckoning = Reckoning(spans, by)
    for cell in cells:
        reckoning.add(cell)
    return reckoning.totals()


def _carried(
    found: dict[Key, Totals], before: dict[str, Standing], spans: Sequence[Span]
) -> dict[Key, Totals]:
    """Every span of every name, each beginning with what the one before left."""
    carried: dict[Key, Totals] = {}
    for name, standing in sorted(before.items()):
        there = standing
        for span in spans:
            totals = found.get((span, name)) or Totals()
            totals.carry(there, span)
            there = totals.standing
            carried[span, name] = totals
    return carried

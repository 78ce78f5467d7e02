"""Totals: contributions added up by measure, for one slice of one stretch of time.

Totals can be merged in any order; figures are worked out of them and of nothing else.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from desk_metrics.measures.balance import Balance, sign_of
from desk_metrics.measures.contributions import Contribution
from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.sketch import Sketch
from desk_metrics.measures.sums import Part, Parts
from desk_metrics.sla.worktime import micros


class QuerySpan(NamedTuple):
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


def spans_of(first: datetime, end: datetime, days: int, as_of: datetime) -> Iterator[QuerySpan]:
    """Stretches of so many days each, one after the other; the last may be shorter."""
    while first < end:
        following = min(first + timedelta(days=days), end)
        yield QuerySpan(micros(first), micros(following), micros(as_of))
        first = following


@dataclass(slots=True)  # not frozen: it is filled while a question is answered
class Backlog:
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
    # Contributions that take something back, or came to be known after the span's end.
    amended: int = 0
    # The backlog at the end, and its integral over the span in tickets times microseconds.
    status: Backlog = field(default_factory=Backlog)
    integral: int = 0

    def count(self, measure: str) -> int:
        sketch = self.sketches.get(measure)
        return 0 if sketch is None else sketch.count

    def sketch(self, measure: str) -> Sketch:
        return self.sketches.get(measure) or Sketch()

    def add(self, contribution: Contribution, span: QuerySpan) -> None:
        self.sketches.setdefault(contribution.measure, Sketch()).add(
            contribution.amount, contribution.weight
        )
        self.amended += contribution.weight < 0 or contribution.known_at >= span.end
        if sign := sign_of(contribution):
            self.status.move(sign, contribution.at - contribution.amount)
            self.integral += sign * (span.until - contribution.at)

    def add_part(self, part: Part, span: QuerySpan) -> None:
        """The sums of a day in the span; how many were amended is not kept in them."""
        for measure, sketch in part.sketches.items():
            self.sketches.setdefault(measure, Sketch()).merge(sketch)
        self.status.count += part.tickets
        self.status.since += part.since
        self.integral += part.tickets * span.until - part.moved

    def carry(self, before: Backlog, span: QuerySpan) -> None:
        """What was there already when the span began."""
        self.status.move(before.count, 0)
        self.status.since += before.since
        self.integral += before.count * span.length


Key = tuple[QuerySpan, str]


class TotalsQuery:
    """Adds up buckets one by one, for spans that follow one another and one slice.

    What was before the first span counts as there when it begins.
    """

    def __init__(self, spans: Sequence[QuerySpan], by: str = "") -> None:
        self._spans, self._by = tuple(spans), by
        self._starts = [span.start for span in spans]
        self._totals: dict[Key, Totals] = {}
        self._before: dict[str, Backlog] = {} if by else {"": Backlog()}

    def add(self, bucket: Bucket) -> None:
        for entry in bucket.entries:
            name = str(getattr(entry.slice, self._by)) if self._by else ""
            for contribution in entry.believed:
                self._post(name, contribution)

    def take(self, counted: Bucket | Balance) -> None:
        """A bucket, or of one from before the first span what it left in the backlog."""
        if isinstance(counted, Bucket):
            self.add(counted)
        else:
            for move in counted.moves:
                name = getattr(move, self._by) if self._by else ""
                status = self._before.setdefault(name, Backlog())
                status.count += move.tickets
                status.since += move.since

    def take_day(self, start: int, parts: Parts) -> None:
        """The sums of the day that begins then; no span begins or ends within it but at `as_of`,
        and the sums are true of that moment."""
        place = bisect_right(self._starts, start) - 1
        span = self._spans[max(0, place)]
        if place >= 0 and start >= span.until:
            return
        for name, part in parts.items():
            status = self._before.setdefault(name, Backlog())
            if place >= 0:
                self._totals.setdefault((span, name), Totals()).add_part(part, span)
            else:
                status.count += part.tickets
                status.since += part.since

    @property
    def slices(self) -> int:
        """How many values of the slice there are so far."""
        return len(self._before)

    def _post(self, name: str, contribution: Contribution) -> None:
        place = bisect_right(self._starts, contribution.at) - 1
        span = self._spans[max(0, place)]
        if contribution.known_at > span.as_of or (place >= 0 and contribution.at >= span.until):
            return
        if place >= 0:
            self._before.setdefault(name, Backlog())
            self._totals.setdefault((span, name), Totals()).add(contribution, span)
        elif sign := sign_of(contribution):
            status = self._before.setdefault(name, Backlog())
            status.move(sign, contribution.at - contribution.amount)

    def totals(self) -> dict[Key, Totals]:
        """For each value of the slice every span. Ask once, at the end."""
        return _carry_over(self._totals, self._before, self._spans)


def totals_of(
    buckets: Iterable[Bucket], spans: Sequence[QuerySpan], by: str = ""
) -> dict[Key, Totals]:
    """All of it at once."""
    totals_query = TotalsQuery(spans, by)
    for bucket in buckets:
        totals_query.add(bucket)
    return totals_query.totals()


def _carry_over(
    totals_of: dict[Key, Totals], before: dict[str, Backlog], spans: Sequence[QuerySpan]
) -> dict[Key, Totals]:
    """Every span of every name, each beginning with what the one before left."""
    carried: dict[Key, Totals] = {}
    for name, status in sorted(before.items()):
        there = status
        for span in spans:
            totals = totals_of.get((span, name)) or Totals()
            totals.carry(there, span)
            there = totals.status
            carried[span, name] = totals
    return carried

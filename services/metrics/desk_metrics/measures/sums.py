"""Sums of a day: what its buckets add up to in a few cuts, so that a long look needs no buckets.

Made of buckets and of nothing else: `made_of` names the version of each part of the day that they
were made of, so whoever looks sees whether they still hold. Whole numbers in one order: the same
buckets have the same bytes, whatever order they came in.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import NamedTuple

from desk_metrics.measures.balance import sign_of
from desk_metrics.measures.contributions import Contribution, Where
from desk_metrics.measures.demand import is_only_said
from desk_metrics.measures.rollups import Bucket, Entry
from desk_metrics.measures.sketch import Sketch
from desk_metrics.sla.worktime import micros


class Cut(NamedTuple):
    """One way of adding up: which entries, told apart by which part of their slice, and which
    measures, each without what follows its colon."""

    where: Where = Where()
    by: str = ""
    measures: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Under which its sums are kept; equal cuts have equal keys."""
        content = repr((tuple(self.where), self.by, self.measures)).encode()
        return hashlib.blake2b(content, digest_size=8).hexdigest()


@dataclass(slots=True)  # not frozen: it is filled while buckets are read
class Part:
    """What one name adds up to in one day."""

    sketches: dict[str, Sketch] = field(default_factory=dict)
    # Arrivals less departures; the sums of when each of them came, and of when it moved.
    tickets: int = 0
    since: int = 0
    moved: int = 0
    # Moments of the first and the last sign of life; 0: none. A wish is no sign of life.
    first: int = 0
    last: int = 0

    def add(self, contribution: Contribution, about: "_About", measures: frozenset[str]) -> None:
        if about.source in measures:
            sketch = self.sketches.get(contribution.measure)
            if sketch is None:
                sketch = self.sketches[contribution.measure] = Sketch()
            sketch.add(contribution.amount, contribution.weight)
        if about.way:
            sign = sign_of(contribution)
            self.tickets += sign
            self.since += sign * (contribution.at - contribution.amount)
            self.moved += sign * contribution.at
        if about.is_life:
            if not self.first or contribution.at < self.first:
                self.first = contribution.at
            self.last = max(self.last, contribution.at)

    def in_order(self) -> "Part":
        """Equal sums written in equal bytes."""
        sketches = {
            name: Sketch(sketch.count, sketch.total, dict(sorted(sketch.buckets.items())))
            for name, sketch in sorted(self.sketches.items())
            if sketch != Sketch()
        }
        return Part(sketches, self.tickets, self.since, self.moved, self.first, self.last)


Parts = dict[str, Part]


class _About(NamedTuple):
    """What a measure's name says: without what follows its colon, whether it moves a backlog,
    whether it is a sign of life."""

    source: str
    way: bool
    is_life: bool


@lru_cache(maxsize=4096)
def _about(measure: str) -> _About:
    way = bool(sign_of(Contribution(measure, 0, 0)))
    return _About(measure.partition(":")[0], way, not is_only_said(measure))


@dataclass(frozen=True, slots=True)
class DaySums:
    """A day in each cut, by its key. True as known at any moment after `known_from`."""

    day: str
    made_of: tuple[int, ...] = ()
    known_from: int = 0
    cuts: dict[str, Parts] = field(default_factory=dict)

    @property
    def start(self) -> int:
        """Its midnight, UTC."""
        return micros(datetime.combine(date.fromisoformat(self.day), time(), UTC))

    def holds(self, made_of: tuple[int, ...], cuts: Iterable[Cut]) -> bool:
        """Whether the buckets are still those, and all of this was asked for when it was made."""
        return self.made_of == made_of and all(cut.key in self.cuts for cut in cuts)


def sums_of(
    day: str, buckets: Iterable[Bucket], cuts: Iterable[Cut], made_of: tuple[int, ...] = ()
) -> DaySums:
    """The sums over all buckets of a day."""
    known_from, parts_of_cuts = 0, [(cut, frozenset(cut.measures), Parts()) for cut in cuts]
    for bucket in buckets:
        for entry in bucket.entries:
            wanted = list(_select_parts(entry, parts_of_cuts))
            for contribution in entry.believed:
                known_from = max(known_from, contribution.known_at, contribution.at)
                about = _about(contribution.measure)
                for part, measures in wanted:
                    part.add(contribution, about, measures)
    kept = {
        cut.key: {name: part.in_order() for name, part in sorted(parts.items())}
        for cut, _, parts in parts_of_cuts
    }
    return DaySums(day, made_of, known_from, dict(sorted(kept.items())))


def _select_parts(
    entry: Entry, parts_of_cuts: Iterable[tuple[Cut, frozenset[str], Parts]]
) -> Iterator[tuple[Part, frozenset[str]]]:
    """The part of each cut that the entry belongs to; an empty entry took back what was there."""
    for cut, measures, parts in parts_of_cuts:
        if entry.contributions and cut.where.matches(entry.slice):
            name = str(getattr(entry.slice, cut.by)) if cut.by else ""
            if (part := parts.get(name)) is None:
                part = parts[name] = Part()
            yield part, measures

"""Buckets: who posted what to one part of one day, at which revision.

An entry is replaced whole by a newer revision of its source and by nothing else, so neither
repeats nor the order of arrival change a bucket: that is what makes rollups exactly-once (ADR 12).
"""

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import NamedTuple

from desk_contracts.rfc3339 import EARLIEST

from desk_metrics.measures.contributions import Contribution, Slice
from desk_metrics.sla.worktime import micros

_EARLIEST = micros(EARLIEST)


class Entry(NamedTuple):
    """All that one source posts to this bucket."""

    source: str
    revision: int
    slice: Slice
    contributions: tuple[Contribution, ...]

    @property
    def believed(self) -> tuple[Contribution, ...]:
        """Those that figures are made of. Before times were bounded at the door, tickets of year 1
        got in: one of them says that a mean took two thousand years.
        """
        return tuple(
            contribution
            for contribution in self.contributions
            if contribution.at - contribution.amount >= _EARLIEST
        )


@dataclass(frozen=True, slots=True)
class Bucket:
    """One part of one day; entries by source, so that equal contents are equal bytes."""

    day: str
    entries: tuple[Entry, ...] = ()

    def with_entry(self, entry: Entry) -> "Bucket":
        """The bucket with this entry; itself if what it has is as new."""
        place = bisect_left(self.entries, entry.source, key=lambda other: other.source)
        is_known = place < len(self.entries) and self.entries[place].source == entry.source
        if is_known and self.entries[place].revision >= entry.revision:
            return self
        rest = self.entries[place + is_known :]
        return replace(self, entries=(*self.entries[:place], entry, *rest))

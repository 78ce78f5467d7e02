"""Demand: what people asked for that the desk does not offer them, the most wanted first. Pure.

- `people` (people): how many different people asked for it in the period.
- `times` (count): how often it was asked for, as known at a moment. Formula: `demand|<what>` of
  `measures/wishes.py`, added up. Spelling apart, only equal words are the same wish.
"""

from dataclasses import dataclass, field
from datetime import datetime

from desk_contracts.frozen import Frozen
from pydantic import Field

from desk_metrics.measures.demand import read_demand
from desk_metrics.measures.rollups import Bucket
from desk_metrics.sla.worktime import micros


class DemandEntry(Frozen):
    """One thing that people asked for."""

    what: str = Field(description="In lower case.")
    people: int
    times: int


@dataclass(slots=True)  # not frozen: it is filled while buckets are read
class _Request:
    people: set[str] = field(default_factory=set)
    times: int = 0


class Demand:
    """Adds up buckets one by one, from a moment to before another, as known at a third."""

    def __init__(self, start: datetime, end: datetime, as_of: datetime) -> None:
        self._start, self._end, self._as_of = micros(start), micros(end), micros(as_of)
        self._requests: dict[str, _Request] = {}

    def add(self, bucket: Bucket) -> None:
        for entry in bucket.entries:
            for contribution in entry.believed:
                what = read_demand(contribution.measure)
                is_known = max(contribution.known_at, contribution.at) < self._as_of
                if what is not None and is_known and self._start <= contribution.at < self._end:
                    request = self._requests.setdefault(what, _Request())
                    request.people.add(entry.slice.person or entry.source)
                    request.times += contribution.weight

    def entries(self) -> tuple[DemandEntry, ...]:
        """Everything, what most people want first; equals by times, then by name."""
        entries = (
            DemandEntry(what=what, people=len(request.people), times=request.times)
            for what, request in self._requests.items()
        )
        return tuple(sorted(entries, key=lambda entry: (-entry.people, -entry.times, entry.what)))

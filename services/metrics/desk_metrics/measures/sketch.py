"""A sketch of durations that can be added, merged and taken back: DDSketch's logarithmic buckets.

Bucket k holds (GAMMA**(k-1), GAMMA**k]; its answer is off by at most 1 % of the value. Counts
are whole numbers, so any order of adding gives the same sketch.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

ACCURACY = 0.01
GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_LOG = math.log(GAMMA)
# Durations of no microsecond have no logarithm.
_ZERO = -1


@dataclass(slots=True)  # not frozen: it is filled while a question is answered
class Sketch:
    """Counts of microseconds by bucket, with their exact sum."""

    count: int = 0
    total: int = 0
    buckets: dict[int, int] = field(default_factory=dict)

    def add(self, amount: int, weight: int = 1) -> None:
        """A negative weight takes back what was added."""
        place = math.ceil(math.log(amount) / _LOG) if amount > 0 else _ZERO
        self.count += weight
        self.total += amount * weight
        left = self.buckets.get(place, 0) + weight
        if left:
            self.buckets[place] = left
        else:
            self.buckets.pop(place, None)

    def merge(self, other: "Sketch") -> None:
        self.count += other.count
        self.total += other.total
        self._merge(other.buckets)

    def _merge(self, buckets: Mapping[int, int]) -> None:
        for place, count in buckets.items():
            left = self.buckets.get(place, 0) + count
            if left:
                self.buckets[place] = left
            else:
                self.buckets.pop(place, None)

    @property
    def mean(self) -> float | None:
        """Microseconds."""
        return self.total / self.count if self.count else None

    def quantile(self, share: float) -> float | None:
        """What the smallest sample is that at least `share` of all do not exceed."""
        rank, seen = max(1, math.ceil(share * self.count)), 0
        for place in sorted(self.buckets):
            seen += self.buckets[place]
            if seen >= rank:
                return 0.0 if place == _ZERO else 2 * GAMMA**place / (GAMMA + 1)
        return None

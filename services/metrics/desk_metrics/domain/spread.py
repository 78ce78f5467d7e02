"""A spread of durations in bounded memory: buckets whose widths grow by four per cent."""

from dataclasses import dataclass, field
from math import exp, log

_STEP = log(1.04)


@dataclass(slots=True)
class Spread:
    """Counts durations in minutes; a quantile is off by at most two per cent of itself.

    A minute or less is one bucket. Two spreads can be added, in any order.
    """

    count: int = 0
    total: float = 0.0
    buckets: dict[int, int] = field(default_factory=dict)

    def add(self, minutes: float) -> None:
        place = int(log(minutes) / _STEP) + 1 if minutes > 1 else 0
        self.count += 1
        self.total += minutes
        self.buckets[place] = self.buckets.get(place, 0) + 1

    def quantile(self, share: float) -> float:
        """The duration in minutes that `share` of all do not exceed; 0 if there are none."""
        wanted = share * self.count
        seen = 0
        for place in sorted(self.buckets):
            seen += self.buckets[place]
            if seen >= wanted:
                return exp((place - 0.5) * _STEP) if place else 0.0
        return 0.0

"""The exact interval of a ratio of two ratios of counts, from nothing but the counts.

Four Poisson counts in a square, given their sums by row and by column, follow Fisher's non-central
hypergeometric law, whose parameter is the ratio of ratios (Cornfield 1956; Breslow and Day 1980,
section 4.2). The interval inverts both tails, as `fisher.test` of R does. From 300 on in each of
the four, the logarithm's normal interval (Woolf 1955) differs by less than a per cent and is used.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

MANY = 300
_Z = 1.959963984540054
_TAIL = 0.025
_FARTHEST = 60.0


class Square(NamedTuple):
    """Counts of two groups before and after."""

    cohort_before: int
    cohort_after: int
    rest_before: int
    rest_after: int

    @property
    def ratio(self) -> float | None:
        """How the cohort changed, as a multiple of how the rest changed."""
        below = self.cohort_before * self.rest_after
        return self.cohort_after * self.rest_before / below if below else None


def interval(square: Square) -> tuple[float, float]:
    """The 95 % interval of the ratio; 0 or infinity where the counts leave that open."""
    if min(square) >= MANY:
        middle = math.log(square.ratio or 1.0)
        reach = _Z * math.sqrt(sum(1 / count for count in square))
        return math.exp(middle - reach), math.exp(middle + reach)
    law = _Law(square)
    seen = square.cohort_after
    low = 0.0 if seen == law.first else _solve(lambda x: law.at_least(seen, x) - _TAIL)
    high = math.inf if seen == law.last else _solve(lambda x: _TAIL - law.at_most(seen, x))
    return low, high


class _Law:
    """How the cohort's later count spreads, given all sums."""

    def __init__(self, square: Square) -> None:
        cohort = square.cohort_before + square.cohort_after
        rest = square.rest_before + square.rest_after
        after = square.cohort_after + square.rest_after
        self.first, self.last = max(0, after - rest), min(cohort, after)
        self._weights = [
            _choices(cohort, count) + _choices(rest, after - count)
            for count in range(self.first, self.last + 1)
        ]

    def at_least(self, count: int, log_ratio: float) -> float:
        return self._share(count - self.first, len(self._weights), log_ratio)

    def at_most(self, count: int, log_ratio: float) -> float:
        return self._share(0, count - self.first + 1, log_ratio)

    def _share(self, start: int, end: int, log_ratio: float) -> float:
        logs = [weight + place * log_ratio for place, weight in enumerate(self._weights)]
        most = max(logs)
        parts = [math.exp(log - most) for log in logs]
        return math.fsum(parts[start:end]) / math.fsum(parts)


def _choices(whole: int, part: int) -> float:
    """The logarithm of how many ways there are to take a part of a whole."""
    return math.lgamma(whole + 1) - math.lgamma(part + 1) - math.lgamma(whole - part + 1)


def _solve(rising: Callable[[float], float]) -> float:
    """The ratio at which a function that rises with its logarithm passes zero."""
    low, high = -_FARTHEST, _FARTHEST
    for _ in range(45):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return math.exp((low + high) / 2)

"""Trends: a line through noisy weeks that single odd weeks cannot bend, and how far it may be off.

The slope is Theil's and Sen's, the median of the slopes between all pairs (Sen 1968, "Estimates of
the regression coefficient based on Kendall's tau", JASA 63, 1379-1389). Its bounds are the ranked
slopes that Sen gives from the variance of Kendall's S; the scatter of one week round the line is
taken from the residuals' own quantiles. Both are added, so the range is rather too wide than too
narrow; weeks that follow one another alike make it narrower than it should be.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, median

# Of so many out of ten the range is meant to hold.
CONFIDENCE = 0.8
# Beyond this a number has no meaning here, and `exp` no answer.
_FARTHEST = 300.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Range:
    """A forecast: the middle and where it likely is."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Trend:
    """A line in time, straight on its scale: plain, or logarithmic (the same share each week)."""

    slope: float
    slope_low: float
    slope_high: float
    pivot: Point
    below: float
    above: float
    is_log: bool

    def at(self, when: float) -> Range:
        """What the line says of a moment, with its range."""
        x, y = self.pivot
        ahead = when - x
        ends = (y + self.slope_low * ahead, y + self.slope_high * ahead)
        middle = y + self.slope * ahead
        low, high = min(*ends, middle) + self.below, max(*ends, middle) + self.above
        if not self.is_log:
            return Range(middle, low, high)
        bounded = (max(-_FARTHEST, min(_FARTHEST, value)) for value in (middle, low, high))
        return Range(*map(math.exp, bounded))


def trend_of(points: Sequence[Point], *, is_log: bool) -> Trend:
    """The line through at least three points with different times."""
    if len(points) < 3:
        raise ValueError("a trend needs at least three points")
    scaled = [(x, math.log(y) if is_log else y) for x, y in points]
    slopes = sorted(
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for place, earlier in enumerate(scaled)
        for later in scaled[place + 1 :]
    )
    slope = median(slopes)
    x = median(item[0] for item in scaled)
    y = median(item[1] - slope * (item[0] - x) for item in scaled)
    rest = sorted(item[1] - y - slope * (item[0] - x) for item in scaled)
    # Sen's bounds: so many ranks from the middle as chance alone moves Kendall's S.
    count, z = len(scaled), NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    reach = z * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low = slopes[max(0, math.floor((len(slopes) - reach) / 2) - 1)]
    high = slopes[min(len(slopes) - 1, math.ceil((len(slopes) + reach) / 2))]
    tail = (1 - CONFIDENCE) / 2
    return Trend(slope, low, high, (x, y), quantile(rest, tail), quantile(rest, 1 - tail), is_log)


def quantile(ranked: Sequence[float], share: float) -> float:
    """The value that `share` of the ranked ones do not exceed, between two of them if need be."""
    place = share * (len(ranked) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ranked) - 1)
    return ranked[below] + (ranked[above] - ranked[below]) * (place - below)

"""Arrivals by hour of the week: what to expect of each hour, and how far such forecasts were off.

The forecast of an hour is the mean of the same hour in past weeks, each week weighing four fifths
of the one after it (simple exponential smoothing of a seasonal series). Its error is measured on
weeks that it did not know, one after the other, and is always told: wMAPE, the sum of all misses
divided by the sum of all arrivals. Even a perfect forecast misses what is chance.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

HOURS = 168
FEWEST_WEEKS = 4
FADING = 0.8

Week = Sequence[int]


@dataclass(frozen=True, slots=True)
class Error:
    """Shares of all arrivals; None where nothing arrived in the weeks held out.

    `naive` is the error of saying "as last week", `by_chance` that of a forecast which knows every
    hour's true mean.
    """

    weeks: int
    hourly: float | None
    weekly: float | None
    naive: float | None
    by_chance: float | None


def forecast(weeks: Sequence[Week]) -> tuple[float, ...]:
    """What to expect of each hour of the week after these, oldest first."""
    weights = [FADING**age for age in range(len(weeks) - 1, -1, -1)]
    whole = sum(weights)
    return tuple(
        sum(weight * week[hour] for weight, week in zip(weights, weeks, strict=True)) / whole
        for hour in range(HOURS)
    )


def error(weeks: Sequence[Week]) -> Error:
    """A quarter of the weeks, four at most, are forecast from those before each."""
    held_out = min(4, max(1, len(weeks) // 4))
    missed, missed_weekly, missed_naive, arrived = 0.0, 0.0, 0.0, 0
    for place in range(len(weeks) - held_out, len(weeks)):
        actual, expected = weeks[place], forecast(weeks[:place])
        arrived += sum(actual)
        missed += _misses(actual, expected)
        missed_weekly += abs(sum(actual) - sum(expected))
        missed_naive += _misses(actual, weeks[place - 1])
    if not arrived:
        return Error(held_out, None, None, None, None)
    return Error(
        held_out,
        missed / arrived,
        missed_weekly / arrived,
        missed_naive / arrived,
        by_chance(forecast(weeks)),
    )


def by_chance(means: Sequence[float]) -> float | None:
    """The error that remains when every mean is right: De Moivre's mean deviation of a Poisson."""
    whole = sum(means)
    return sum(map(_deviation, means)) / whole if whole else None


def _deviation(mean: float) -> float:
    if mean <= 0:
        return 0.0
    floor = math.floor(mean)
    return 2 * math.exp(-mean + (floor + 1) * math.log(mean) - math.lgamma(floor + 1))


def _misses(actual: Sequence[float], expected: Sequence[float]) -> float:
    return sum(abs(came - other) for came, other in zip(actual, expected, strict=True))

"""How rare a value is by its own past: a sketch of 15 numbers, whatever the number of samples.

Seven quantiles are followed by the P² rule (R. Jain and I. Chlamtac, "The P² algorithm for dynamic
calculation of quantiles and histograms without storing observations", CACM 28/10, 1985). Beyond the
5 % at each end the tail is taken for exponential with its own mean excess (peaks over threshold,
as in A. Siffer et al., "Anomaly Detection in Streams with Extreme Value Theory", KDD 2017, with the
shape held at 0). Only a value beyond all that were seen is rare, so there is no trouble by rank.
"""

from collections.abc import Sequence
from math import copysign, log10

# count, mean excess above, mean excess below, seven heights, five inner positions
SIZE = 15
_UP, _DOWN, _HEIGHTS, _POSITIONS = 1, 2, 3, 10
LOWEST, LOW, MEDIAN, HIGH, HIGHEST = 3, 4, 6, 8, 9
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_MARKS = 7
_TAIL = 0.05
_LOG_TAIL = -log10(_TAIL)
_LOG_E = 0.4342944819032518
# The mean excess follows at least the newest so many excesses, so that a first one is not all.
_FEWEST = 2.0


def measure_rarity(numbers: Sequence[float], at: int, value: float, floor: float) -> float:
    """The rarity of a value as minus the power of ten of its chance; negative if it is low.

    The sketch begins at `at` of the numbers. 0 means that the value is not beyond everything seen.
    `floor` is the least that counts as mean excess.
    """
    if value > numbers[at + HIGHEST]:
        excess = (value - numbers[at + HIGH]) / max(numbers[at + _UP], floor)
        return _LOG_TAIL + excess * _LOG_E
    if value < numbers[at + LOWEST]:
        excess = (numbers[at + LOW] - value) / max(numbers[at + _DOWN], floor)
        return -(_LOG_TAIL + excess * _LOG_E)
    return 0.0


def find_line(numbers: Sequence[float], at: int, rarity: float, floor: float) -> float:
    """The value that has this rarity; below the past if `rarity` is negative."""
    beyond = (abs(rarity) - _LOG_TAIL) / _LOG_E
    if rarity > 0:
        line = numbers[at + HIGH] + beyond * max(numbers[at + _UP], floor)
        return max(numbers[at + HIGHEST], line)
    return min(numbers[at + LOWEST], numbers[at + LOW] - beyond * max(numbers[at + _DOWN], floor))


def learn_value(numbers: list[float], at: int, value: float) -> None:
    """One more value, in place."""
    count = numbers[at]
    numbers[at] = count + 1.0
    heights, positions = at + _HEIGHTS, at + _POSITIONS
    if count < _MARKS:
        # The first seven values are the marks themselves.
        seen = int(count)
        first = sorted([*numbers[heights : heights + seen], value])
        numbers[heights : heights + seen + 1] = first
        if seen + 1 == _MARKS:
            numbers[positions : positions + 5] = [1.0, 2.0, 3.0, 4.0, 5.0]
            numbers[at + _UP], numbers[at + _DOWN] = first[6] - first[5], first[1] - first[0]
        return
    if value < numbers[heights]:
        numbers[heights] = value
    elif value > numbers[heights + 6]:
        numbers[heights + 6] = value
    _follow(numbers, heights, positions, count, value)
    share = max(_FEWEST, count * _TAIL)
    if value > numbers[at + HIGH]:
        numbers[at + _UP] += (value - numbers[at + HIGH] - numbers[at + _UP]) / share
    elif value < numbers[at + LOW]:
        numbers[at + _DOWN] += (numbers[at + LOW] - value - numbers[at + _DOWN]) / share


def _follow(numbers: list[float], heights: int, positions: int, count: float, value: float) -> None:
    """All marks above the value move up; one that has drifted a place is put back, lowest first."""
    for mark in range(5):
        if value < numbers[heights + 1 + mark]:
            numbers[positions + mark] += 1.0
    for mark in range(5):
        drift = count * _QUANTILES[mark] - numbers[positions + mark]
        if not -1.0 < drift < 1.0:
            step = copysign(1.0, drift)
            _move(numbers, heights + 1 + mark, positions + mark, mark=mark, step=step, last=count)


def _move(
    numbers: list[float], height: int, at: int, *, mark: int, step: float, last: float
) -> None:
    """One mark nearer to where its quantile should be, where its neighbours leave room."""
    first = at - mark
    before, here, after = (0.0, *numbers[first : first + 5], last)[mark : mark + 3]
    if (after - here if step > 0 else here - before) <= 1:
        return
    low, middle, high = numbers[height - 1 : height + 2]
    moved = middle + step / (after - before) * (
        (here - before + step) * (high - middle) / (after - here)
        + (after - here - step) * (middle - low) / (here - before)
    )
    if not low < moved < high:
        toward, there = (high, after) if step > 0 else (low, before)
        moved = middle + step * (toward - middle) / (there - here)
    numbers[height], numbers[at] = moved, here + step

"""The score of the Numenta Anomaly Benchmark, by its published formula.

A. Lavin and S. Ahmad, "Evaluating Real-time Anomaly Detection Algorithms", ICMLA 2015, section II,
and `nab/sweeper.py` of github.com/numenta/NAB, whose details decide where the paper is silent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, floor

PROBATION = 0.15
LONGEST_PROBATION = 750
# What one false alarm costs; one event is worth 1, found or missed.
PROFILES = {"standard": 0.11, "low FP": 0.22}
_FULL = 2 / (1 + exp(-5)) - 1


@dataclass(frozen=True)
class Window:
    """A labelled event: from its first row to its last, both included."""

    first: int
    last: int


@dataclass(frozen=True)
class SeriesScore:
    """What one series adds to the score of a corpus."""

    detected: int
    events: int
    """Windows with at least one row after the probation."""
    labelled: int
    """All windows: the perfect score counts them, reachable or not."""
    false_alarms: int
    raw: float


def weigh(position: float) -> float:
    """The scaled sigmoid: -1 is the beginning of a window, 0 its end, above 0 is after it."""
    return -1.0 if position > 3 else 2 / (1 + exp(5 * position)) - 1


def count_probation(rows: int) -> int:
    """How many rows at the start are not judged."""
    return min(floor(PROBATION * rows), LONGEST_PROBATION)


def score_series(
    rows: int, windows: Sequence[Window], alarms: Sequence[int], false_alarm_cost: float
) -> SeriesScore:
    """The raw score of the alarms, given as numbers of rows."""
    probation = count_probation(rows)
    best = {window: -1.0 for window in windows if window.last >= probation}
    events, raw, false_alarms = len(best), 0.0, 0
    for alarm in alarms:
        if alarm < probation:
            continue
        hit = next((w for w in windows if w.first <= alarm <= w.last), None)
        if hit is not None:
            width = hit.last - hit.first + 1
            best[hit] = max(best[hit], weigh(-(hit.last - alarm + 1) / width) / _FULL)
            continue
        false_alarms += 1
        before = [window for window in windows if window.last < alarm]
        if not before:
            raw -= false_alarm_cost
        else:
            last = before[-1]
            past = (alarm - last.last) / max(1, last.last - last.first)
            raw += false_alarm_cost * weigh(past)
    detected = sum(score > -1 for score in best.values())
    return SeriesScore(detected, events, len(windows), false_alarms, raw + sum(best.values()))


def normalise(scores: Sequence[SeriesScore]) -> float | None:
    """0 is a detector that says nothing, 100 is a perfect one; None without an event."""
    silent = -sum(score.events for score in scores)
    perfect = sum(score.labelled for score in scores)
    if not perfect:
        return None
    return 100 * (sum(score.raw for score in scores) - silent) / (perfect - silent)

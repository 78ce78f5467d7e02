"""Which matches wait, and how much more heals where the runbook acts than by itself. Pure."""

import hashlib
from math import sqrt

from desk_kernel.wilson import wilson

from desk_automation.holdback.model import Arm, Comparison, Difference, Result, Tally

_Z = 1.959964
_SCALE = 2**32


def choose_arm(run: str, percent: float) -> Arm:
    """The same run is always in the same arm; ids are hashes, so the arms are alike."""
    number = int.from_bytes(hashlib.sha256(f"hold-back/{run}".encode()).digest()[:4])
    return "waits" if number * 100 < percent * _SCALE else "acts"


def add_result(comparison: Comparison, arm: Arm, result: Result) -> Comparison:
    """With one more; one that is not compared changes nothing."""
    return _shift(comparison, arm, result, 1)


def change_result(comparison: Comparison, arm: Arm, before: Result, after: Result) -> Comparison:
    """One that was counted as `before` turned out to be `after`."""
    return _shift(_shift(comparison, arm, before, -1), arm, after, 1)


def compare(comparison: Comparison, least: int) -> Difference | None:
    """None while one of the arms has fewer than so many of which it is known."""
    acts, waits = comparison.acts, comparison.waits
    if min(acts.decided, waits.decided) < max(1, least):
        return None
    # The unknown ones against the runbook, for it, and left out: whatever says least.
    intervals = (
        _interval(acts, waits),
        _interval(_as_ill(acts), _as_well(waits)),
        _interval(_as_well(acts), _as_ill(waits)),
    )
    low, high = min(first for first, _ in intervals), max(last for _, last in intervals)
    return Difference(
        acted=acts.well / acts.decided, natural=waits.well / waits.decided, low=low, high=high
    )


def _interval(acts: Tally, waits: Tally) -> tuple[float, float]:
    """Newcombe's interval of the difference of two shares, from Wilson's of each."""
    first, second = acts.well / acts.decided, waits.well / waits.decided
    first_low, first_high = wilson(acts.well, acts.decided, _Z)
    second_low, second_high = wilson(waits.well, waits.decided, _Z)
    difference = first - second
    below = sqrt((first - first_low) ** 2 + (second_high - second) ** 2)
    above = sqrt((first_high - first) ** 2 + (second - second_low) ** 2)
    return max(-1.0, difference - below), min(1.0, difference + above)


def _as_ill(tally: Tally) -> Tally:
    return Tally(well=tally.well, ill=tally.ill + tally.unknown)


def _as_well(tally: Tally) -> Tally:
    return Tally(well=tally.well + tally.unknown, ill=tally.ill)


def _shift(comparison: Comparison, arm: Arm, result: Result, by: int) -> Comparison:
    if not arm:
        return comparison
    tally: Tally = getattr(comparison, arm)
    count = max(0, getattr(tally, result) + by)
    return comparison.model_copy(update={arm: tally.model_copy(update={result: count})})

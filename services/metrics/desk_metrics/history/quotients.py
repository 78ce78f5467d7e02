"""Figures of a report as it shows them: hours and shares, rounded; None where nothing is known.

A ranking leaves out what is zero: the last of a list must not look like a finding.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

# Fewer tickets than this make no pattern.
MIN_TICKETS = 10
T = TypeVar("T")


def hours_of(minutes: float) -> float:
    """Minutes as hours; below one hour a tenth of it would be too coarse."""
    hours = minutes / 60
    return round(hours, 1 if hours >= 1 else 2)


def hours_if_any(minutes: float | None) -> float | None:
    """The same, where there is any."""
    return None if minutes is None else hours_of(minutes)


def share_of(part: float, whole: float) -> float | None:
    """Between 0 and 1; None of nothing."""
    return round(part / whole, 4) if whole else None


def rank(
    entries: Iterable[T], key: Callable[[T], tuple[float, float, str]], top: int
) -> tuple[T, ...]:
    """Those with most, by the first figure, then the second, then the name."""
    counted = [entry for entry in entries if key(entry)[0] > 0]
    # By name upwards, then, as sorting keeps the order of equals, by the figures downwards.
    counted.sort(key=lambda entry: key(entry)[2])
    counted.sort(key=lambda entry: key(entry)[:2], reverse=True)
    return tuple(counted[:top])

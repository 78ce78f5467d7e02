"""Disks as they behave in a fleet, made by seed: what a forecast must see, and what it must not.

Free space in percent, every five minutes for two weeks, with noise of a tenth of a percent.

- `steady`: from a random moment of the second week on it loses 0.4 to 2 % an hour until it is full.
- `fast`: from a random moment on it loses 6 to 20 % an hour until it is full.
- `dips`: every night a job takes 5 to 25 % for one to three hours and gives it back; how much and
  when differs from night to night.
- `waves`: 4 to 12 % are taken over the day and given back over the night.
- `still`: nothing but noise, and a slow loss of at most half a percent a day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import pi, sin
from random import Random

STEP_S = 300
DAYS = 14
KINDS = ("steady", "fast", "dips", "waves", "still")
LEAKS = {"steady": (0.4, 2.0), "fast": (6.0, 20.0)}
FULL = 5.0
"""Percent free from which on a disk counts as full, as in the forecast of the charter."""


@dataclass(frozen=True)
class Disk:
    """One made disk; `full_s` is when it was first as good as full, None if it never was."""

    kind: str
    samples: tuple[tuple[float, float], ...]
    leak_s: float | None
    full_s: float | None


def make_disks(kind: str, count: int, seed: int) -> Iterator[Disk]:
    """So many disks of one kind; the same seed makes the same disks."""
    for number in range(count):
        yield _make(kind, Random(f"{kind}/{seed}/{number}"))  # noqa: S311 the seed makes them again


def _make(kind: str, chance: Random) -> Disk:
    start, drift = chance.uniform(35, 85), chance.uniform(0, 0.5)
    swing, phase = chance.uniform(2, 6), chance.uniform(0, 2 * pi)
    leak_s = chance.uniform(7.5, 10) * 86_400 if kind in LEAKS else None
    rate = chance.uniform(*LEAKS[kind]) / 3_600 if kind in LEAKS else 0.0
    nights = [
        (day + chance.uniform(0.02, 0.12), chance.uniform(1, 3) / 24, chance.uniform(5, 25))
        for day in range(DAYS)
    ]
    samples, full_s = [], None
    for step in range(DAYS * 86_400 // STEP_S):
        at_s = float(step * STEP_S)
        day = at_s / 86_400
        free = start - drift * day
        if kind == "waves":
            free += swing * sin(2 * pi * day + phase)
        if kind == "dips":
            free -= sum(_take(day - begin, length, depth) for begin, length, depth in nights)
        if leak_s is not None and at_s > leak_s:
            free -= (at_s - leak_s) * rate
        free = min(100.0, max(0.0, free + chance.gauss(0, 0.1)))
        if full_s is None and leak_s is not None and free < FULL:
            full_s = at_s
        samples.append((at_s, free))
    return Disk(kind, tuple(samples), leak_s, full_s)


def _take(since: float, length: float, depth: float) -> float:
    """What a nightly job has taken: more and more over its first half, kept, given back at once."""
    if not 0 <= since <= length:
        return 0.0
    return depth * min(1.0, 2 * since / length)

"""What was learned as numbers, and its sums: a linear voice, and that of the nearest tickets.

Weights and counts are whole numbers, so sums are exact: every machine decides alike.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desk_triage.learning.features import MAX_COUNT, Features, Hashes

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Fixed point of counts, of how rare a feature is, and of a weight's unit.
COUNT_UNIT, RARITY_UNIT, WEIGHT_UNIT = 256, 256, 1 << 20
MOST_WEIGHT = 127
# The second voice: so many neighbours, and a near one counts more than two that are half as near.
NEIGHBOURS, NEARNESS = 20, 4
# A feature of more tickets than that says nothing about which are near.
COMMON = 0.1

# One more time in a text says less than the first.
_SUBLINEAR: Ints = np.array(
    [0, *(round(COUNT_UNIT * (1 + math.log(count))) for count in range(1, MAX_COUNT + 1))], np.int64
)


@dataclass(frozen=True, slots=True)
class Lookup:
    """The features of a ticket that a table knows, and how much each counts in it."""

    rows: NDArray[np.intp]
    """Their rows in the table."""
    values: Ints
    """How often each stands in the ticket, damped, by how rare it is."""
    counts: Ints
    """How often each stands in the ticket, damped."""
    kinds: tuple[int, int, int]
    """How many are words, pieces of words, and what was stated: they stand in that order."""


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The features that were learned, by hash in rising order, and how rare each is."""

    hashes: Hashes
    rarity: NDArray[np.uint16]

    def find(self, features: Features) -> Lookup:
        """Which of a ticket's features it knows."""
        places = np.searchsorted(self.hashes, features.hashes)
        places[places == len(self.hashes)] = 0
        lookup = self.hashes[places] == features.hashes if len(self.hashes) else places < 0
        rows = places[lookup]
        counts = _SUBLINEAR[features.counts[lookup]]
        ends = np.cumsum(features.kinds)
        before = np.concatenate([[0], np.cumsum(lookup)])[ends]
        words, pieces, stated = np.diff([0, *before]).tolist()
        return Lookup(rows, counts * self.rarity[rows], counts, (words, pieces, stated))


def lengths_of(lookup: Lookup) -> tuple[float, float, float]:
    """The length of each kind's part, so that a long text weighs no more than a short one."""
    words, pieces, _ = lookup.kinds
    squares = lookup.values * lookup.values
    parts = (squares[:words], squares[words : words + pieces], squares[words + pieces :])
    first, second, third = (math.sqrt(int(part.sum())) for part in parts)
    return first, second, third


@dataclass(frozen=True, slots=True, eq=False)
class LinearTable:
    """A weight of each feature for each name: `weights[row, name] * units[row]`."""

    bias: Floats
    units: NDArray[np.uint32]
    weights: NDArray[np.int8]

    def add_up(self, lookup: Lookup) -> Floats:
        """The sum of each name: logarithms of what it is likelier by."""
        sums = self.bias.copy()
        factors = lookup.counts * self.units[lookup.rows]
        start = 0
        for count, length in zip(lookup.kinds, lengths_of(lookup), strict=True):
            if length:
                part = slice(start, start + count)
                weights = self.weights[lookup.rows[part]].astype(np.int64)
                sums += (factors[part] @ weights) * (RARITY_UNIT / (WEIGHT_UNIT * length))
            start += count
        return sums


@dataclass(frozen=True, slots=True, eq=False)
class NearestTable:
    """Solved tickets by their words and what they stated: lists of the tickets with a feature."""

    names: NDArray[np.uint16]
    """Who finished each ticket, as the index of a name."""
    starts: Ints
    """Where the list of each feature begins; one more at the end."""
    tickets: NDArray[np.uint32]
    shares: NDArray[np.uint16]
    """How much of the ticket that feature is, in 65,535ths."""

    def ask(self, lookup: Lookup, names: int) -> tuple[Floats, tuple[int, ...]]:
        """The share of each name among the nearest, and the names of these; zeros of none."""
        words, pieces, _ = lookup.kinds
        wanted = np.r_[0:words, words + pieces : len(lookup.rows)]
        rows, values = lookup.rows[wanted], lookup.values[wanted]
        lists = [slice(int(self.starts[row]), int(self.starts[row + 1])) for row in rows]
        filled = [place for place, part in enumerate(lists) if part.stop > part.start]
        shares = np.zeros(names)
        if not filled:
            return shares, ()
        tickets = np.concatenate([self.tickets[lists[place]] for place in filled])
        weights = np.concatenate([self.shares[lists[place]] * values[place] for place in filled])
        near = np.bincount(tickets, weights, len(self.names))
        length = math.sqrt(int((values * values).sum())) * 65_535
        best = _find_highest(near, NEIGHBOURS)
        nearness = np.minimum(near[best] / length, 1.0) ** NEARNESS
        for ticket, weight in zip(best, nearness, strict=True):
            shares[self.names[ticket]] += weight
        total = shares.sum()
        return (shares / total if total else shares), tuple(self.names[best].tolist())


def _find_highest(numbers: NDArray[Any], count: int) -> NDArray[np.intp]:
    """The places of the highest numbers above zero, highest first; of equals the later ticket."""
    if len(numbers) > count:
        line = np.partition(numbers, -count)[-count]
        places = np.flatnonzero(numbers >= max(line, np.finfo(float).tiny))
    else:
        places = np.flatnonzero(numbers > 0)
    order = np.lexsort((-places, -numbers[places]))
    return places[order][:count]


def soften(sums: Floats) -> Floats:
    """Probabilities of logits."""
    raised = [math.exp(entry) for entry in (sums - sums.max()).tolist()]
    return np.array(raised) / math.fsum(raised)


def make_rows(hashes: Sequence[Hashes], fewest: int, most: int) -> tuple[Vocabulary, Ints]:
    """The features that stand in enough tickets, the most frequent if there are too many.

    With how many tickets have each.
    """
    every, times = np.unique(np.concatenate([np.empty(0, np.uint32), *hashes]), return_counts=True)
    if (times >= fewest).sum() > most:
        fewest = int(np.partition(times, -most)[-most]) + 1
    kept = times >= fewest
    rarity = np.log((1 + len(hashes)) / (1 + times[kept])) + 1
    # Of all the tickets that there are in the world it is below 24: two bytes take it.
    units = np.round(RARITY_UNIT * rarity).astype(np.uint16)
    return Vocabulary(every[kept], units), times[kept].astype(np.int64)

"""Which features a table keeps, and how rare each of them is."""

import math

import numpy as np
import pytest
from desk_triage.learning.table import RARITY_UNIT, make_rows

# How many of the seven tickets have each feature, by its hash.
TIMES = {11: 1, 12: 2, 13: 3, 14: 3, 15: 7}
TICKETS = [
    np.array([feature for feature, times in TIMES.items() if number < times], np.uint32)
    for number in range(7)
]


@pytest.mark.parametrize(
    ("fewest", "most", "kept"),
    [
        (1, 5, [11, 12, 13, 14, 15]),
        (2, 5, [12, 13, 14, 15]),
        (3, 5, [13, 14, 15]),
        # Of too many only those that more tickets have than the last that there is room for.
        (1, 4, [13, 14, 15]),
        (1, 3, [15]),
        (1, 2, [15]),
        (3, 3, [13, 14, 15]),
        (8, 5, []),
    ],
)
def test_the_most_frequent_features_are_kept_and_never_too_many(
    fewest: int, most: int, kept: list[int]
) -> None:
    vocabulary, times = make_rows(TICKETS, fewest, most)
    assert vocabulary.hashes.tolist() == kept
    assert times.tolist() == [TIMES[feature] for feature in kept]
    assert len(kept) <= most


def test_what_few_tickets_have_is_rarer() -> None:
    vocabulary, _ = make_rows(TICKETS, 1, 5)
    expected = [RARITY_UNIT * (math.log(8 / (1 + times)) + 1) for times in TIMES.values()]
    assert vocabulary.rarity.tolist() == [round(value) for value in expected]
    assert vocabulary.rarity[-1] == RARITY_UNIT, "what all have counts once"


def test_of_no_tickets_nothing_is_kept() -> None:
    vocabulary, times = make_rows([], 1, 5)
    assert (len(vocabulary.hashes), len(times)) == (0, 0)

"""Happiness: what people say in surveys, with how sure that is.

- `surveys` (answers): one per resolution of a ticket; a later answer replaces an earlier one.
  An answer belongs to the day it was given, and to the team and service of the ticket then.
- `survey_mean` (1 to 5): mean score.
- `happiness` (-1 to 1): the happiness quotient: share of scores 4 and 5 less share of 1 and 2.
- `happiness_low`, `happiness_high`: 95 % interval of it. Formula: MOVER (Zou and Donner, 2008) on
  the Wilson score intervals of both shares, with their multinomial correlation. One happy answer
  alone is not certainty: its interval reaches from -0.12 to 1.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from desk_kernel.wilson import wilson

from desk_metrics.measures.contributions import Contribution

SURVEY = "survey"
SCORES = (1, 2, 3, 4, 5)
# Two-sided 95 % of the normal distribution.
_Z = 1.959963984540054


class Answered(NamedTuple):
    """One answer; the highest revision is the one that counts."""

    revision: int
    score: int
    at: int
    # Whoever solved a ticket is no judge of it; the answer still replaces an earlier one.
    counted: bool = True


class Happiness(NamedTuple):
    """The quotient with its interval."""

    quotient: float
    low: float
    high: float


def happiness_of(answers: Sequence[Answered]) -> Iterator[Contribution]:
    """Each answer, and the one before taken back since the next was given."""
    for answer, after in zip_longest(answers, answers[1:]):
        if not answer.counted:
            continue
        yield Contribution(f"{SURVEY}:{answer.score}", answer.at, answer.at)
        if after is not None:
            yield Contribution(f"{SURVEY}:{answer.score}", answer.at, max(answer.at, after.at), -1)


def mean_score(counts: Mapping[int, int]) -> float | None:
    """None without answers."""
    whole = sum(counts.values())
    return sum(score * count for score, count in counts.items()) / whole if whole else None


def quotient_of(counts: Mapping[int, int]) -> Happiness | None:
    """From answers by score; None without any."""
    whole = sum(counts.values())
    if not whole:
        return None
    happy, unhappy = _sum(counts, (4, 5)), _sum(counts, (1, 2))
    p, q = happy / whole, unhappy / whole
    (p_low, p_high), (q_low, q_high) = wilson(happy, whole, _Z), wilson(unhappy, whole, _Z)
    spread = (1 - p) * (1 - q)
    tie = -math.sqrt(p * q / spread) if spread else -1.0 if p and q else 0.0
    down = _reach(p - p_low, q_high - q, tie)
    up = _reach(p_high - p, q - q_low, tie)
    return Happiness(p - q, max(-1.0, p - q - down), min(1.0, p - q + up))


def _sum(counts: Mapping[int, int], scores: Iterable[int]) -> int:
    return sum(counts.get(score, 0) for score in scores)


def _reach(a: float, b: float, tie: float) -> float:
    """Distance of a limit of a difference of two correlated shares."""
    return math.sqrt(max(0.0, a * a - 2 * tie * a * b + b * b))

"""Happiness: what people say in surveys, with how sure that is.

- `surveys` (answers): one per resolution of a ticket; a later answer replaces an earlier one.
  An answer belongs to the day it was given, and to the team and service of the ticket then.
- `survey_mean` (1 to 5): mean score.
- `happiness` (-1 to 1): the happiness quotient: share of scores 4 and 5 less share of 1 and 2.
- `happiness_low`, `happiness_high`: 95 % interval of it. Formula: MOVER (Zou and Donner, 2008) on
  the Wilson score intervals of both shares, with their multinomial correlation. One happy answer
  alone is not certainty: its interval reaches from -0.12 to 1.
- `reported_lost_minutes` (minutes): the working time that the ticket cost them, as those say who
  answer that question; a later answer replaces an earlier one, also one that does not say. None
  where nobody says: that is unknown, and not zero. Nothing is added for those who were not asked.
- `reported_lost_answers` (answers): how many of the surveys say so; 0 minutes is an answer.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from desk_kernel.wilson import wilson

from desk_metrics.measures.contributions import Contribution

SURVEY, REPORTED_LOST = "survey", "reported_lost"
SCORES = (1, 2, 3, 4, 5)
# Two-sided 95 % of the normal distribution.
_Z = 1.959963984540054
_MINUTE = 60 * 1_000_000


class Answered(NamedTuple):
    """One answer; the highest revision is the one that counts."""

    revision: int
    score: int
    at: int
    # Whoever solved a ticket is no judge of it; the answer still replaces an earlier one.
    counted: bool = True
    # Working time that the ticket cost them, as they say; None if they do not.
    lost_minutes: int | None = None

    @property
    def measures(self) -> Iterator[tuple[str, int]]:
        """What it counts in, with the time that it tells of (microseconds)."""
        yield f"{SURVEY}:{self.score}", 0
        if self.lost_minutes is not None:
            yield REPORTED_LOST, self.lost_minutes * _MINUTE


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
        for measure, amount in answer.measures:
            yield Contribution(measure, answer.at, answer.at, amount=amount)
            if after is not None:
                yield Contribution(measure, answer.at, max(answer.at, after.at), -1, amount)


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

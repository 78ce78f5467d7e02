"""A small learned model, whose sums can be made by hand."""

from collections.abc import Mapping
from datetime import date

import numpy as np
from desk_triage.learning.features import hash_shown
from desk_triage.learning.model import Evaluation, LearnedModel, Linear, Scorer, Word
from desk_triage.learning.packed import pack
from desk_triage.learning.table import MOST_WEIGHT, RARITY_UNIT, WEIGHT_UNIT

EVALUATION = Evaluation(
    since=date(2026, 1, 5),
    until=date(2026, 2, 1),
    only_unrouted=True,
    tickets=400,
    right=300,
    among_three=360,
    majority_class="network",
    majority_right=120,
    better=200,
    worse=20,
    decided=200,
    decided_right=187,
    confidence=0.95,
)
# Names: "", network, workplace, and a team that the charter has no more.
NAMES = ("", "network", "workplace", "disbanded")
BIAS = (-1.0, 0.5, 0.0, 0.0)
WORDS = {
    "antenna": Word(41, ((1, 38), (2, 3))),
    "branch": Word(15, ((1, 12), (2, 3))),
    "hinge": Word(20, ((2, 20),)),
    "fax": Word(30, ((1, 1), (3, 29))),
    "site=oslo": Word(10, ((1, 9), (2, 1))),
}
WEIGHTS = {
    "antenna": {1: 4.0, 2: 0.5},
    "branch": {1: 1.0, 2: -0.5},
    "hinge": {2: 5.0},
    "fax": {1: 1.0, 3: 6.0},
    "site=oslo": {1: 2.0, 2: 0.1},
}


def linear(
    weights: Mapping[str, Mapping[int, float]] = WEIGHTS,
    bias: tuple[float, ...] = BIAS,
    names: int = len(NAMES),
) -> Linear:
    """The weights of words as a file holds them; every word is as rare as another."""
    tokens = sorted(weights, key=hash_shown)
    rows = [[weights[token].get(name, 0.0) for name in range(names)] for token in tokens]
    table = np.array(rows).reshape(-1, names)
    units = np.round(np.abs(table).max(axis=1, initial=0) / MOST_WEIGHT * WEIGHT_UNIT)
    return Linear(
        bias=bias,
        hashes=pack(np.array([hash_shown(token) for token in tokens]), np.uint32),
        rarity=pack(np.full(len(tokens), RARITY_UNIT), np.uint16),
        units=pack(units, np.uint32),
        weights=pack(np.round(table * WEIGHT_UNIT / units[:, None]), np.int8),
    )


def scorer(**more: object) -> Scorer:
    facts: dict[str, object] = {
        "tickets": 1_234,
        "since": date(2025, 1, 6),
        "until": date(2025, 12, 1),
        "names": NAMES,
        "threshold": 0.9,
        "evaluation": EVALUATION,
        "linear": linear(),
        "words": WORDS,
    }
    return Scorer.model_validate(facts | more)


def model(**more: object) -> LearnedModel:
    return LearnedModel(precision=0.9, team=scorer(**more)).sign()


MODEL = model()

"""What was learned from finished tickets, as a file holds it: a probability for each name, and why.

Sums over frozen tables of whole numbers: the same answer wherever and whenever it is asked.
"""

import hashlib
import json
from collections.abc import Container
from datetime import date
from functools import cached_property
from typing import Annotated, NamedTuple, Self

import numpy as np
from desk_contracts.text import NORMALISER
from desk_contracts.value_types import Value
from pydantic import Field, FiniteFloat, NonNegativeInt, PositiveInt, model_validator

from desk_triage.learning.features import Features, hash_shown
from desk_triage.learning.packed import Packed, unpack
from desk_triage.learning.table import (
    Floats,
    LinearTable,
    Lookup,
    NearestTable,
    Vocabulary,
    soften,
)

# A newer desk may write what this one cannot read; it says so by this number.
FORMAT = 2
# Probabilities have so many digits: no machine's last bit decides.
DIGITS = 6
# Never sure: what was learned proposes, and a person decides.
NEVER_ALONE = 1.0
# So many names are proposed to a person who has to decide.
PROPOSED = 3
_VERSION_DIGITS = 16
# A reason that stands in every second ticket convinces nobody.
_COMMON = 2
_ENOUGH_NEIGHBOURS = 5

# The index of a name, and how many tickets with the word it finished.
Finished = tuple[NonNegativeInt, PositiveInt]


class Word(NamedTuple):
    """In how many of the tickets it stood, and how many of these each name finished."""

    tickets: PositiveInt
    finished: tuple[Finished, ...]


class Evaluation(Value):
    """How it did on the last weeks, which it had not seen; `decided` is what it was sure of.

    `only_unrouted` says that only tickets count for which today's rules find no team. `better` and
    `worse` are those where it was right and the majority class wrong, and the other way.
    `among_three` counts where the true name was one of the first three.
    """

    since: date
    until: date
    only_unrouted: bool
    tickets: PositiveInt
    right: NonNegativeInt
    among_three: NonNegativeInt
    majority_class: str
    majority_right: NonNegativeInt
    better: NonNegativeInt
    worse: NonNegativeInt
    decided: NonNegativeInt
    decided_right: NonNegativeInt
    confidence: FiniteFloat

    @property
    def accuracy(self) -> float:
        """Share it names rightly if it always has to name somebody."""
        return self.right / self.tickets

    @property
    def baseline(self) -> float:
        """Share that is right if the majority class is always named."""
        return self.majority_right / self.tickets

    @property
    def top_three(self) -> float:
        """Share where the true name is one of the first three."""
        return self.among_three / self.tickets

    @property
    def coverage(self) -> float:
        """Share it is sure enough of."""
        return self.decided / self.tickets

    @property
    def precision(self) -> float:
        """Share of those it is sure of that is right."""
        return self.decided_right / self.decided if self.decided else 0.0

    @property
    def calibration_error(self) -> float:
        """How far, where it is sure, its mean probability lies from how often it is right."""
        return abs(self.confidence - self.precision)


class Prediction(NamedTuple):
    """A name and how probable it is."""

    name: str
    probability: float


class WordEvidence(NamedTuple):
    """A word of the ticket that speaks for a name, which finished `finished` of `tickets`."""

    token: str
    finished: int
    tickets: int


class NearestEvidence(NamedTuple):
    """How many of the nearest solved tickets a name finished."""

    finished: int
    tickets: int


class Reading(NamedTuple):
    """What a scorer makes of one ticket."""

    shares: Floats
    """The probability of each name, in their order."""
    neighbours: tuple[int, ...]
    """Who finished the nearest solved tickets, as the indexes of names; the nearest first."""
    is_new: bool
    """Whether nothing that a person wrote or stated in it was ever seen before."""


class Linear(Value):
    """A weight of each feature for each name, as packed numbers."""

    bias: tuple[FiniteFloat, ...]
    hashes: Packed
    rarity: Packed
    units: Packed
    weights: Packed


class Nearest(Value):
    """Solved tickets by the features they have, as packed numbers; no text of theirs."""

    share: Annotated[float, Field(ge=0, le=1)]
    """How much this voice counts beside the linear one."""
    names: Packed
    counts: Packed
    tickets: Packed
    shares: Packed


class Scorer(Value):
    """Names to choose from, and what a ticket's features say for each; a probability comes out.

    The empty name stands for all that are too rare to learn. It was trained on `tickets` from
    `since` to `until`; `evaluation` is of weeks that the judged one had not seen. It acts alone
    from the probability `threshold` on; 1 means never.
    """

    tickets: PositiveInt
    since: date
    until: date
    names: Annotated[tuple[str, ...], Field(min_length=2)]
    threshold: Annotated[float, Field(gt=0, le=1)] = NEVER_ALONE
    temperature: Annotated[float, Field(gt=0)] = 1.0
    evaluation: Evaluation | None = None
    linear: Linear
    nearest: Nearest | None = None
    words: dict[str, Word]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = len(self.names)
        if len(self.linear.bias) != names or len(set(self.names)) != names:
            raise ValueError("every name needs one bias and stands only once")
        for token, word in self.words.items():
            if any(index >= names for index, _ in word.finished):
                raise ValueError(f"the word '{token}' tells of a name that is not there")
        rows = len(self.vocabulary.hashes)
        sizes = (len(self.vocabulary.rarity), len(self.linear_table.units))
        if sizes != (rows, rows) or self.linear_table.weights.shape != (rows, names):
            raise ValueError("every feature needs one weight for each name")
        if (near := self.nearest_table) is not None:
            fits = len(near.starts) == rows + 1 and near.starts[-1] == len(near.tickets)
            if not fits or len(near.tickets) != len(near.shares):
                raise ValueError("the lists of solved tickets do not fit the features")
            if np.any(near.names >= names) or np.any(near.tickets >= len(near.names)):
                raise ValueError("a solved ticket or its team is not there")
        return self

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The features it knows."""
        return Vocabulary(
            unpack(self.linear.hashes, np.uint32), unpack(self.linear.rarity, np.uint16)
        )

    @cached_property
    def linear_table(self) -> LinearTable:
        """The linear voice."""
        weights = unpack(self.linear.weights, np.int8)
        names = len(self.names)
        if len(weights) % names:
            raise ValueError("every feature needs one weight for each name")
        return LinearTable(
            np.array(self.linear.bias),
            unpack(self.linear.units, np.uint32),
            weights.reshape(-1, names),
        )

    @cached_property
    def nearest_table(self) -> NearestTable | None:
        """The voice of solved tickets, if it has one."""
        if (near := self.nearest) is None:
            return None
        counts = unpack(near.counts, np.uint32).astype(np.int64)
        return NearestTable(
            unpack(near.names, np.uint16),
            np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
            unpack(near.tickets, np.uint32),
            unpack(near.shares, np.uint16),
        )

    def add_up(self, lookup: Lookup) -> Floats:
        """The linear sum of each name, before it is made a probability."""
        return self.linear_table.add_up(lookup)

    def read(self, features: Features) -> Reading:
        """What it makes of a ticket, once for all that is asked about it."""
        lookup = self.vocabulary.find(features)
        shares = soften(self.add_up(lookup) / self.temperature)
        neighbours: tuple[int, ...] = ()
        if self.nearest is not None and self.nearest_table is not None:
            near, neighbours = self.nearest_table.ask(lookup, len(self.names))
            if neighbours:
                shares = (1 - self.nearest.share) * shares + self.nearest.share * near
        words, pieces, stated = lookup.kinds
        is_new = not (words + pieces or (stated and not features.is_bare))
        return Reading(shares, neighbours, is_new)

    def rank(self, features: Features, allowed: Container[str]) -> tuple[Prediction, ...]:
        """The allowed names, the most probable first; none if nothing of the ticket is known."""
        return self.rank_reading(self.read(features), allowed)

    def rank_reading(self, reading: Reading, allowed: Container[str]) -> tuple[Prediction, ...]:
        """The same of what was read already."""
        if reading.is_new:
            return ()
        pairs = zip(self.names, reading.shares.tolist(), strict=True)
        predictions = (
            Prediction(name, round(share, DIGITS))
            for name, share in pairs
            if name and name in allowed
        )
        ranked = sorted(
            predictions, key=lambda prediction: (-prediction.probability, prediction.name)
        )
        return tuple(ranked)

    def acts_alone(self, probability: float) -> bool:
        """Whether it is as sure as it has to be to decide without a person."""
        return self.threshold < NEVER_ALONE and probability >= self.threshold

    def find_evidence(self, features: Features, name: str, limit: int) -> tuple[WordEvidence, ...]:
        """The words with most weight for a name, by weight and by how often it was so.

        What stands in every second ticket is no reason that convinces anybody. Nor is a word again
        that only repeats another.
        """
        wanted = self.names.index(name)
        places, weights = self._speaking
        candidates = [
            (
                float(weights[places[token], wanted]) * finished / word.tickets,
                token,
                finished,
                word.tickets,
            )
            for token in features.words
            if (word := self.words.get(token)) and _COMMON * word.tickets <= self.tickets
            for index, finished in word.finished
            if index == wanted
        ]
        shown: list[WordEvidence] = []
        used: set[str] = set()
        for weight, token, finished, tickets in sorted(
            candidates, key=lambda item: (-item[0], item[1])
        ):
            words = {token} if "=" in token else set(token.split())
            if len(shown) < limit and weight > 0 and used.isdisjoint(words):
                used |= words
                shown.append(WordEvidence(token, finished, tickets))
        return tuple(shown)

    def find_nearest(self, reading: Reading, name: str) -> NearestEvidence | None:
        """How many of the nearest solved tickets a name finished; None if too few are near."""
        count = len(reading.neighbours)
        if count < _ENOUGH_NEIGHBOURS:
            return None
        return NearestEvidence(reading.neighbours.count(self.names.index(name)), count)

    @cached_property
    def _speaking(self) -> tuple[dict[str, int], Floats]:
        """The words that can be told, and how much each speaks for a name rather than others."""
        table, hashes = self.linear_table, self.vocabulary.hashes
        wanted = np.array([hash_shown(token) for token in self.words], np.uint32)
        rows = np.minimum(np.searchsorted(hashes, wanted), max(len(hashes) - 1, 0))
        if not len(hashes):
            return dict.fromkeys(self.words, 0), np.zeros((1, len(self.names)))
        weights = table.weights[rows].astype(float)
        weights -= weights.mean(axis=1, keepdims=True)
        weights *= (table.units[rows] * (hashes[rows] == wanted))[:, None]
        return {token: place for place, token in enumerate(self.words)}, weights


class LearnedModel(Value):
    """Everything learned, under the fingerprint of what it says."""

    format: int = FORMAT
    normaliser: int = NORMALISER
    version: str = ""
    precision: FiniteFloat
    team: Scorer
    category: Scorer | None = None

    def fingerprint(self) -> str:
        """A hash of what it says, so that a decision can be traced to it."""
        content = self.model_dump(mode="json", exclude={"version"})
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:_VERSION_DIGITS]

    def sign(self) -> "LearnedModel":
        """The same under its own fingerprint."""
        return self.model_copy(update={"version": self.fingerprint()})

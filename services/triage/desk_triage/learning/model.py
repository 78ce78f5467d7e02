"""What was learned from finished tickets: words, the weight of each for each name, a probability.

Pure sums over a frozen table: no library, the same answer wherever and whenever it is asked.
"""

import hashlib
import json
import math
from collections.abc import Container, Iterable
from datetime import date
from itertools import pairwise
from typing import Annotated, NamedTuple, Self

from desk_contracts.events.tickets import TicketOpened
from desk_contracts.text import NORMALISER, plain_words, terms
from desk_contracts.value_types import Value
from pydantic import Field, FiniteFloat, NonNegativeInt, PositiveInt, model_validator

# A newer desk may write what this one cannot read; it says so by this number.
FORMAT = 1
# The gist of a ticket stands at its beginning: rules read on, a learned word needs to be close.
MAX_LEARNED = 1_000
MAX_STATED = 60
_VERSION_DIGITS = 16
# Attributes that name the ticket itself, so that no other has them.
_OWN = frozenset({"number"})

# The index of a name, how many tickets with the word it finished, and the word's weight for it.
Weight = tuple[NonNegativeInt, PositiveInt, FiniteFloat]


def extract_tokens(opened: TicketOpened) -> tuple[str, ...]:
    """Words, pairs of words in the title, and `field=value` of what is stated; each once."""
    title, description = terms(opened.title), terms(opened.description[:MAX_LEARNED])
    pairs = (f"{first} {second}" for first, second in pairwise(title))
    own = {name: text for name, text in opened.attributes.items() if name not in _OWN}
    fields = {"service": opened.service, "site": opened.site, **own}
    fields |= {"kind": opened.kind, "channel": opened.channel}
    stated = (
        f"{name}={plain_words(text) or text}"
        for name, text in fields.items()
        if text and len(text) <= MAX_STATED
    )
    return tuple(sorted({*title, *pairs, *description, *stated}))


class Word(NamedTuple):
    """In how many of the tickets it stood, and its weight for each name seen with it."""

    tickets: PositiveInt
    weights: tuple[Weight, ...]


class Evaluation(Value):
    """How it did on the last weeks, which it had not seen; `decided` is what it was sure of.

    `only_unrouted` says that only tickets count for which today's rules find no team. `better` and
    `worse` are those where it was right and the majority class wrong, and the other way.
    """

    since: date
    until: date
    only_unrouted: bool
    tickets: PositiveInt
    right: NonNegativeInt
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
    """A word of the ticket with weight for a name, which finished `finished` of `tickets`."""

    token: str
    finished: int
    tickets: int


class Scorer(Value):
    """Names to choose from, and the weight of each word for each; a probability comes out.

    A linear model: the weights of the known words are added up, divided by the root of their
    number, and made probabilities. The empty name stands for all that are too rare to learn. It
    was trained on `tickets` from `since` to `until`; `evaluation` is of later ones.
    """

    tickets: PositiveInt
    since: date
    until: date
    names: Annotated[tuple[str, ...], Field(min_length=2)]
    bias: tuple[FiniteFloat, ...]
    threshold: Annotated[float, Field(gt=0, le=1)]
    evaluation: Evaluation | None = None
    words: dict[str, Word]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(self.bias) != len(self.names) or len(set(self.names)) != len(self.names):
            raise ValueError("every name needs one bias and stands only once")
        for token, word in self.words.items():
            if any(index >= len(self.names) for index, _, _ in word.weights):
                raise ValueError(f"the word '{token}' has weight for a name that is not there")
        return self

    def add_up(self, tokens: Iterable[str]) -> tuple[float, ...]:
        """The sum of each name, in their order: logarithms of what it is likelier by."""
        words = [word for token in tokens if (word := self.words.get(token))]
        scale = 1 / math.sqrt(len(words)) if words else 0.0
        sums = list(self.bias)
        for _, weights in words:
            for index, _, weight in weights:
                sums[index] += weight * scale
        return tuple(sums)

    def probabilities(self, tokens: Iterable[str]) -> tuple[float, ...]:
        """The probability of each name, in their order."""
        sums = self.add_up(tokens)
        highest = max(sums)
        raised = [math.exp(logit - highest) for logit in sums]
        total = math.fsum(raised)
        return tuple(part / total for part in raised)

    def rank(self, tokens: Iterable[str], allowed: Container[str]) -> tuple[Prediction, ...]:
        """The allowed names, the most probable first; none if no word is known."""
        tokens = tuple(tokens)
        if not any(token in self.words for token in tokens):
            return ()
        pairs = zip(self.names, self.probabilities(tokens), strict=True)
        predictions = (Prediction(name, share) for name, share in pairs if name and name in allowed)
        ranked = sorted(
            predictions, key=lambda prediction: (-prediction.probability, prediction.name)
        )
        return tuple(ranked)

    def find_evidence(
        self, tokens: Iterable[str], name: str, limit: int
    ) -> tuple[WordEvidence, ...]:
        """The words with most weight for a name, by weight and by how often it was so.

        What stands in every second ticket is no reason that convinces anybody. Nor is a word again
        that only repeats another: `vpn` says no more after `vpn tunnel`.
        """
        wanted = self.names.index(name)
        candidates = [
            (weight * finished / word.tickets, WordEvidence(token, finished, word.tickets))
            for token in tokens
            if (word := self.words.get(token)) and 2 * word.tickets <= self.tickets
            for index, finished, weight in word.weights
            if index == wanted and weight > 0
        ]
        shown: list[WordEvidence] = []
        used: set[str] = set()
        for _, evidence in sorted(candidates, key=lambda pair: (-pair[0], pair[1].token)):
            words = {evidence.token} if "=" in evidence.token else set(evidence.token.split())
            if len(shown) < limit and used.isdisjoint(words):
                used |= words
                shown.append(evidence)
        return tuple(shown)


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

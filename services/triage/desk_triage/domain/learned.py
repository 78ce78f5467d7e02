"""What was learned from finished tickets: words, whom they speak for and how sure they make one.

Pure sums over a frozen table: no library, the same answer wherever and whenever it is asked. How
the table is made lies in `desk_triage.learning`.
"""

import hashlib
import json
import math
from collections.abc import Container, Iterable, Iterator
from datetime import date
from itertools import islice, pairwise
from typing import Annotated, NamedTuple, Self

from desk_shared.events.people import Value
from desk_shared.events.tickets import TicketOpened
from desk_shared.text import NORMALISER, plain_words, terms
from pydantic import Field, FiniteFloat, NonNegativeInt, PositiveInt, model_validator

# A newer desk may write what this one cannot read; it says so by this number.
FORMAT = 1
# The gist of a ticket stands at its beginning: rules read on, a learned word needs to be close.
MAX_LEARNED = 1_000
MAX_STATED = 60
_VERSION_DIGITS = 16
# Attributes that name the ticket itself, so that no other has them.
_OWN = frozenset({"number"})

# The index of a name, how many tickets with the word it finished, and how the word speaks for it.
Tie = tuple[NonNegativeInt, PositiveInt, FiniteFloat]


def tokens_of(opened: TicketOpened) -> tuple[str, ...]:
    """Words, pairs of words in the title, and `field=value` of what is stated; each once."""
    title, said = terms(opened.title), terms(opened.description[:MAX_LEARNED])
    pairs = (f"{one} {other}" for one, other in pairwise(title))
    return tuple(sorted({*title, *pairs, *said, *_stated(opened)}))


def _stated(opened: TicketOpened) -> Iterator[str]:
    own = {name: text for name, text in opened.attributes.items() if name not in _OWN}
    fields = {"service": opened.service, "site": opened.site, **own}
    fields |= {"kind": opened.kind, "channel": opened.channel}
    for name, text in fields.items():
        if text and len(text) <= MAX_STATED:
            yield f"{name}={plain_words(text) or text}"


class Word(NamedTuple):
    """In how many of the tickets it stood, and whom it speaks for."""

    tickets: PositiveInt
    ties: tuple[Tie, ...]


class Trial(Value):
    """How it did on the last weeks, which it had not seen; `decided` is what it was sure of.

    `only_open` says that only tickets count for which the rules of that day find no team. `better`
    and `worse` are those where it was right and the most frequent name wrong, and the other way.
    """

    since: date
    until: date
    only_open: bool
    tickets: PositiveInt
    right: NonNegativeInt
    usual: str
    usual_right: NonNegativeInt
    better: NonNegativeInt
    worse: NonNegativeInt
    decided: NonNegativeInt
    decided_right: NonNegativeInt
    sureness: FiniteFloat

    @property
    def accuracy(self) -> float:
        """Share it names rightly if it always has to name somebody."""
        return self.right / self.tickets

    @property
    def baseline(self) -> float:
        """Share that is right if the most frequent name is always given."""
        return self.usual_right / self.tickets

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
        """How far, where it is sure, what it says of itself lies from what is so."""
        return abs(self.sureness - self.precision)


class Likely(NamedTuple):
    """A name and how probable it is."""

    name: str
    share: float


class Telling(NamedTuple):
    """A word of the ticket that speaks for a name, which finished `finished` of `tickets`."""

    token: str
    finished: int
    tickets: int


class Scorer(Value):
    """Names to choose from, and what each word says for each; a probability comes out.

    A linear model: the weights of the known words are added up, divided by the root of their
    number, and made shares of one. The empty name stands for all that are too rare to learn.
    `tickets` from `since` to `until` taught it; `trial` is of later ones.
    """

    tickets: PositiveInt
    since: date
    until: date
    names: Annotated[tuple[str, ...], Field(min_length=2)]
    bias: tuple[FiniteFloat, ...]
    threshold: Annotated[float, Field(gt=0, le=1)]
    trial: Trial | None = None
    words: dict[str, Word]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(self.bias) != len(self.names) or len(set(self.names)) != len(self.names):
            raise ValueError("every name needs one bias and stands only once")
        for token, word in self.words.items():
            if any(index >= len(self.names) for index, _, _ in word.ties):
                raise ValueError(f"the word '{token}' speaks for a name that is not there")
        return self

    def shares(self, tokens: Iterable[str]) -> tuple[float, ...]:
        """The probability of each name, in their order."""
        known = [word for token in tokens if (word := self.words.get(token))]
        scale = 1 / math.sqrt(len(known)) if known else 0.0
        sums = list(self.bias)
        for _, ties in known:
            for index, _, weight in ties:
                sums[index] += weight * scale
        highest = max(sums)
        raised = [math.exp(one - highest) for one in sums]
        total = math.fsum(raised)
        return tuple(one / total for one in raised)

    def likely(self, tokens: Iterable[str], allowed: Container[str]) -> tuple[Likely, ...]:
        """The allowed names, the most probable first; none if no word is known."""
        tokens = tuple(tokens)
        if not any(token in self.words for token in tokens):
            return ()
        pairs = zip(self.names, self.shares(tokens), strict=True)
        found = (Likely(name, share) for name, share in pairs if name and name in allowed)
        return tuple(sorted(found, key=lambda one: (-one.share, one.name)))

    def telling(self, tokens: Iterable[str], name: str, limit: int) -> tuple[Telling, ...]:
        """The words that speak most for a name, by weight and by how often it was so.

        What stands in every second ticket is no reason that convinces anybody.
        """
        index = self.names.index(name)
        found = [
            (weight * finished / word.tickets, Telling(token, finished, word.tickets))
            for token in tokens
            if (word := self.words.get(token)) and 2 * word.tickets <= self.tickets
            for one, finished, weight in word.ties
            if one == index and weight > 0
        ]
        ranked = (one for _, one in sorted(found, key=lambda one: (-one[0], one[1].token)))
        return tuple(islice(_apart(ranked), limit))


def _apart(ranked: Iterable[Telling]) -> Iterator[Telling]:
    """Without those that only repeat a word: `vpn` says no more after `vpn tunnel`."""
    said: set[str] = set()
    for one in ranked:
        words = {one.token} if "=" in one.token else set(one.token.split())
        if said.isdisjoint(words):
            said |= words
            yield one


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

    def signed(self) -> "LearnedModel":
        """The same under its own fingerprint."""
        return self.model_copy(update={"version": self.fingerprint()})

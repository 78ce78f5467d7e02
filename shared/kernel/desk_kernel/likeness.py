"""How alike two tickets are: what words and character n-grams they share, the rare ones first.

Pure, and the same for every language: words come from `desk_contracts.text`, which cuts scripts
without blanks into pairs of characters, and n-grams find what is inflected, compounded or mistyped.
The weights were chosen on public sets of duplicates (docs/intelligence.md says which).
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from desk_contracts.text import terms

# What is read of a ticket, however long it is: beyond, texts are logs and quoted mails.
MAX_TITLE = 300
MAX_TEXT = 2_000
# How much of them n-grams are made of: they are five times as many as words.
MAX_GRAM_TEXT = 600
GRAM = 3
# Longer ones are keys and encoded files; the same in two tickets they count once all the same.
MAX_TERM = 40


class Field(StrEnum):
    """What of a ticket a term was found in. The order is that of `WEIGHTS`."""

    WORDS = "words"
    TITLE = "title"
    TITLE_GRAMS = "title_grams"
    GRAMS = "grams"


WEIGHTS: Mapping[Field, float] = {
    Field.WORDS: 0.5,
    Field.TITLE: 0.3,
    Field.TITLE_GRAMS: 0.3,
    Field.GRAMS: 0.5,
}

Terms = Mapping[Field, Counter[str]]


class TermWeights(dict[str, float]):
    """What each term of a field counts. One that is not known yet is asked for, and kept."""

    def __init__(self, ask: Callable[[str], float]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, term: str) -> float:
        weight = self[term] = self._ask(term)
        return weight


# What the terms of a field count, by how rare they are.
Rarity = Callable[[Field], Mapping[str, float]]


def even(_field: Field) -> TermWeights:
    """Every term counts one: for texts of which nobody knows what is rare among them."""
    return TermWeights(lambda _term: 1.0)


# Terms, each as often as it stands there.
ListedTerms = Mapping[Field, list[str]]


class Likeness(NamedTuple):
    """How alike two texts are (0: nothing shared, 1: the same), and the words that say so."""

    score: float
    shared: tuple[str, ...] = ()


def read_terms(title: str, text: str) -> Terms:
    """What can be compared of a ticket; bounded, whatever was written."""
    return {field: Counter(listed) for field, listed in list_terms(title, text).items()}


def list_terms(title: str, text: str) -> ListedTerms:
    """The same terms, each as often as it stands there, for who counts them elsewhere."""
    title, text = title[:MAX_TITLE], text[:MAX_TEXT]
    of_title, of_text = _cut(terms(title)), _cut(terms(text))
    short = _cut(terms(text[:MAX_GRAM_TEXT])) if len(text) > MAX_GRAM_TEXT else of_text
    title_grams = cut_grams(of_title)
    return {
        Field.WORDS: of_title + of_text,
        Field.TITLE: of_title,
        Field.TITLE_GRAMS: title_grams,
        Field.GRAMS: title_grams + cut_grams(short),
    }


def read_words(text: str) -> Counter[str]:
    """The words of a text, for who compares nothing."""
    return Counter(_cut(terms(text[:MAX_TEXT])))


def _cut(words: Iterable[str]) -> list[str]:
    return [term[:MAX_TERM] for term in words]


def cut_grams(words: Iterable[str]) -> list[str]:
    """The character n-grams of words, with `_` where a word begins and ends."""
    return list(chain.from_iterable(map(_cut_word, words)))


@lru_cache(maxsize=8_192)  # few words make most of every text
def _cut_word(word: str) -> tuple[str, ...]:
    bounded = f"_{word}_"
    return tuple(bounded[start : start + GRAM] for start in range(max(1, len(bounded) - GRAM + 1)))


def weigh_rarity(tickets: int, having: int) -> float:
    """What a term counts that so many of all tickets have (smoothed inverse document frequency)."""
    return math.log1p(tickets / (1 + having))


class Weighed:
    """One text's terms with their weights, ready to be compared with many others."""

    def __init__(self, text: Terms, rarity: Rarity) -> None:
        self._rarity = {field: rarity(field) for field in Field}
        self._vectors: dict[Field, dict[str, float]] = {}
        for field in Field:
            weights = _weigh(text[field], self._rarity[field])
            length = _length(weights)  # a long text has no louder voice
            self._vectors[field] = {term: weight / length for term, weight in weights.items()}

    def compare(self, other: Terms, most_shared: int = 6) -> Likeness:
        """How alike the other text is; cosines of each field, weighed."""
        score, possible = 0.0, 0.0
        shared: dict[str, float] = {}
        for field, weight in WEIGHTS.items():
            ours = self._vectors[field]
            theirs = _weigh(other[field], self._rarity[field])
            if not ours and not theirs:
                continue
            possible += weight
            common = {term: ours[term] * theirs[term] for term in ours.keys() & theirs.keys()}
            score += weight * sum(common.values()) / _length(theirs)
            if field is Field.WORDS:
                shared = common
        best = sorted(shared, key=lambda term: (-shared[term], term))[:most_shared]
        return Likeness(min(1.0, score / possible) if possible else 0.0, tuple(best))


def _weigh(counts: Counter[str], rarity: Mapping[str, float]) -> dict[str, float]:
    """Sublinear frequency by rarity."""
    return {
        term: rarity[term] if count == 1 else (1 + math.log(count)) * rarity[term]
        for term, count in counts.items()
    }


def _length(weights: Mapping[str, float]) -> float:
    """1 for nothing, so that it can be divided by."""
    return math.hypot(*weights.values()) or 1.0

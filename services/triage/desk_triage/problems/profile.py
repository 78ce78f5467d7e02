"""What the tickets of one trouble say, and whether another ticket says it too.

A ticket is weighed by how much more frequent its words are there than in the past. What weight is
enough is learned from tickets that came before the trouble: words of one language, or of one form,
come together, so no weight is a probability by itself.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from desk_triage.problems.rates import Rates
from desk_triage.problems.terms import number_key, number_terms, number_word

# Words of one sentence come together, so the second says less than the first, and so on.
_DAMPING = 0.75
_LEAST_EVIDENCE, MOST_EVIDENCE, _MOST_COUNTED = 0.7, 6.0, 8
# A word that only resembles says less than the word.
_RESEMBLANCE = 0.8
_LEAST_RESEMBLANCE = 0.6
MOST_TERMS = 400


class Wording(NamedTuple):
    """The words of one ticket, its service and category."""

    words: tuple[str, ...]
    service: str
    category: str


class Profile(NamedTuple):
    """In how many of its tickets each term was."""

    tickets: int
    counts: Mapping[int, int]


def count_profile(tickets: Sequence[Wording]) -> Profile:
    """The profile of these tickets."""
    counts: Counter[int] = Counter()
    for wording in tickets:
        counts.update(number_terms(*wording))
    return Profile(len(tickets), _frequent(counts))


def extend(profile: Profile, wording: Wording) -> Profile:
    """The profile with one ticket more."""
    counts = Counter(profile.counts)
    counts.update(number_terms(*wording))
    return Profile(profile.tickets + 1, _frequent(counts))


def combine(first: Profile, second: Profile) -> Profile:
    """The profile of the tickets of both."""
    counts = Counter(first.counts)
    counts.update(second.counts)
    return Profile(first.tickets + second.tickets, _frequent(counts))


class Scales:
    """Weighs tickets against one profile; the evidence of a term is looked up once."""

    def __init__(self, profile: Profile, rates: Rates) -> None:
        self._profile, self._rates = profile, rates
        self._evidence: dict[int, float] = {}

    def weigh(self, wording: Wording) -> float:
        """How much more likely it is among these tickets than elsewhere (natural logarithm)."""
        matching = [value for value in map(self._weigh_word, wording.words) if value > 0]
        keys = (
            (
                number_key("service", wording.service),
                number_key("category", f"{wording.service}/{wording.category}"),
            )
            if wording.service
            else ()
        )
        matching.append(max(map(self._of, keys), default=0.0))
        matching.sort(reverse=True)
        return sum(value * _DAMPING**place for place, value in enumerate(matching[:_MOST_COUNTED]))

    def _weigh_word(self, text: str) -> float:
        word = number_word(text)
        exact = self._of(word.id)
        if exact > 0 or not word.grams:
            return exact
        grams = [self._of(gram) for gram in word.grams]
        familiar = [value for value in grams if value > 0]
        if len(familiar) < _LEAST_RESEMBLANCE * len(grams):
            return 0.0
        return _RESEMBLANCE * sum(grams) / len(grams)

    def _of(self, term: int) -> float:
        value = self._evidence.get(term)
        if value is None:
            tickets = self._profile.tickets
            count = self._profile.counts.get(term, 0)  # desk-skip: mutate one is as good as none
            value = 0.0
            if count > 1:
                least = max(0.5, count - math.sqrt(count))  # it may be there by chance
                matching = math.log(least / tickets / self._rates.share(term))
                value = min(MOST_EVIDENCE, matching) if matching >= _LEAST_EVIDENCE else 0.0
            self._evidence[term] = value
        return value


def resemble(this: Profile, other: Profile, rates: Rates) -> float:
    """How much two profiles have in common, 0 to 1: the cosine of their evidence."""
    first, second = _vector(this, rates), _vector(other, rates)
    common = sum(value * second.get(term, 0.0) for term, value in first.items())
    size = math.sqrt(
        sum(value * value for value in first.values())
        * sum(value * value for value in second.values())
    )
    return common / size if size else 0.0


def _vector(profile: Profile, rates: Rates) -> dict[int, float]:
    vector: dict[int, float] = {}
    for term, count in profile.counts.items():
        share = count / profile.tickets
        ratio = share / rates.share(term)
        if ratio > 1 and count > 1:
            vector[term] = share * math.log(ratio)
    return vector


def _frequent(counts: Counter[int]) -> dict[int, int]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return dict(ordered[:MOST_TERMS])

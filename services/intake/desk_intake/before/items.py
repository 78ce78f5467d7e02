"""Which items of the catalogue a text may mean: compared by their words in every language. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import partial

from desk_kernel.likeness import (
    Field,
    Likeness,
    Terms,
    TermWeights,
    Weighed,
    read_terms,
    weigh_rarity,
)

from desk_intake.catalogue.charter import CatalogueItem

# Less alike is chance: what items are called is so short that a syllable or "new" weighs much.
LEAST = 0.25
# So many are compared, however long the catalogue is: they are short.
CANDIDATES = 30
# What finds candidates; titles are in both.
_FINDING = (Field.WORDS, Field.GRAMS)


class ItemTexts:
    """The words of a catalogue, cut once. Nobody is asked twice which items have a word."""

    def __init__(self, items: Sequence[CatalogueItem]) -> None:
        self._texts: list[tuple[str, Terms]] = [
            (item.name, read_terms(text, "")) for item in items for text in _list_texts(item)
        ]
        self._having: dict[tuple[Field, str], list[int]] = defaultdict(list)
        for index, (_, terms) in enumerate(self._texts):
            for field in Field:
                for term in terms[field]:
                    self._having[field, term].append(index)

    def rank(self, draft: Terms, among: Collection[str], most: int) -> dict[str, Likeness]:
        """The likest of these items, the best first, each by its likest text."""
        weighed = Weighed(draft, lambda field: TermWeights(partial(self._weigh, field)))
        likenesses: dict[str, Likeness] = {}
        for index in self._choose(draft, among):
            name, terms = self._texts[index]
            likeness = weighed.compare(terms)
            if likeness.score >= max(LEAST, likenesses.get(name, Likeness(0.0)).score):
                likenesses[name] = likeness
        best = sorted(likenesses, key=lambda name: (-likenesses[name].score, name))
        return {name: likenesses[name] for name in best[:most]}

    def _choose(self, draft: Terms, among: Collection[str]) -> list[int]:
        """Texts that share the most with the draft, rare terms first."""
        weights: dict[int, float] = defaultdict(float)
        for field in _FINDING:
            for term in draft[field]:
                for index in self._having.get((field, term), ()):
                    if self._texts[index][0] in among:
                        weights[index] += self._weigh(field, term)
        return sorted(weights, key=lambda index: (-weights[index], index))[:CANDIDATES]

    def _weigh(self, field: Field, term: str) -> float:
        having = self._having.get((field, term), ())
        return weigh_rarity(len(self._texts), len(having) or 1)


def _list_texts(item: CatalogueItem) -> Iterator[str]:
    """What it is called and what can be chosen, in each language.

    Each by itself, since a draft names one thing and not all of them. Not the description: its
    small words are in every draft, and rare in a catalogue.
    """
    for language in ("en", "de"):
        yield item.title.spoken(language)
        yield from item.words.spoken(language)
    for field in item.fields.values():
        yield from map(str, field.get("enum", ()) if isinstance(field, dict) else ())

"""What says something like a text: candidates from an index, ranked by how alike they are."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple

from desk_kernel.likeness import MAX_TITLE, Field, Likeness, Terms, Weighed, read_terms, read_words

from desk_platform.similar.index import TextIndex
from desk_platform.similar.indexed import Candidate, IndexedModel, S, TextQuery, Written
from desk_platform.similar.model import IndexedTicket
from desk_platform.similar.stems import read_stems

# Looked at by words, and as many by n-grams; to compare one takes about half a millisecond of CPU.
CANDIDATES = 20
# How much BM25, which counts how often a word is said, weighs in the order beside the likeness.
CLOSENESS = 0.3
# Less alike is chance: a syllable or a word that many have.
LEAST = 0.1
# Of two orders put together: how little the first places count more than the next (RRF).
_FUSION = 60

# Ids of what an encoder takes for alike and that has a tag, the nearest first; so many at most.
Near = Callable[[str, int], Awaitable[Sequence[str]]]


class Hit(NamedTuple, Generic[S]):
    """One that was found, and why."""

    item: S
    likeness: Likeness
    is_near: bool = False
    """An encoder alone found it: in words and n-grams they share next to nothing."""


class SimilarTickets(NamedTuple):
    """What was found for a text, the likest first."""

    open: tuple[Hit[IndexedTicket], ...]
    solved: tuple[Hit[IndexedTicket], ...]


class Draft:
    """A text that is asked about, cut into terms once for every index that is asked."""

    def __init__(self, written: Written) -> None:
        self.terms: Terms = read_terms(written.title, written.text)
        self.stems = read_stems(self.terms[Field.WORDS].elements(), written.language)
        self._language = written.language.partition("-")[0].casefold()

    def choose_texts(self, texts: Sequence[Written]) -> list[tuple[str, str]]:
        """Title and text of those in its language; of all where none is."""
        same = [
            text for text in texts if text.language.partition("-")[0].casefold() == self._language
        ]
        return [(text.title, text.text) for text in same or texts]


def read_query(text: str, language: str) -> TextQuery | None:
    """What is asked for in words; None if there is no word in it."""
    words = tuple(read_words(text[:MAX_TITLE]))
    if not words:
        return None
    return TextQuery(words, tuple(read_stems(words, language)), text.strip().upper())


async def find_similar(
    index: TextIndex[IndexedTicket],
    written: Written,
    may_show: Callable[[IndexedTicket], bool],
    limit: int,
    near: Near | None = None,
) -> SimilarTickets:
    """Tickets that say something alike, of those that may be shown. Bounded for any text.

    Before a ticket is logged there is no ticket yet: that is why it asks for the text alone.
    """
    draft = await asyncio.to_thread(Draft, written)
    depth = limit if near is None else CANDIDATES
    each = []
    for tag in ("open", "solved"):
        hits = await find_alike(index, draft, [tag], may_show, depth)
        if near is not None:
            ids = await near(tag, CANDIDATES)
            loaded = await index.load(ids)
            # The index is ahead of the encoder: what it has no more, or not so, is not shown.
            items = [loaded[id] for id in ids if id in loaded and tag in loaded[id].tags]
            shown = [item for item in items if may_show(item)]
            hits = await asyncio.to_thread(_fuse, index, draft, hits, shown)
        each.append(hits[:limit])
    return SimilarTickets(*each)


async def find_alike(
    index: TextIndex[S],
    draft: Draft,
    tags: Sequence[str],
    may_show: Callable[[S], bool],
    limit: int,
    depth: int = CANDIDATES,
) -> tuple[Hit[S], ...]:
    """What has all the tags and says something alike, the likest first."""

    def find() -> tuple[Hit[S], ...]:
        candidates = index.search(draft.terms, draft.stems, tags, depth)
        shown = [candidate for candidate in candidates if may_show(candidate.item)]
        return _rank(index, draft, shown, limit)

    return await asyncio.to_thread(find)


def _rank(
    index: TextIndex[S], draft: Draft, candidates: Sequence[Candidate[S]], limit: int
) -> tuple[Hit[S], ...]:
    weighed = Weighed(draft.terms, index.rarity)
    compared = []
    for item, closeness in candidates:
        likeness = _compare(weighed, draft, item)
        if likeness.score >= LEAST:
            compared.append((Hit(item, likeness), CLOSENESS * closeness))
    # Of equals the newer one: its solution fits today's systems.
    compared.sort(
        key=lambda pair: (-pair[0].likeness.score - pair[1], -pair[0].item.at.timestamp())
    )
    return tuple(hit for hit, _ in compared[:limit])


def _compare(weighed: Weighed, draft: Draft, item: IndexedModel) -> Likeness:
    return max(
        (weighed.compare(read_terms(*text)) for text in draft.choose_texts(item.texts)),
        key=lambda likeness: likeness.score,
        default=Likeness(0.0),
    )


def _fuse(
    index: TextIndex[S], draft: Draft, hits: Sequence[Hit[S]], near: Sequence[S]
) -> tuple[Hit[S], ...]:
    """What is alike by words and what is near, by the sum of their reciprocal places."""
    weighed = Weighed(draft.terms, index.rarity)
    by_id = {hit.item.id: hit for hit in hits}
    places: defaultdict[str, float] = defaultdict(float)
    for ids in (list(by_id), [item.id for item in near]):
        for place, id in enumerate(ids, 1):
            places[id] += 1 / (_FUSION + place)
    for item in near:
        if item.id not in by_id:
            likeness = _compare(weighed, draft, item)
            by_id[item.id] = Hit(item, likeness, is_near=likeness.score < LEAST)
    return tuple(sorted(by_id.values(), key=lambda hit: -places[hit.item.id]))

"""Similar tickets of a text: candidates from the index, ranked by how alike they are."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from desk_kernel.likeness import Field, Likeness, Terms, Weighed, read_terms, weigh_rarity

from desk_platform.similar.index import Candidate, TicketIndex
from desk_platform.similar.model import IndexedTicket

# Compared with each text, open and solved alike; each takes about half a millisecond of CPU.
CANDIDATES = 40
# How much BM25, which counts how often a word is said, weighs in the order beside the likeness.
CLOSENESS = 0.3
# Less alike is chance: a syllable or a word that many tickets have.
LEAST = 0.1


class SimilarTicket(NamedTuple):
    """One that was found, and why."""

    ticket: IndexedTicket
    likeness: Likeness


class SimilarTickets(NamedTuple):
    """What was found for a text, the likest first."""

    open: tuple[SimilarTicket, ...]
    solved: tuple[SimilarTicket, ...]


async def find_similar(
    index: TicketIndex,
    title: str,
    text: str,
    may_show: Callable[[IndexedTicket], bool],
    limit: int,
) -> SimilarTickets:
    """Tickets that say something alike, of those that may be shown. Bounded for any text.

    Before a ticket is logged there is no ticket yet: that is why it asks for the text alone.
    """
    terms = await asyncio.to_thread(read_terms, title, text)
    candidates = await index.search(terms, CANDIDATES)
    rarities = await index.rarities(terms)
    # A term that only the other text has: as rare as one can be.
    unknown = weigh_rarity(await index.count(), 1)

    def rarity(field: Field, term: str) -> float:
        return rarities.get((field, term), unknown)

    return await asyncio.to_thread(
        lambda: SimilarTickets(
            *(
                _rank(terms, [item for item in part if may_show(item.ticket)], rarity, limit)
                for part in candidates
            )
        )
    )


def _rank(
    terms: Terms,
    candidates: Sequence[Candidate],
    rarity: Callable[[Field, str], float],
    limit: int,
) -> tuple[SimilarTicket, ...]:
    weighed = Weighed(terms, rarity)
    compared = []
    for ticket, closeness in candidates:
        likeness = weighed.compare(read_terms(ticket.title, ticket.text))
        if likeness.score >= LEAST:
            compared.append((SimilarTicket(ticket, likeness), CLOSENESS * closeness))
    # Of equals the newer one: its solution fits today's systems.
    compared.sort(
        key=lambda pair: (-pair[0].likeness.score - pair[1], -pair[0].ticket.opened_at.timestamp())
    )
    return tuple(item for item, _ in compared[:limit])

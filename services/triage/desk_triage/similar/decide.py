"""Whether one person asks twice: exactly the same words, or nearly the same."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from desk_contracts import Event, derive
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.events.triage import RepetitionFound
from desk_contracts.message import message
from desk_contracts.text import terms
from desk_kernel import Decision
from desk_kernel.likeness import Field, Weighed, even, read_terms

from desk_triage.routing.model import SOURCE
from desk_triage.similar.model import (
    MAX_RECENT,
    MAX_TEXT,
    REPEATED_WITHIN,
    PersonTickets,
    RecentTicket,
)

# From so alike on a person is asked to judge. Two tickets of one person in one week that share
# three quarters of their words and their order of letters are rarely two troubles.
ALIKE = 0.75
# Fewer words say too little: "help" twice may be anything.
FEWEST_TERMS = 3


class RepeatedPair(NamedTuple):
    """A ticket that says what an earlier one said, and how alike they are, from 0 to 1."""

    later: RecentTicket
    earlier: RecentTicket
    likeness: float


def remember(
    person: PersonTickets | None, event: Event[TicketOpened]
) -> Decision[PersonTickets] | None:
    """The person's tickets with one more, and the earlier one that it repeats."""
    before = person or PersonTickets()
    if any(item.id == event.subject for item in before.recent):
        return None
    ticket = _read(event)
    others = [
        item for item in before.recent if abs(ticket.opened_at - item.opened_at) <= REPEATED_WITHIN
    ]
    pair = _find_pair(ticket, others)
    if pair is None:
        return Decision(_keep((*before.recent, ticket)))
    repetition = pair.later.model_copy(update={"repeats": pair.earlier.id})
    rest = (item for item in (*before.recent, ticket) if item.id != repetition.id)
    return Decision(_keep((*rest, repetition)), (_emit(event, pair),))


def _keep(tickets: Iterable[RecentTicket]) -> PersonTickets:
    """The newest: one that is read late, from another partition, drives out no newer one."""
    ordered = sorted(tickets, key=lambda item: (item.opened_at, item.id))
    return PersonTickets(recent=tuple(ordered[-MAX_RECENT:]))


def _read(event: Event[TicketOpened]) -> RecentTicket:
    opened = event.data
    words = (" ".join(terms(opened.title)), " ".join(terms(opened.description)), opened.device)
    return RecentTicket(
        id=event.subject,
        code=opened.code,
        title=opened.title,
        text=opened.description[:MAX_TEXT],
        digest=hashlib.sha256("\0".join(words).encode()).hexdigest()[:32],
        opened_at=event.time,
    )


def _find_pair(ticket: RecentTicket, others: Sequence[RecentTicket]) -> RepeatedPair | None:
    """The ticket and another that says the same; None if none does.

    Tickets lie in several partitions, so the later of two may be read first: it is the repetition
    all the same.
    """
    earlier = [item for item in others if item.opened_at <= ticket.opened_at]
    if alike := _find_alike(ticket, earlier):
        return RepeatedPair(ticket, *alike)
    later = [item for item in others if item.opened_at > ticket.opened_at and not item.repeats]
    if alike := _find_alike(ticket, later):
        return RepeatedPair(alike[0], ticket, alike[1])
    return None


def _find_alike(
    ticket: RecentTicket, others: Sequence[RecentTicket]
) -> tuple[RecentTicket, float] | None:
    """The one of the others that says the same, with how alike they are."""
    ours = read_terms(ticket.title, ticket.text)
    if sum(ours[Field.WORDS].values()) < FEWEST_TERMS:
        return None
    # One person's few tickets say nothing of what is rare: every term counts the same.
    weighed = Weighed(ours, even)
    best: tuple[RecentTicket, float] | None = None
    for other in reversed(others):
        if other.digest == ticket.digest:
            return other, 1.0
        score = weighed.compare(read_terms(other.title, other.text)).score
        if score >= ALIKE and (best is None or score > best[1]):
            best = other, score
    return best


def _emit(event: Event[TicketOpened], pair: RepeatedPair) -> Event[RepetitionFound]:
    later, earlier, likeness = pair
    is_exact = earlier.digest == later.digest
    why = (
        message("repetition.exact", code=earlier.code)
        if is_exact
        else message("repetition.alike", code=earlier.code, likeness=round(likeness, 2))
    )
    repetition = RepetitionFound(
        code=later.code,
        of=earlier.id,
        of_code=earlier.code,
        is_exact=is_exact,
        likeness=round(likeness, 4),
        explanation=(why,),
    )
    return derive(
        event, repetition, source=SOURCE, subject=later.id, rule="repetition", at=later.opened_at
    )

"""Whether one person asks twice: exactly the same words, or nearly the same."""

import hashlib

from desk_contracts import Event, derive
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.events.triage import RepetitionFound
from desk_contracts.message import message
from desk_contracts.text import terms
from desk_kernel import Decision
from desk_kernel.likeness import Field, Weighed, read_terms

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


def remember(
    person: PersonTickets | None, event: Event[TicketOpened]
) -> Decision[PersonTickets] | None:
    """The person's tickets with one more, and the earlier one that it repeats."""
    before = person or PersonTickets()
    if any(item.id == event.subject for item in before.recent):
        return None
    ticket = _read(event)
    others = tuple(
        item for item in before.recent if abs(ticket.opened_at - item.opened_at) <= REPEATED_WITHIN
    )
    kept = sorted((*others, ticket), key=lambda item: (item.opened_at, item.id))[-MAX_RECENT:]
    # Of tickets that are read out of order the one that was opened later is the repetition.
    earlier = [item for item in others if item.opened_at <= ticket.opened_at]
    repeated = _find_repeated(ticket, earlier)
    events = () if repeated is None else (_emit(event, ticket, *repeated),)
    return Decision(PersonTickets(recent=tuple(kept)), events)


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


def _find_repeated(
    ticket: RecentTicket, earlier: list[RecentTicket]
) -> tuple[RecentTicket, float] | None:
    """The earlier ticket that says the same, with how alike they are; None if none does."""
    ours = read_terms(ticket.title, ticket.text)
    if sum(ours[Field.WORDS].values()) < FEWEST_TERMS:
        return None
    # One person's few tickets say nothing of what is rare: every term counts the same.
    weighed = Weighed(ours, lambda _field, _term: 1.0)
    best: tuple[RecentTicket, float] | None = None
    for other in reversed(earlier):
        if other.digest == ticket.digest:
            return other, 1.0
        score = weighed.compare(read_terms(other.title, other.text)).score
        if score >= ALIKE and (best is None or score > best[1]):
            best = other, score
    return best


def _emit(
    event: Event[TicketOpened], ticket: RecentTicket, other: RecentTicket, likeness: float
) -> Event[RepetitionFound]:
    is_exact = other.digest == ticket.digest
    why = (
        message("repetition.exact", code=other.code)
        if is_exact
        else message("repetition.alike", code=other.code, likeness=round(likeness, 2))
    )
    repetition = RepetitionFound(
        code=ticket.code,
        of=other.id,
        of_code=other.code,
        is_exact=is_exact,
        likeness=round(likeness, 4),
        explanation=(why,),
    )
    return derive(
        event, repetition, source=SOURCE, subject=event.subject, rule="repetition", at=event.time
    )

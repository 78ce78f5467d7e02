"""What each person asked for, so that who has to come again is seen: a document per person and four
weeks, with the week before.

Tickets tell of their contact once, and again when what they are about changes; the highest revision
counts, so neither repeats nor the order of arrival matter.
"""

from dataclasses import dataclass

from desk_contracts.envelope import AnyEvent, Event, Payload
from desk_contracts.events.contributions import ContributionsChanged

from desk_metrics.measures.contributions import Contribution, Slice
from desk_metrics.measures.publication import SourceRecord, find_source, publish
from desk_metrics.measures.repeat_contacts import (
    CAME_AGAIN,
    WITHIN,
    Contact,
    came_again,
    is_of,
    is_person,
)


@dataclass(frozen=True, slots=True)
class Returns:
    """The contacts of one person, oldest first, and what was posted of those that came again."""

    contacts: tuple[Contact, ...] = ()
    sources: tuple[SourceRecord, ...] = ()


def returns_key(event: AnyEvent) -> str | None:
    """The person whose contact is told; None for everything else."""
    is_told = isinstance(event.data, ContributionsChanged) and is_person(event.subject)
    return event.subject if is_told else None


def with_contact(
    state: Returns, event: AnyEvent
) -> tuple[Returns, tuple[Event[Payload], ...]] | None:
    """The person's contacts with one more or one changed; None if it was known."""
    data = event.data
    if not isinstance(data, ContributionsChanged):
        return None
    by_ticket = {contact.ticket: contact for contact in state.contacts}
    before = by_ticket.get(data.of)
    if before is not None and before.revision >= data.revision:
        return None
    by = Slice(data.kind, data.service, data.team, data.site, data.person, data.device)
    fresh = Contact(
        min(contribution[1] for contribution in data.contributions), data.of, data.revision, by
    )
    by_ticket[data.of] = fresh
    contacts = tuple(sorted(by_ticket.values()))
    sources, events = {source.source: source for source in state.sources}, list[Event[Payload]]()
    for earlier, is_again in came_again(contacts):
        if fresh.at <= earlier.at <= fresh.at + WITHIN and is_of(event.subject, earlier):
            contributions = (Contribution(CAME_AGAIN, earlier.at, earlier.at),) if is_again else ()
            book = find_source(sources.values(), f"again:{earlier.ticket}")
            book, changes = publish(book, earlier.slice, contributions, earlier.at)
            events += changes
            if book.revision:
                sources[book.source] = book
    return Returns(contacts, tuple(book for _, book in sorted(sources.items()))), tuple(events)

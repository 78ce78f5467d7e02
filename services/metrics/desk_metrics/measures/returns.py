"""What each person asked for, so that who has to come again is seen: a document per person and four
weeks, with the week before.

Tickets tell of their contact once, and again when what they are about changes; the highest revision
counts, so neither repeats nor the order of arrival matter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from desk_contracts import derive
from desk_contracts.envelope import AnyEvent, Event, Payload
from desk_contracts.events.contributions import ContactRepeated, ContributionsChanged

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
from desk_metrics.sla.decide import SOURCE
from desk_metrics.sla.worktime import instant


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
    for repeated in came_again(contacts):
        contact = repeated.contact
        if fresh.at <= contact.at <= fresh.at + WITHIN and is_of(event.subject, contact):
            at = contact.at
            contributions = (Contribution(CAME_AGAIN, at, at),) if repeated.is_again else ()
            book = find_source(sources.values(), f"again:{contact.ticket}")
            book, changes = publish(book, contact.slice, contributions, at)
            events += changes
            if book.revision:
                sources[book.source] = book
    events += _tell_repeats(state.contacts, contacts, event)
    return Returns(contacts, tuple(book for _, book in sorted(sources.items()))), tuple(events)


def _tell_repeats(
    before: Sequence[Contact], after: Sequence[Contact], event: AnyEvent
) -> Iterator[Event[Payload]]:
    """What earlier tickets are told: that their person asked again, or that this was not so."""
    old, new = dict(_list_repeats(before)), dict(_list_repeats(after))
    for pair in sorted({*old, *new}):
        contact, is_so = new.get(pair) or old[pair], pair in new
        if is_so is (pair in old) or not is_of(event.subject, contact):
            continue
        earlier, again = pair
        data = ContactRepeated(again=again, asked_at=instant(contact.at), is_so=is_so)
        rule = f"repeat/{earlier}/{again}"
        yield derive(event, data, source=SOURCE, subject=earlier, rule=rule, at=event.time)


def _list_repeats(contacts: Sequence[Contact]) -> Iterator[tuple[tuple[str, str], Contact]]:
    """Pairs of tickets, the earlier one first, with the later contact."""
    for repeated in came_again(contacts):
        for earlier in repeated.earlier:
            yield (earlier.ticket, repeated.contact.ticket), repeated.contact

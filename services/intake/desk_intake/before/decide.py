"""When a contact counts as prevented, and when it turns out that it was not. Pure."""

from datetime import datetime

from desk_contracts import Event
from desk_contracts.errors import Rejected
from desk_contracts.events.feedback import ContactPrevented, ContactReturned
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_contracts.text import plain_words
from desk_kernel import Decision
from desk_kernel.likeness import Weighed, even, read_terms

from desk_intake.before.model import (
    MAX_CONTACTS,
    MAX_TRACKED,
    TRACKED,
    UNDECIDED,
    Contact,
    PersonContacts,
    TakenThing,
)
from desk_intake.tickets.record import SOURCE, Cause, emit

# Two texts of one person in one week that are so alike are about the same. It is far less than what
# makes a repetition: in doubt nothing is claimed to be prevented.
ALIKE = 0.3


def prevent(
    person: PersonContacts | None, by: str, contact: Contact, cause: Cause
) -> Decision[PersonContacts]:
    """The person has what they need. The same taken twice in a week is counted once."""
    before = person or PersonContacts(id=by)
    contacts = tuple(item for item in before.contacts if contact.at - item.at <= UNDECIDED)
    if any((item.taken, item.target) == (contact.taken, contact.target) for item in contacts):
        return Decision(before, (), end_of(before))
    if len(contacts) >= MAX_CONTACTS:
        raise Rejected(
            message("refused.too-many-contacts", most=MAX_CONTACTS), code="too-many-contacts"
        )
    data = ContactPrevented(
        contact=contact.id,
        by=by,
        taken=contact.taken,
        target=contact.target,
        service=contact.service,
        device=contact.device,
    )
    thing = TakenThing(id=contact.id, taken=contact.taken, target=contact.target, at=contact.at)
    track = (*_list_tracked(before, contact.at), thing)[-MAX_TRACKED:]
    after = before.model_copy(update={"contacts": (*contacts, contact), "track": track})
    event = emit(cause, data, about=contact.id, subject=contact.id, at=contact.at)
    return Decision(after, (event,), end_of(after))


def end_of(person: PersonContacts) -> datetime | None:
    """When the first of the person's contacts is decided by silence, and its words go; or when the
    first of what they can look up does."""
    words = (item.at + UNDECIDED for item in person.contacts)
    return min((*words, *(item.at + TRACKED for item in person.track)), default=None)


def _list_tracked(person: PersonContacts, now: datetime) -> tuple[TakenThing, ...]:
    return tuple(item for item in person.track if now < item.at + TRACKED)


def forget(person: PersonContacts, now: datetime) -> Decision[PersonContacts]:
    """What was taken a week ago was what was needed; nothing has to be compared with it."""
    left = tuple(item for item in person.contacts if now < item.at + UNDECIDED)
    track = _list_tracked(person, now)
    after = person.model_copy(update={"contacts": left, "track": track})
    return Decision(after, (), end_of(after))


def compare_ticket(
    person: PersonContacts | None, event: Event[TicketOpened]
) -> Decision[PersonContacts] | None:
    """The person logs a ticket: what it says again was not prevented."""
    if person is None:
        return None
    opened = event.data
    terms = Weighed(read_terms(opened.title, opened.description), even)
    kept: list[Contact] = []
    events: list[Event[ContactReturned]] = []
    for contact in person.contacts:
        likeness = terms.compare(read_terms(contact.title, contact.text)).score
        is_recent = contact.at <= event.time <= contact.at + UNDECIDED
        # Whoever names the same service or device again means the same, whatever the words.
        named = ((contact.service, opened.service), (contact.device, opened.device))
        is_named = any(ours and plain_words(ours) == plain_words(now) for ours, now in named)
        if is_recent and (is_named or likeness >= ALIKE):
            events.append(_take_back(contact, person.id, event, likeness))
        else:
            kept.append(contact)
    if not events:
        return None
    returned = {item.data.contact for item in events}
    track = tuple(
        item.model_copy(update={"ticket": event.subject}) if item.id in returned else item
        for item in person.track
    )
    after = person.model_copy(update={"contacts": tuple(kept), "track": track})
    return Decision(after, tuple(events), end_of(after))


def _take_back(
    contact: Contact, by: str, cause: Event[TicketOpened], likeness: float
) -> Event[ContactReturned]:
    data = ContactReturned(
        contact=contact.id, by=by, ticket=cause.subject, likeness=round(likeness, 4)
    )
    return Event(
        id=derive_id(contact.id, f"returned/{cause.subject}"),
        source=SOURCE,
        subject=contact.id,
        time=cause.time,
        data=data,
        correlation_id=cause.correlation_id or cause.id,
        causation_id=cause.id,
        traceparent=cause.traceparent,
    )

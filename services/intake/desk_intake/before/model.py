"""What somebody took instead of logging a ticket, for as long as it can turn out otherwise."""

from datetime import datetime, timedelta

from desk_contracts.events.feedback import Taken
from desk_contracts.frozen import Frozen

from desk_intake.tickets.calls import Document

# Whoever logs the same within so long was not helped.
UNDECIDED = timedelta(days=7)
# More than this in a week is no person; each is needed until the week is over.
MAX_CONTACTS = 100
# So long, and of so many, people can see what came of it; the newest are kept.
TRACKED = timedelta(days=90)
MAX_TRACKED = 100
# What is kept of the words, to compare; they stand in no event.
MAX_TEXT = 1_000


class Contact(Frozen):
    """A contact that was prevented, as far as is known."""

    id: str
    taken: Taken
    target: str
    title: str
    text: str = ""
    service: str = ""
    device: str = ""
    at: datetime


class TakenThing(Frozen):
    """What somebody took, as long as they can see what came of it. None of their words."""

    id: str
    taken: Taken
    target: str
    at: datetime
    ticket: str = ""
    """The ticket that they logged about the same after all."""


class PersonContacts(Document):
    """Of one person: what is not a week old, and what they can look up; the id is the person's."""

    contacts: tuple[Contact, ...] = ()
    track: tuple[TakenThing, ...] = ()

"""Coming again: people who had to ask about the same thing once more.

- `came_again` (contacts): contacts of a person who had made another one about the same service or
  about the same device in the seven days before, on the day of the later one. Formula: count of
  contacts c with an earlier contact p of the same person, c.at - p.at at most 7 days, and the same
  service or the same device, where that is known. By event time; service and device as the tickets
  are known today. Reopenings are no contacts and count as `reopened`; two questions about one
  service within a week count although nothing failed, so it is an upper bound.
- `came_again_share` (share): came_again / contacts.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from desk_metrics.measures.contributions import Slice

CAME_AGAIN = "came_again"
WITHIN = 7 * 24 * 3600 * 1_000_000
# What tickets tell of a contact goes to a document of the person and of four weeks, not to a day:
# bounded however much somebody asks, and nothing is ever forgotten.
SPAN = 4 * WITHIN
_PERSON = "person:"


class Contact(NamedTuple):
    """One contact of a person, as its ticket told of it last."""

    at: int
    ticket: str
    revision: int
    slice: Slice


def person_buckets(person: str, at: int) -> Iterator[str]:
    """Where a contact is told: to its own four weeks, and to the next if it may matter there."""
    for span in sorted({at // SPAN, (at + WITHIN) // SPAN}):
        yield f"{_PERSON}{span}.{person}"


def is_person(bucket: str) -> bool:
    """Whether something is told to a person's document and not to a part of a day."""
    return bucket.startswith(_PERSON)


def is_of(bucket: str, contact: Contact) -> bool:
    """Whether the contact belongs to the document's own four weeks."""
    return bucket.startswith(f"{_PERSON}{contact.at // SPAN}.")


class RepeatedContact(NamedTuple):
    """A contact and the tickets before it that were about the same."""

    contact: Contact
    earlier: tuple[Contact, ...]

    @property
    def is_again(self) -> bool:
        """Whether one of them was within the seven days before."""
        return any(self.contact.at - before.at <= WITHIN for before in self.earlier)


def came_again(contacts: Sequence[Contact]) -> Iterator[RepeatedContact]:
    """Each of one person's contacts, which are sorted, and the last before it about the same."""
    last: dict[tuple[str, str], Contact] = {}
    for contact in contacts:
        about = (("service", contact.slice.service), ("device", contact.slice.device))
        named = [thing for thing in about if thing[1]]
        before = {last[thing].ticket: last[thing] for thing in named if thing in last}
        yield RepeatedContact(contact, tuple(before.values()))
        last.update((thing, contact) for thing in named)

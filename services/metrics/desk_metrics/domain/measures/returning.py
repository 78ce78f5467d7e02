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

from desk_metrics.domain.measures.postings import Slice

CAME_AGAIN = "came_again"
# What tickets tell of a person's contact goes to a document of that person, not to a day.
_PERSON = "person:"
WITHIN = 7 * 24 * 3600 * 1_000_000


class Contact(NamedTuple):
    """One contact of a person, as its ticket told of it last."""

    at: int
    ticket: str
    revision: int
    slice: Slice


def person_cell(person: str) -> str:
    """Where a person's contacts are told."""
    return f"{_PERSON}{person}"


def is_person(cell: str) -> bool:
    """Whether something is told to a person's document and not to a part of a day."""
    return cell.startswith(_PERSON)


def came_again(contacts: Sequence[Contact]) -> Iterator[tuple[Contact, bool]]:
    """Each of one person's contacts, which are sorted, and whether it is one of these."""
    first = 0
    for place, one in enumerate(contacts):
        while contacts[first].at < one.at - WITHIN:
            first += 1
        yield one, any(_is_about_same(other, one) for other in contacts[first:place])


def _is_about_same(one: Contact, other: Contact) -> bool:
    is_service = bool(one.slice.service) and one.slice.service == other.slice.service
    return is_service or (bool(one.slice.device) and one.slice.device == other.slice.device)

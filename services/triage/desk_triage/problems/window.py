"""The recent tickets by their terms: what has just become unusual.

Counted as they come and go, so that a ticket costs as much as it has terms. What is counted follows
from the reports alone, in their order, so that counting them anew gives the same.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from desk_triage.problems.rates import Rates, hour_of_week

# A burst is looked for in the longest window and in parts of it: a short one is seen sooner.
PARTS = (1.0, 1 / 3, 2 / 15)
LEAST_PEOPLE = 3
# However many tickets come, no more are held; the window is shorter then.
MAX_REPORTS = 3_000
# A count that is less unusual by so much is no burst yet, but may be by what its tickets say.
_SHORT = 2.0
# Less than that much above the mean is no outage, however certain it is.
_LEAST_RATIO = 2.5


class Counted(NamedTuple):
    """One ticket as it is counted; without terms where its person is counted already."""

    at: datetime
    person: str
    terms: frozenset[int]


class Burst(NamedTuple):
    """A term that came unusually often since a moment; `surprise` is -log10 of its chance.

    `beyond` is by how much that is more than is needed; below 0, it is less.
    """

    term: int
    since: datetime
    surprise: float
    beyond: float = 0.0


class _Part:
    """One length of time that ends with the latest ticket."""

    def __init__(self, length: timedelta) -> None:
        self.length = length
        self.counts: dict[int, int] = {}
        self.tickets = 0
        self._entries: deque[Counted] = deque()

    def add(self, ticket: Counted) -> list[Counted]:
        """Counts it; those that it pushes out."""
        self._entries.append(ticket)
        self.tickets += bool(ticket.terms)
        counts = self.counts
        for term in ticket.terms:
            counts[term] = counts.get(term, 0) + 1
        return self._expire(ticket.at - self.length)

    def _expire(self, start: datetime) -> list[Counted]:
        entries, counts, expired = self._entries, self.counts, list[Counted]()
        while entries[0].at < start or len(entries) > MAX_REPORTS:
            ticket = entries.popleft()
            expired.append(ticket)
            self.tickets -= bool(ticket.terms)
            for term in ticket.terms:
                left = counts[term] - 1
                if left:
                    counts[term] = left
                else:
                    del counts[term]
        return expired


class Window:
    """Counts of all parts of one window; tickets come in the order in which they are counted."""

    def __init__(self, length: timedelta) -> None:
        self.parts = tuple(_Part(length * part) for part in PARTS)
        self._people: dict[str, int] = {}

    def has(self, person: str) -> bool:
        """Whether this person reported within the window."""
        return person in self._people

    def add(self, ticket: Counted) -> None:
        """One more ticket."""
        whole, *others = self.parts
        people = self._people
        people[ticket.person] = people.get(ticket.person, 0) + 1
        for gone in whole.add(ticket):
            left = people[gone.person] - 1
            if left:
                people[gone.person] = left
            else:
                del people[gone.person]
        for part in others:
            part.add(ticket)

    def find_bursts(self, ticket: Counted, rates: Rates, needed: float) -> Iterator[Burst]:
        """The terms of the ticket that are unusual now that it came, or nearly so."""
        hour = hour_of_week(ticket.at)
        share = rates.share
        for part in self.parts:
            counts, tickets = part.counts, part.tickets
            for term in ticket.terms:
                count = counts.get(term, 0)
                if count < LEAST_PEOPLE:
                    continue
                if count < _LEAST_RATIO * tickets * share(term) + 2:
                    continue
                surprise = rates.surprise(term, count, tickets, hour)
                if surprise >= needed - _SHORT:
                    yield Burst(term, ticket.at - part.length, surprise, surprise - needed)

    def limit_share(self, term: int, reports: int) -> float:
        """The share of the people of so many reports who named the term is no larger than that.

        Only the first report of a person is counted; each of the others may have named it.
        """
        others = reports - self.tickets
        return (self.parts[0].counts.get(term, 0) + others) / max(1, self.tickets)

    @property
    def tickets(self) -> int:
        """How many are counted in the whole window."""
        return self.parts[0].tickets

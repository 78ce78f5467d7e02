"""Volume: how much people had to ask, and how much the desk found by itself.

- `contacts` (tickets): opened because somebody asked, by whatever channel.
  Formula: count of opened tickets whose kind is not proactive, on the day of opening. A part that
  a member split off another ticket is none: its person asked once. It does arrive and depart.
- `proactive` (tickets): opened by the desk before anybody asked. Formula: the others.
- `contacts_per_person_per_day` (tickets per person and day): contacts / people / days.
  People is the number of employees served, a setting; without it there is no such figure.
"""

from collections.abc import Iterator

from desk_contracts.events.tickets import Kind

from desk_metrics.measures.contributions import Contribution
from desk_metrics.measures.ticket_history import TicketHistory

CONTACTS, PROACTIVE = "contacts", "proactive"


def contribute_volume(history: TicketHistory) -> Iterator[Contribution]:
    """One contribution for each ticket that is no part of another one."""
    measure = PROACTIVE if history.slice.kind == Kind.PROACTIVE else CONTACTS
    yield Contribution(measure, history.opened, history.opened)


def contacts_per_person_per_day(contacts: int, people: int, days: float) -> float | None:
    """None where the number of people is not known."""
    return contacts / people / days if people and days else None

"""Cost: the time that trouble took from people.

- `lost_minutes` (minutes): open hours between an incident's opening (or reopening) and its end,
  on the calendar of the resolution SLA that held for it (around the clock where none did).
  Waiting counts: it is the employee who waits. An upper bound, since few troubles stop all work.
  Belongs to the day of the end. Questions and requests stop nobody's work.
- `lost_cost` (the organisation's currency): lost minutes * cost per minute, a setting.
"""

from collections.abc import Iterator

from desk_charter.slas import SlaAttributes
from desk_contracts.events.sla import ClockName
from desk_contracts.events.tickets import Kind

from desk_metrics.measures.contributions import Contribution
from desk_metrics.measures.ticket_history import TicketHistory
from desk_metrics.sla.policies import PolicyBook

LOST = "lost"


def contribute_cost(history: TicketHistory, book: PolicyBook) -> Iterator[Contribution]:
    """The open hours of each stay of an incident."""
    if history.slice.kind != Kind.INCIDENT:
        return
    by = history.slice
    groups = frozenset({history.group} if history.group else ())
    like = SlaAttributes(by.kind, history.priority, by.service, by.team, groups)
    for interval in history.intervals:
        if interval.end is None:
            continue
        terms = book.select(ClockName.RESOLUTION, like, interval.start)
        hours = None if terms is None else terms.hours
        took = (
            interval.end - interval.start
            if hours is None
            else hours.time_worked_us(interval.start, interval.end)
        )
        yield Contribution(LOST, interval.end, interval.end, amount=took)

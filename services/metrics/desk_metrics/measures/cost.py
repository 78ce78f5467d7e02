"""Cost: the time that trouble took from people.

- `lost_minutes` (minutes): open hours between an incident's opening (or reopening) and its end,
  on the calendar of the resolution SLA that held for it (around the clock where none did).
  Waiting counts: it is the employee who waits. An upper bound, since few troubles stop all work.
  Belongs to the day of the end. Questions and requests stop nobody's work.
- `lost_cost` (the organisation's currency): lost minutes * cost per minute, a setting.
"""

from collections.abc import Iterator

from desk_shared.charter.slas import SlaAttributes
from desk_shared.events.sla import ClockName
from desk_shared.events.tickets import Kind

from desk_metrics.measures.contributions import Posting
from desk_metrics.measures.ticket_history import Course
from desk_metrics.sla.policies import PolicyBook

LOST = "lost"


def cost_of(course: Course, book: PolicyBook) -> Iterator[Posting]:
    """The open hours of each stay of an incident."""
    if course.slice.kind != Kind.INCIDENT:
        return
    by = course.slice
    groups = frozenset({course.group} if course.group else ())
    like = SlaAttributes(by.kind, course.priority, by.service, by.team, groups)
    for stay in course.stays:
        if stay.end is None:
            continue
        terms = book.select(ClockName.RESOLUTION, like, stay.start)
        hours = None if terms is None else terms.hours
        took = stay.end - stay.start if hours is None else hours.worked_us(stay.start, stay.end)
        yield Posting(LOST, stay.end, stay.end, amount=took)

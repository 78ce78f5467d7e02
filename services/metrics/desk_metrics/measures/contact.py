"""Contact: how often people must come back, are passed on, or help themselves.

- `first_contact_resolution` (share): resolved by one team, without the employee being asked or
  having to write again, and not reopened / resolved. Belongs to the day of resolution; a
  reopening takes both back, known since the reopening.
- `reopen_rate` (share): reopenings / (resolutions that stayed + reopenings), on their own days.
- `handovers` (count): assignments from one team to another.
- `self_service_share` (share): resolved by self-service or by automation / resolved.
"""

from collections.abc import Iterator

from desk_shared.events.tickets import How

from desk_metrics.measures.contributions import Posting
from desk_metrics.measures.ticket_history import Course

RESOLVED, AT_ONCE, REOPENED = "resolved", "resolved_at_once", "reopened"
ESCALATED, SELF_SERVED = "escalated", "self_served"
_WITHOUT_PEOPLE = frozenset({How.SELF_SERVICE, How.AUTOMATION})


def contact_of(course: Course) -> Iterator[Posting]:
    """What each resolution says, taken back by the reopening after it; each escalation."""
    for at in course.handovers:
        yield Posting(ESCALATED, at, at)
    for stay, after in zip(course.stays, (*course.stays[1:], None), strict=True):
        if after is not None:
            yield Posting(REOPENED, after.start, after.start)
        if not stay.is_solved or stay.end is None:
            continue
        measures = [RESOLVED]
        measures += [AT_ONCE] if stay.at_once else []
        measures += [SELF_SERVED] if stay.how in _WITHOUT_PEOPLE else []
        for measure in measures:
            yield Posting(measure, stay.end, stay.end)
            if after is not None:
                yield Posting(measure, stay.end, after.start, -1)

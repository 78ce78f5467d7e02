"""Contact: how often people must come back, are passed on, or help themselves.

- `first_contact_resolution` (share): resolved by one team, without the employee being asked or
  having to write again, and not reopened / resolved. Belongs to the day of resolution; a
  reopening takes both back, known since the reopening.
- `reopen_rate` (share): reopenings / (resolutions that stayed + reopenings), on their own days.
- `handovers` (count): assignments from one team to another.
- `self_service_share` (share): resolved by self-service or by automation / resolved.
"""

from collections.abc import Iterator

from desk_contracts.events.tickets import How

from desk_metrics.measures.contributions import Contribution
from desk_metrics.measures.ticket_history import TicketHistory

RESOLVED, AT_ONCE, REOPENED = "resolved", "resolved_at_once", "reopened"
ESCALATED, SELF_SERVED = "escalated", "self_served"
_WITHOUT_PEOPLE = frozenset({How.SELF_SERVICE, How.AUTOMATION})


def contribute_contact(history: TicketHistory) -> Iterator[Contribution]:
    """What each resolution says, taken back by the reopening after it; each escalation."""
    for at in history.handovers:
        yield Contribution(ESCALATED, at, at)
    for interval, after in zip(history.intervals, (*history.intervals[1:], None), strict=True):
        if after is not None:
            yield Contribution(REOPENED, after.start, after.start)
        if not interval.is_solved or interval.end is None:
            continue
        measures = [RESOLVED]
        measures += [AT_ONCE] if interval.at_once else []
        measures += [SELF_SERVED] if interval.how in _WITHOUT_PEOPLE else []
        for measure in measures:
            yield Contribution(measure, interval.end, interval.end)
            if after is not None:
                yield Contribution(measure, interval.end, after.start, -1)

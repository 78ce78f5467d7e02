"""What is removed by age, and what may be made anew of events that come late. Pure.

A record is removed when it was over for longer than `FORGOTTEN_AFTER`, and the events that made it
happened before it was over. So an event that is as old as that makes no record: the one that it
made may have been removed, and what it led to would be done twice.
"""

from datetime import datetime, timedelta

# With the margin the least that a charter may ask for. The rule for events does not follow a longer
# time: what was removed under a shorter one must not come back when the charter is changed.
FORGOTTEN_AFTER = timedelta(days=29)
# Replicas' clocks differ, and so may those of who wrote the event and who judges it.
_MARGIN = timedelta(days=1)


def is_forgotten(at: datetime, now: datetime) -> bool:
    """Whether what an event of that moment made may have been removed."""
    return at < now - FORGOTTEN_AFTER


def find_horizon(kept: timedelta, now: datetime) -> datetime:
    """What was over by then may be removed."""
    return now - max(kept, FORGOTTEN_AFTER + _MARGIN)

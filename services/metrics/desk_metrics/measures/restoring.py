"""Restoring: how long people wait for a beginning and for the end.

- `mtta` (seconds): mean time to acknowledge, by elapsed time: from the opening to the first
  sign that a person works on it: work started, a public answer, or a resolution by a member.
  It belongs to the day of that sign.
- `mttr` (seconds): mean time to restore, by elapsed time: from the opening to the last
  resolution. It belongs to the day of that resolution; a reopening takes back the earlier one.
  Withdrawn and merged tickets count in neither. Percentiles (p50, p90, p95) come from a sketch
  whose answers are within 1 % of a true sample.
"""

from collections.abc import Iterator

from desk_metrics.measures.contributions import Contribution
from desk_metrics.measures.handling import contribute_handling
from desk_metrics.measures.ticket_history import TicketHistory

ACKNOWLEDGED, RESTORED = "acknowledged", "restored"


def contribute_restoring(history: TicketHistory) -> Iterator[Contribution]:
    """A sample for the acknowledgement, the work, each resolution; one back for each reopening."""
    touched = history.touched
    if touched is not None:
        yield Contribution(ACKNOWLEDGED, touched, touched, amount=touched - history.opened)
    yield from contribute_handling(history)
    for interval, after in zip(history.intervals, (*history.intervals[1:], None), strict=True):
        if not interval.is_solved or interval.end is None:
            continue
        took = interval.end - history.opened
        yield Contribution(RESTORED, interval.end, interval.end, amount=took)
        if after is not None:
            yield Contribution(RESTORED, interval.end, after.start, -1, took)

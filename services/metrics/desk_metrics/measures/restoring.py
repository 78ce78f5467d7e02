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

from desk_metrics.measures.contributions import Posting
from desk_metrics.measures.handling import handling_of
from desk_metrics.measures.ticket_history import Course

ACKNOWLEDGED, RESTORED = "acknowledged", "restored"


def restoring_of(course: Course) -> Iterator[Posting]:
    """A sample for the acknowledgement, the work, each resolution; one back for each reopening."""
    touched = course.touched
    if touched is not None:
        yield Posting(ACKNOWLEDGED, touched, touched, amount=touched - course.opened)
    yield from handling_of(course)
    for stay, after in zip(course.stays, (*course.stays[1:], None), strict=True):
        if not stay.is_solved or stay.end is None:
            continue
        took = stay.end - course.opened
        yield Posting(RESTORED, stay.end, stay.end, amount=took)
        if after is not None:
            yield Posting(RESTORED, stay.end, after.start, -1, took)

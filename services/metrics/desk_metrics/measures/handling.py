"""Handling: how long the work on a ticket took, where the log can tell.

- `handling` (seconds): elapsed time from the first sign of a person's work to the resolution by a
  member, of tickets that one team solved at once: nobody was waited for. The log knows when work
  began and ended, not how long hands were on it, so the median (`handling_p50`) says more than the
  mean. Belongs to the day of the resolution; a reopening takes it back.
"""

from collections.abc import Iterator

from desk_shared.events.tickets import How

from desk_metrics.measures.contributions import Posting
from desk_metrics.measures.ticket_history import Course

HANDLED = "handled"


def handling_of(course: Course) -> Iterator[Posting]:
    """At most one sample, of the first stay, and one back if it was reopened."""
    stay, after = course.stays[0], course.stays[1:2]
    if course.touched is None or stay.end is None or stay.how != How.MEMBER or not stay.at_once:
        return
    if (took := stay.end - course.touched) <= 0:
        return
    yield Posting(HANDLED, stay.end, stay.end, amount=took)
    for reopened in after:
        yield Posting(HANDLED, stay.end, reopened.start, -1, took)

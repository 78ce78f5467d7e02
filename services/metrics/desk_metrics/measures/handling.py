"""Handling: how long the work on a ticket took, where the log can tell.

- `handling` (seconds): elapsed time from the first sign of a person's work to the resolution by a
  member, of tickets that one team solved at once: nobody was waited for. The log knows when work
  began and ended, not how long hands were on it, so the median (`handling_p50`) says more than the
  mean. Belongs to the day of the resolution; a reopening takes it back.
"""

from collections.abc import Iterator

from desk_contracts.events.tickets import How

from desk_metrics.measures.contributions import Contribution
from desk_metrics.measures.ticket_history import TicketHistory

HANDLED = "handled"


def contribute_handling(history: TicketHistory) -> Iterator[Contribution]:
    """At most one sample, of the first stay, and one back if it was reopened."""
    interval, after = history.intervals[0], history.intervals[1:2]
    if (
        history.touched is None
        or interval.end is None
        or interval.how != How.MEMBER
        or not interval.at_once
    ):
        return
    if (took := interval.end - history.touched) <= 0:
        return
    yield Contribution(HANDLED, interval.end, interval.end, amount=took)
    for reopened in after:
        yield Contribution(HANDLED, interval.end, reopened.start, -1, took)

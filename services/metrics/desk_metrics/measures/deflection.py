"""Deflection: people who took what they found instead of logging a ticket.

- `deflected` (contacts): prevented contacts, each said by the person who took a known problem, an
  article, a self-service item or a solved ticket, on the day of that. Whoever logs the same within
  seven days takes it back, known since that ticket.
- `deflections_returned` (contacts): those that were taken back, on the day of the ticket.
- `deflection_share` (share): deflected / (deflected + contacts).

Nobody is counted who only looked. What is not seven days old may still be taken back. By service
only, as the person named it: no kind, team or site is known of what nobody logged.
"""

from collections.abc import Iterator
from typing import NamedTuple

from desk_metrics.measures.contributions import Contribution

DEFLECTED, TAKEN_BACK = "deflected", "deflection_returned"


class Deflection(NamedTuple):
    """When something was taken instead of a ticket, and when the same was logged; 0: never."""

    taken_at: int = 0
    logged_at: int = 0


NOT_DEFLECTED = Deflection()


def contribute_deflection(deflection: Deflection) -> Iterator[Contribution]:
    """What one prevented contact says by now, in whatever order its two events came."""
    taken_at, logged_at = deflection
    if not taken_at:
        return
    yield Contribution(DEFLECTED, taken_at, taken_at)
    if logged_at:
        yield Contribution(DEFLECTED, taken_at, max(taken_at, logged_at), -1)
        yield Contribution(TAKEN_BACK, logged_at, logged_at)

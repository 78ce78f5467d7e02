"""Detection: whether the desk knew before its people did.

- `detection_lead` (seconds): from a warning in telemetry to the first ticket that a person opened
  for the same device or service within 24 hours; mean and percentiles, on the day of that ticket.
- `foreseen_share` (share): of such first tickets, those that came after the warning; the others
  came up to four hours before it. Warnings without any ticket count in neither.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from desk_metrics.measures.contributions import Contribution

FORESEEN, TOO_LATE = "foreseen", "seen_too_late"
_HOUR = 3600 * 1_000_000
AFTER, BEFORE = 24 * _HOUR, 4 * _HOUR


class Warned(NamedTuple):
    """One episode of trouble that telemetry told of."""

    episode: str
    at: int


class Report(NamedTuple):
    """One ticket of a person about the same thing."""

    ticket: str
    at: int


def contribute_detection(warned: Warned, reports: Iterable[Report]) -> Iterator[Contribution]:
    """What one warning posts: its first report, before or after it."""
    near = [report.at for report in reports if warned.at - BEFORE <= report.at <= warned.at + AFTER]
    if not near:
        return
    first = min(near)
    if first < warned.at:
        yield Contribution(TOO_LATE, first, warned.at)
    else:
        yield Contribution(FORESEEN, first, first, amount=first - warned.at)

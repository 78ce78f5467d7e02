"""Healing: trouble that went away before anybody had to call.

- `auto_healed` (repairs): runs that telemetry proved to have healed, on the day of the proof, less
  relapses: the same runbook at the same target again within 24 hours takes the earlier one back,
  known since the relapse.
- `prevented_contacts` (contacts): those of them that concerned a person who is named. An estimate
  from above: not everybody who has trouble calls.
- `fixed_before_reported` (share): prevented contacts / (prevented contacts + contacts); from above
  like those. By service only, since repairs know no kind, team or site.
- `relapses` (repairs): how many were taken back, on the day of the relapse.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from desk_metrics.measures.contributions import Contribution

HEALED, PREVENTED, RELAPSED = "healed", "prevented", "relapsed"
RELAPSE_WITHIN = 24 * 3600 * 1_000_000


class Heal(NamedTuple):
    """One run that was proven to have healed its target."""

    run: str
    at: int
    service: str
    has_person: bool


class Start(NamedTuple):
    """One run that began."""

    run: str
    at: int


def contribute_healing(heal: Heal, starts: Sequence[Start]) -> Iterator[Contribution]:
    """What one healed run posts, given every run of its runbook at its target."""
    relapse = relapse_of(heal, starts)
    for measure in (HEALED, PREVENTED) if heal.has_person else (HEALED,):
        yield Contribution(measure, heal.at, heal.at)
        if relapse is not None:
            yield Contribution(measure, heal.at, relapse, -1)
    if relapse is not None:
        yield Contribution(RELAPSED, relapse, relapse)


def relapse_of(heal: Heal, starts: Sequence[Start]) -> int | None:
    """When the same trouble was back, if it was soon."""
    until = heal.at + RELAPSE_WITHIN
    after = [start.at for start in starts if heal.at < start.at <= until and start.run != heal.run]
    return min(after, default=None)

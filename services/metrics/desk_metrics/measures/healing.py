"""Healing: trouble that went away before anybody had to call.

- `auto_healed` (repairs): runs that telemetry proved to have healed, on the day of the proof, less
  relapses: the same trouble at the same target within seven days, as automation tells, takes the
  cure back, known since the relapse. What is not seven days old may still be taken back.
- `prevented_contacts` (contacts): those of them that concerned a person who is named. An estimate
  from above: not everybody who has trouble calls.
- `fixed_before_reported` (share): prevented contacts / (prevented contacts + contacts); from above
  like those. By service only, since repairs know no kind, team or site.
- `relapses` (repairs): how many were taken back, on the day of the relapse.
"""

from collections.abc import Iterator
from typing import NamedTuple

from desk_metrics.measures.contributions import Contribution

HEALED, PREVENTED, RELAPSED = "healed", "prevented", "relapsed"


class Heal(NamedTuple):
    """One run that was proven to have healed its target."""

    run: str
    at: int
    service: str
    has_person: bool


class TakenBack(NamedTuple):
    """One run whose trouble was back, and when."""

    run: str
    at: int


def contribute_healing(heal: Heal, relapse: int | None) -> Iterator[Contribution]:
    """What one healed run posts, given when its trouble was back, if it was."""
    for measure in (HEALED, PREVENTED) if heal.has_person else (HEALED,):
        yield Contribution(measure, heal.at, heal.at)
        if relapse is not None:
            yield Contribution(measure, heal.at, max(heal.at, relapse), -1)
    if relapse is not None:
        yield Contribution(RELAPSED, relapse, relapse)

"""What became of the matches of a runbook, of those that waited and of those that did not."""

from typing import Literal

from desk_contracts.frozen import Frozen

# Acts as ever, or waits first; empty: not compared.
Arm = Literal["", "acts", "waits"]
Result = Literal["well", "ill", "unknown"]


class Tally(Frozen):
    """How many were well, were not, and of how many nobody knows."""

    well: int = 0
    ill: int = 0
    unknown: int = 0

    @property
    def decided(self) -> int:
        """Those of which it is known."""
        return self.well + self.ill


class Comparison(Frozen):
    """Well are of `acts` those healed or over before their turn, of `waits` those over by
    themselves in the declared time."""

    acts: Tally = Tally()
    waits: Tally = Tally()


class Difference(Frozen):
    """How many more of a hundred were well where the runbook acted, as shares: 0.2 is 20 of 100.

    The interval covers chance, at 95 %, and every way in which the unknown ones may have ended.
    """

    acted: float
    natural: float
    low: float
    high: float

    @property
    def beyond(self) -> float:
        """Healed beyond natural recovery, of those of which it is known."""
        return self.acted - self.natural

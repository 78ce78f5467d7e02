"""The charter's goals as metrics computes with them, and the weeks that they are seen in."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from desk_metrics.measures.contributions import Where
from desk_metrics.measures.units import Unit, unit_of

WEEK_US = 7 * 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class MeasuredGoal:
    """What is wanted of a measure until when. `factor` of the baseline, else `value`."""

    name: str
    title: str
    measure: str
    where: Where
    wants_less: bool
    factor: float | None
    value: float | None
    first: date
    last: date
    due: date

    @property
    def unit(self) -> Unit:
        return unit_of(self.measure)

    def target(self, baseline: float | None) -> float | None:
        """None where the target rests on a baseline that is not known."""
        if self.factor is None:
            return self.value
        return None if baseline is None else baseline * self.factor

    def is_met(self, value: float, target: float) -> bool:
        return value <= target if self.wants_less else value >= target


class GoalWeek(NamedTuple):
    """One whole week after the baseline: when it begins and ends (microseconds), its figure."""

    start: int
    end: int
    value: float | None


@dataclass(frozen=True, slots=True)
class GoalFigures:
    """What the buckets say of a goal's measure. Counts are per week already.

    `weeks_known` of `weeks_wanted` weeks of the baseline lie after the first figure of the desk.
    """

    baseline: float | None
    weeks_known: float
    weeks_wanted: float
    weeks: tuple[GoalWeek, ...]
    recent: float | None

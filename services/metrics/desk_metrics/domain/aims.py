"""Aims: the charter's goals as metrics reckons with them, and the weeks that they are seen in."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from desk_metrics.domain.measures.postings import Slice

WEEK_US = 7 * 24 * 3600 * 1_000_000

COUNTS = frozenset(
    {
        "arrivals",
        "auto_healed",
        "contacts",
        "departures",
        "handovers",
        "lost_cost",
        "lost_minutes",
        "prevented_contacts",
        "proactive",
        "relapses",
        "reopened",
        "resolved",
    }
)
_SECONDS = ("mtta", "mttr", "detection_lead", "time_in_system", "backlog_age")
_SHARES = ("_met", "_share", "_rate", "_resolution", "_reported")


class Unit(StrEnum):
    """How a figure is told."""

    PER_WEEK = "per_week"
    SHARE = "share"
    SECONDS = "seconds"
    PLAIN = "plain"


def unit_of(measure: str) -> Unit:
    """Counts are told per week, so that times of different length can be compared."""
    if measure in COUNTS:
        return Unit.PER_WEEK
    if measure.startswith(_SECONDS):
        return Unit.SECONDS
    return Unit.SHARE if measure.endswith((*_SHARES, "sla_met")) else Unit.PLAIN


class Where(NamedTuple):
    """Which tickets; an empty tuple means all."""

    kinds: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()

    def matches(self, by: Slice) -> bool:
        return all(
            not wanted or has in wanted
            for wanted, has in zip(self, (by.kind, by.service, by.team, by.site), strict=True)
        )


@dataclass(frozen=True, slots=True)
class Aim:
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


class Week(NamedTuple):
    """One whole week after the baseline: when it begins and ends (microseconds), its figure."""

    start: int
    end: int
    value: float | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the cells say of an aim's measure. Counts are per week already.

    `weeks_known` of `weeks_wanted` weeks of the baseline lie after the first figure of the desk.
    """

    baseline: float | None
    weeks_known: float
    weeks_wanted: float
    weeks: tuple[Week, ...]
    recent: float | None

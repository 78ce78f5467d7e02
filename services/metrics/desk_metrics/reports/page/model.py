"""What the page is asked for, and all figures that it shows."""

from collections.abc import Container
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from desk_contracts.errors import Invalid
from desk_contracts.events.reports import Proposal, ServiceRanked
from desk_contracts.message import Message, message
from desk_kernel.sight import Sight

from desk_metrics.measures.figures import Figures
from desk_metrics.reports.demand import DemandEntry
from desk_metrics.reports.milestones import OwnedGoal

MOST_DAYS = 366
# A plot of more days than this is a plot of weeks.
MOST_STEPS = 35
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Days (both included), as known at a moment, of one team or of all."""

    first: date
    last: date
    as_of: datetime
    team: str = ""

    def __post_init__(self) -> None:
        if not 0 <= (self.last - self.first).days < MOST_DAYS:
            why = message("asked.bad-days", most=MOST_DAYS, first=self.first, last=self.last)
            raise Invalid(why, code="bad-days")

    @classmethod
    def of(
        cls, first: date | None, last: date | None, as_of: datetime, team: str = ""
    ) -> "PageQuery":
        """Without days it asks for the four weeks that end today."""
        last = last or as_of.astimezone(UTC).date()
        return cls(first or last - 27 * _DAY, last, as_of, team)

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> tuple[date, date]:
        """The period of the same length before it."""
        return self.first - self.days * _DAY, self.first - _DAY

    @property
    def step(self) -> int:
        """How many days a point of a plot stands for."""
        return 1 if self.days <= MOST_STEPS else 7

    @property
    def partial_step(self) -> int:
        """How many days the last point has where it has fewer than the others, else 0."""
        until = min(self.last + _DAY, self.as_of.date())
        return (until - self.first).days % self.step

    @property
    def is_over(self) -> bool:
        """Whether all of its days had passed."""
        return self.as_of.date() > self.last


@dataclass(frozen=True, slots=True)
class PageFigures:
    """All figures of the page. `began` is the first day that anything is known of."""

    query: PageQuery
    now: Figures
    before: Figures
    steps: tuple[tuple[datetime, Figures], ...]
    teams: tuple[tuple[str, Figures], ...] = ()
    # Services by the time they cost, as `worst-systems` ranks them, and where goals stand.
    systems: tuple[ServiceRanked, ...] = ()
    goals: tuple[OwnedGoal, ...] = ()
    # What people ask for that there is not, and where reports to owners stand today.
    demand: tuple[DemandEntry, ...] = ()
    statuses: tuple[tuple[str, Message], ...] = ()
    began: date | None = None

    def hide_from(self, seen: Sight, goals: Container[str] = ()) -> "PageFigures":
        """The same without single figures, and goals, of what is confidential to the reader."""
        return replace(
            self,
            teams=tuple(entry for entry in self.teams if not seen.hides(team=entry[0])),
            systems=tuple(item for item in self.systems if not seen.hides(item.service, item.team)),
            goals=tuple(item for item in self.goals if item.status.goal not in goals),
            statuses=tuple(entry for entry in self.statuses if not seen.hides(entry[0])),
        )

    @property
    def has_before(self) -> bool:
        """Whether all of the period before is known; else its figures compare with nothing."""
        return self.began is not None and self.began <= self.query.before[0]

    @property
    def ranked(self) -> tuple[ServiceRanked, ...]:
        """Services that cost people any time, the one that cost most first."""
        return tuple(item for item in self.systems if item.score)

    @property
    def proposed(self) -> tuple[ServiceRanked, ...]:
        """Services that something is proposed for."""
        return tuple(item for item in self.systems if item.proposal is not Proposal.LEAVE)

    @property
    def is_empty(self) -> bool:
        """Whether there was no ticket in either period."""
        names = ("arrivals", "resolved", "backlog")
        return not any(self.now[name] or self.before[name] for name in names)

    @property
    def began_late(self) -> date | None:
        """The first day with figures, where the periods reach back beyond it."""
        return self.began if self.began and self.began > self.query.before[0] else None

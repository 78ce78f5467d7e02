"""Goals: what the organisation wants of a measure until when, compared with how it was before."""

from collections.abc import Iterator
from typing import Literal, Self

from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.sections import Section
from desk_charter.value_types import CalendarDate, CharterModel, Slug, Title
from desk_contracts.events.tickets import Kind
from pydantic import Field, model_validator

from desk_metrics.measures.figures import OF_SERVICES_ONLY

Direction = Literal["down", "up"]

# Figures of docs/measures.md that a goal can be about; a contract test holds them to metrics.
# The rest are counts beside a share, or checks such as Little's ratio: nobody's aim.
GoalMeasure = Literal[
    "answered",
    "arrivals",
    "auto_healed",
    "average_backlog",
    "backlog",
    "backlog_age",
    "confirmed",
    "confirmed_share",
    "contacts",
    "contacts_per_person_per_day",
    "departures",
    "detection_lead",
    "detection_lead_p50",
    "first_contact_lasted",
    "first_contact_resolution",
    "fixed_before_reported",
    "foreseen_share",
    "handovers",
    "lasted",
    "lasted_share",
    "lost_cost",
    "lost_minutes",
    "mtta",
    "mtta_p50",
    "mtta_p90",
    "mtta_p95",
    "mttr",
    "mttr_p50",
    "mttr_p90",
    "mttr_p95",
    "next_response_met",
    "not_placed",
    "not_placed_share",
    "ownership_met",
    "prevented_contacts",
    "proactive",
    "sla_met",
    "relapses",
    "reopen_rate",
    "reopened",
    "resolution_met",
    "resolved",
    "response_met",
    "returned",
    "self_service_share",
    "time_in_system",
    "update_met",
    "verified",
    "verified_share",
]


class GoalWhere(CharterModel):
    """Which tickets a goal is about; an empty list means all."""

    kinds: tuple[Kind, ...] = Field(default=(), description="Kinds of ticket.")
    services: tuple[Slug, ...] = Field(default=(), description="Services they are about.")
    teams: tuple[Slug, ...] = Field(default=(), description="Teams that have them today.")
    sites: tuple[str, ...] = Field(default=(), description="Sites they come from.")


class Period(CharterModel):
    """Days, both included."""

    first: CalendarDate = Field(alias="from", description="First day, UTC.")
    last: CalendarDate = Field(alias="to", description="Last day, UTC.")

    @model_validator(mode="after")
    def has_whole_weeks(self) -> Self:
        """Weeks are compared with weeks."""
        days = (self.last - self.first).days + 1
        if days < 28:
            raise ValueError(
                f"from {self.first} to {self.last} is less than four weeks; give a longer time, so"
                " that one unusual week does not decide what everything is compared with"
            )
        return self


class Target(CharterModel):
    """Where the measure should be: a factor of its baseline, or a value."""

    times_baseline: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="0.5 halves it, 2 doubles it."
    )
    value: float | None = Field(
        default=None, ge=0, allow_inf_nan=False, description="In the measure's own unit."
    )

    @model_validator(mode="after")
    def says_one(self) -> Self:
        """Exactly one of both."""
        if (self.times_baseline is None) == (self.value is None):
            raise ValueError("write either times_baseline (0.5 halves it) or value, and only one")
        return self


class Goal(CharterModel):
    """One aim with a date."""

    name: Slug = Field(description="Stable id.")
    title: Title = Field(description="The aim in plain words.")
    measure: GoalMeasure = Field(description="A figure of docs/measures.md.")
    where: GoalWhere = Field(default=GoalWhere(), description="Which tickets; default: all.")
    direction: Direction = Field(description="Whether less is better (down) or more (up).")
    target: Target = Field(description="Where it should be on the due day.")
    baseline: Period = Field(description="The time that it is compared with.")
    due: CalendarDate = Field(description="The day by which it should be there.")
    owner: Slug | None = Field(
        default=None,
        description="The team that is told each week where it stands. Default: the one team, or the"
        " owner of the one service, that 'where' names; else the default team.",
    )

    @model_validator(mode="after")
    def can_be_reached(self) -> Self:
        """Due after the baseline, and a factor in the direction that is wanted."""
        if self.due <= self.baseline.last:
            raise ValueError(
                f"it is due on {self.due}, before its baseline ends on {self.baseline.last};"
                " move one of them"
            )
        factor = self.target.times_baseline
        if factor is not None and (factor >= 1 if self.direction == "down" else factor <= 1):
            less_or_more = "below 1" if self.direction == "down" else "above 1"
            raise ValueError(
                f"direction {self.direction} with times_baseline {factor:g} contradict each other;"
                f" write a factor {less_or_more} or the other direction"
            )
        return self

    @model_validator(mode="after")
    def can_be_filtered(self) -> Self:
        """Repairs and warnings know no kind, team or site."""
        where = self.where
        if self.measure in OF_SERVICES_ONLY and (where.kinds or where.teams or where.sites):
            raise ValueError(
                f"{self.measure} can be told by service only; take kinds, teams and sites out"
            )
        return self


def goals_refer_to_what_exists(draft: Draft) -> Iterator[Problem]:
    """Services, teams and owners of goals exist."""
    for goal in draft.of(GOALS, ()):
        where = ("goals", goal.name, "where")
        for index, service in enumerate(goal.where.services):
            yield from draft.unknown("services", service, *where, "services", index)
        for index, team in enumerate(goal.where.teams):
            yield from draft.unknown("teams", team, *where, "teams", index)
        if goal.owner is not None:
            yield from draft.unknown("teams", goal.owner, "goals", goal.name, "owner")


GOALS: Section[tuple[Goal, ...]] = Section(
    "goals", Goal, is_optional=True, checks=(goals_refer_to_what_exists,)
)

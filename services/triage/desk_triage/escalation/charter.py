"""The levels of escalation: escalation.yaml, which may be missing, and then nothing is done."""

from collections.abc import Iterator
from typing import Literal, Self

from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.sections import Section
from desk_charter.slas import SLAS
from desk_charter.value_types import CharterModel, Slug
from desk_contracts.events.sla import ClockName
from desk_contracts.value_types import Priority
from pydantic import Field, model_validator

Trigger = Literal["at_risk", "breached"]
Measure = Literal["offer_again", "raise_priority", "involve_owner"]


class EscalationPolicy(CharterModel):
    """One level: for which tickets, at which point, and what is done then; the first fit holds."""

    name: Slug = Field(description="Stable id; done once for each clock of a ticket and its cycle.")
    trigger: Trigger = Field(description="at_risk or breached.")
    percent: int | None = Field(
        default=None,
        gt=0,
        lt=100,
        description="at_risk: from so many per cent of the target on; left out: from any warning.",
    )
    clocks: tuple[ClockName, ...] = Field(default=(), description="Clocks; none means any.")
    priorities: tuple[Priority, ...] = Field(default=(), description="Priorities; none means any.")
    services: tuple[Slug, ...] = Field(default=(), description="Services; none means any.")
    teams: tuple[Slug, ...] = Field(default=(), description="Teams that have it; none means any.")
    then: tuple[Measure, ...] = Field(
        min_length=1,
        description="offer_again: who has it without working on it gives it back, and others are"
        " asked; raise_priority: by one; involve_owner: the team of the service is told.",
    )

    @model_validator(mode="after")
    def has_percent_only_at_risk(self) -> Self:
        """A breach has no per cent, and a measure is done once."""
        if self.trigger == "breached" and self.percent is not None:
            raise ValueError("a breach comes at 100 percent; remove 'percent', or write at_risk")
        if len(set(self.then)) < len(self.then):
            raise ValueError("'then' names something twice; keep each once")
        return self


def policies_refer_to_what_exists(draft: Draft) -> Iterator[Problem]:
    """Services and teams of levels exist."""
    for policy in draft.of(ESCALATION, ()):
        where = ("escalation", policy.name)
        for index, service in enumerate(policy.services):
            yield from draft.unknown("services", service, *where, "services", index)
        for index, team in enumerate(policy.teams):
            yield from draft.unknown("teams", team, *where, "teams", index)


def policies_are_reached(draft: Draft) -> Iterator[Problem]:
    """Some SLA has the clock, and warns at the per cent at which a level begins."""
    slas = draft.of(SLAS, ())
    if not slas:  # where nobody reads SLAs, nothing is known of them
        return
    for policy in draft.of(ESCALATION, ()):
        ours = [sla for sla in slas if not policy.clocks or sla.clock in policy.clocks]
        if not ours:
            named = ", ".join(policy.clocks)
            sentence = f"no SLA of slas.yaml has the clock {named}, so this level is never reached"
            yield Problem.at("escalation", policy.name, "clocks", sentence=sentence)
            continue
        latest = max((percent for sla in ours for percent in sla.warn_at), default=0)
        if policy.trigger == "at_risk" and (policy.percent or 1) > latest:
            sentence = (
                f"no SLA of these clocks warns at {policy.percent or 1}% or later (the latest:"
                f" {latest}%), so this level is never reached; change it, or an SLA's warn_at"
            )
            yield Problem.at("escalation", policy.name, "percent", sentence=sentence)


ESCALATION: Section[tuple[EscalationPolicy, ...]] = Section(
    "escalation",
    EscalationPolicy,
    is_optional=True,
    checks=(policies_refer_to_what_exists, policies_are_reached),
)

"""SLA policies: which clock runs for which ticket, for how long, in which open hours."""

from typing import Literal, NamedTuple, Self

from desk_contracts.events.sla import ClockName
from desk_contracts.events.tickets import Kind, WaitingFor
from desk_contracts.value_types import Priority
from pydantic import Field, model_validator

from desk_charter.value_types import CharterModel, Slug, Title, WorkingTime

OnChange = Literal["retroactive", "from_change"]
OnReopen = Literal["continue", "restart", "counts"]


class SlaAttributes(NamedTuple):
    """What of a ticket decides which SLA holds for it."""

    kind: str
    priority: str | None = None
    service: str | None = None
    team: str | None = None
    groups: frozenset[str] = frozenset()


class SlaCondition(CharterModel):
    """Which tickets an SLA is for; an empty list means any."""

    kinds: tuple[Kind, ...] = Field(default=(), description="Kinds of ticket.")
    priorities: tuple[Priority, ...] = Field(default=(), description="Priorities.")
    services: tuple[Slug, ...] = Field(default=(), description="Services the ticket is about.")
    groups: tuple[str, ...] = Field(default=(), description="Groups the requester belongs to.")
    teams: tuple[Slug, ...] = Field(default=(), description="Teams that hold the ticket.")

    @property
    def is_blank(self) -> bool:
        """Whether nothing is asked at all."""
        return not (self.kinds or self.priorities or self.services or self.groups or self.teams)

    def matches(self, facts: SlaAttributes) -> bool:
        """Every list that is not empty must name what the ticket has."""
        return (
            (not self.kinds or facts.kind in self.kinds)
            and (not self.priorities or facts.priority in self.priorities)
            and (not self.services or facts.service in self.services)
            and (not self.teams or facts.team in self.teams)
            and (not self.groups or not facts.groups.isdisjoint(self.groups))
        )


class SlaPolicy(CharterModel):
    """One clock with a target in working time; the first match in the written order holds."""

    name: Slug = Field(description="Stable id.")
    title: Title = Field(description="What people are told as their target.")
    clock: ClockName = Field(description="What is measured.")
    when: SlaCondition = Field(
        default=SlaCondition(),
        description="Which tickets it is for; left out only for the default.",
    )
    default: bool = Field(
        default=False, description="Holds where nothing else of this clock matches."
    )
    target: WorkingTime = Field(description="Target in open time: 4h, 90m. Days are refused.")
    calendar: Slug = Field(description="The calendar whose open hours count.")
    warn_at: tuple[int, ...] = Field(
        default=(75,), description="Percent of the target at which the team is warned."
    )
    pause_on: tuple[WaitingFor, ...] = Field(
        default=(), description="Waiting for whom stops the clock."
    )
    on_change: OnChange = Field(
        default="retroactive",
        description="After a change of priority or policy: retroactive counts from the ticket's "
        "start and keeps earlier pauses; from_change gives the whole new target from then.",
    )
    on_reopen: OnReopen = Field(
        default="continue",
        description="continue: closed time is a pause; restart: anew; counts: closed time counts.",
    )
    version: int = Field(default=1, ge=1, description="Raised by its author at each change.")

    @model_validator(mode="after")
    def says_for_whom(self) -> Self:
        """A blank condition is not a catch-all: it is written `default: true` (and only there)."""
        if self.when.is_blank and not self.default:
            raise ValueError(
                "it does not say for which tickets it is; add 'when' with at least one list, "
                "or write 'default: true' if it is for all others"
            )
        if self.default and not self.when.is_blank:
            raise ValueError("it has both 'when' and 'default: true'; remove one of the two")
        return self

    @model_validator(mode="after")
    def warns_before_the_end(self) -> Self:
        """Warnings lie strictly between start and end, in rising order."""
        inside = all(0 < percent < 100 for percent in self.warn_at)
        if not inside or list(self.warn_at) != sorted(set(self.warn_at)):
            raise ValueError("warn_at needs rising percentages between 1 and 99, such as [50, 75]")
        return self

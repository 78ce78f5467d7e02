"""SLA policies: which clock runs for which ticket, for how long, in which open hours."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, Self

from desk_contracts.events.sla import ClockName
from desk_contracts.events.tickets import Kind, WaitingFor
from desk_contracts.value_types import Priority
from pydantic import Field, model_validator

from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.reach import is_covered_by
from desk_charter.sections import Section
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


def hides_policy(earlier: SlaCondition, later: SlaCondition) -> bool:
    """Whether every ticket the later condition fits is taken by the earlier one."""
    return (
        is_covered_by(earlier.kinds, later.kinds)
        and is_covered_by(earlier.priorities, later.priorities)
        and is_covered_by(earlier.services, later.services)
        and is_covered_by(earlier.groups, later.groups)
        and is_covered_by(earlier.teams, later.teams)
    )


def slas_refer_to_what_exists(draft: Draft) -> Iterator[Problem]:
    """Calendars, services and teams of SLAs exist."""
    for sla in draft.of(SLAS, ()):
        where = ("slas", sla.name)
        yield from draft.unknown("calendars", sla.calendar, *where, "calendar")
        for index, service in enumerate(sla.when.services):
            yield from draft.unknown("services", service, *where, "when", "services", index)
        for index, team in enumerate(sla.when.teams):
            yield from draft.unknown("teams", team, *where, "when", "teams", index)


def each_clock_has_one_default(draft: Draft) -> Iterator[Problem]:
    """Exactly one default per clock, and it stands last, where its turn comes."""
    for clock in dict.fromkeys(sla.clock for sla in draft.of(SLAS, ())):
        ours = [sla for sla in draft.of(SLAS, ()) if sla.clock == clock]
        defaults = [sla for sla in ours if sla.default]
        if not defaults and draft.understood("slas"):
            sentence = f"clock '{clock}' has no SLA with 'default: true'; add one for all others"
            yield Problem.at("slas", ours[-1].name, sentence=sentence)
        for extra in defaults[1:]:
            sentence = f"clock '{clock}' has its default in '{defaults[0].name}'; keep only one"
            yield Problem.at("slas", extra.name, "default", sentence=sentence)
        if len(defaults) == 1 and ours[-1] is not defaults[0]:
            sentence = f"the default of clock '{clock}' is asked last; move it behind the others"
            yield Problem.at("slas", defaults[0].name, "default", sentence=sentence)


def slas_are_reachable(draft: Draft) -> Iterator[Problem]:
    """No SLA stands behind one that takes all its tickets."""
    named = [sla for sla in draft.of(SLAS, ()) if not sla.default]
    for index, later in enumerate(named):
        for earlier in named[:index]:
            if earlier.clock == later.clock and hides_policy(earlier.when, later.when):
                sentence = f"'{earlier.name}' before it takes all its tickets; move or remove it"
                yield Problem.at("slas", later.name, "when", sentence=sentence)
                break


SLAS: Section[tuple[SlaPolicy, ...]] = Section(
    "slas",
    SlaPolicy,
    checks=(slas_refer_to_what_exists, each_clock_has_one_default, slas_are_reachable),
)


def policy_for(
    policies: Iterable[SlaPolicy], clock: ClockName, ticket: SlaAttributes
) -> SlaPolicy | None:
    """The first SLA of that clock that fits; else its default; None if it has none."""
    ours = [policy for policy in policies if policy.clock == clock]
    named = next((p for p in ours if not p.default and p.when.matches(ticket)), None)
    return named or next((p for p in ours if p.default), None)

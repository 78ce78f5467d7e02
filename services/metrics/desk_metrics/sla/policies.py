"""Policies: which SLA holds for a ticket, and the book of what was in force when.

A ticket is judged by the edition in force at the time, never by today's: the book keeps them all.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Self

from desk_charter.dated_calendars import DatedCalendar
from desk_charter.slas import SlaAttributes, SlaCondition, SlaPolicy
from desk_contracts.events.sla import ClockName
from desk_contracts.frozen import Frozen
from pydantic import model_validator

from desk_metrics.sla.worktime import WorkingTime, micros

# Distinct (clock, attributes) of an edition; far above any real desk, so it is only a fuse.
_MEMO_LIMIT = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """A policy with its calendar, ready to be computed with; compared by identity.

    Editions that change nothing about it share one, so that its clocks run on undisturbed.
    """

    policy: SlaPolicy
    hours: WorkingTime
    version: str
    goal: int
    warnings: tuple[tuple[int, int], ...]

    def says_as(self, policy: SlaPolicy, calendar: DatedCalendar) -> bool:
        return self.policy == policy and self.hours.calendar == calendar

    def amends(self, other: "Terms") -> bool:
        """The same SLA with, say, a corrected calendar: the clock keeps its start."""
        mine, theirs = self.policy, other.policy
        return mine.name == theirs.name and mine.target == theirs.target


class Edition(Frozen):
    """All policies, in order, and calendars that are in force from `since` on."""

    version: str
    since: datetime
    policies: tuple[SlaPolicy, ...]
    calendars: tuple[DatedCalendar, ...]
    # Until a team has it, but no longer than this, a new ticket is being sorted: it has no
    # SLA yet, and what it is by then counts from its opening. So nobody is told of an SLA
    # that another replaces in the same breath.
    sorting: timedelta = timedelta(0)
    # Nobody says anything of a later moment by this edition before he has moved this on; and the
    # next one begins after it. So nothing is said by an edition that no longer held.
    said_until: datetime | None = None
    # When the next one began; whoever makes that has set this first.
    until: datetime | None = None

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        calendar_names = {calendar.name for calendar in self.calendars}
        for policy in self.policies:
            if policy.calendar not in calendar_names:
                raise ValueError(
                    f"policy '{policy.name}' needs calendar '{policy.calendar}', which is missing"
                )
        names = [policy.name for policy in self.policies]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"more than one policy is called {', '.join(twice)}")
        for clock in ClockName:
            defaults = [p.name for p in self.policies if p.default and p.clock is clock]
            if len(defaults) != 1 and any(p.clock is clock for p in self.policies):
                raise ValueError(
                    f"the {clock} clock needs exactly one default policy, and has"
                    f" {', '.join(defaults) or 'none'}; mark the one for all other tickets"
                )
        return self


class Problem(NamedTuple):
    """Something in the configuration that a person should put right: a calendar without an open
    hour gives its SLAs no due time; a policy behind one that matches the same is never chosen."""

    code: Literal["calendar-never-opens", "never-chosen"]
    about: str
    # What stands before it and matches the same tickets.
    hidden_by: str = ""


@dataclass(frozen=True, slots=True)
class _InForce:
    since: int
    terms: dict[ClockName, tuple[Terms, ...]]
    sorting: int
    memo: dict[tuple[ClockName, SlaAttributes], Terms | None] = field(default_factory=dict)


class PolicyBook:
    """Every edition that was ever in force; the first one also judges what was before it.

    `hours` may hand out working times that are warm already, as after a reload of the charter.
    Up to `known_until` (microseconds) no edition can be missing; None: it is a book of the past.
    """

    def __init__(
        self,
        editions: Iterable[Edition],
        hours: Callable[[DatedCalendar], WorkingTime] = WorkingTime,
        known_until: int | None = None,
    ) -> None:
        self.known_until = known_until
        self.editions: tuple[Edition, ...] = tuple(sorted(editions, key=lambda each: each.since))
        self._in_force: list[_InForce] = []
        # What has an SLA in any edition; the rest need not be looked at.
        self.clocks = frozenset(p.clock for item in self.editions for p in item.policies)
        before: dict[str, Terms] = {}
        for edition in self.editions:
            before = _compile(edition, before, hours)
            clocks = {
                clock: tuple(terms for terms in before.values() if terms.policy.clock is clock)
                for clock in ClockName
            }
            sorting = edition.sorting // timedelta(microseconds=1)
            self._in_force.append(_InForce(micros(edition.since), clocks, sorting))

    def select(self, clock: ClockName, ticket: SlaAttributes, at: int) -> Terms | None:
        """The terms of one clock for a ticket like this at that moment; None: no policy applies."""
        if not self._in_force:
            return None
        edition, key = self._at(at), (clock, ticket)
        try:
            return edition.memo[key]
        except KeyError:
            pass
        if len(edition.memo) >= _MEMO_LIMIT:
            edition.memo.clear()
        terms = edition.memo[key] = _select(edition.terms.get(clock, ()), ticket)
        return terms

    def end_sorting(self, opened: int) -> int:
        """From when on a ticket of that opening has an SLA in any case."""
        return opened + self._at(opened).sorting if self._in_force else opened

    def _at(self, at: int) -> _InForce:
        chosen = self._in_force[0]
        for edition in self._in_force[1:]:
            if edition.since > at:
                break
            chosen = edition
        return chosen

    def knows(self, at: int) -> bool:
        """Whether it is certain which edition was in force at that moment."""
        return self.known_until is None or at <= self.known_until

    def list_changes(self, after: int, until: int) -> Sequence[int]:
        """When the edition changed in between, the second moment included."""
        return [item.since for item in self._in_force[1:] if after < item.since <= until]

    def in_force(self, at: int) -> int:
        """How many editions had begun by then; the first judges also what was before it."""
        return max(1, sum(item.since <= at for item in self._in_force)) if self._in_force else 0

    def next_change(self, after: int) -> int | None:
        return min((item.since for item in self._in_force[1:] if item.since > after), default=None)

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the newest edition."""
        return tuple(_find_problems(self.editions[-1])) if self.editions else ()


def _select(terms: Sequence[Terms], ticket: SlaAttributes) -> Terms | None:
    default = None
    for term in terms:
        if term.policy.default:
            default = term
        elif term.policy.when.matches(ticket):
            return term
    return default


def _compile(
    edition: Edition, before: dict[str, Terms], hours_of: Callable[[DatedCalendar], WorkingTime]
) -> dict[str, Terms]:
    hours = {calendar.name: hours_of(calendar) for calendar in edition.calendars}
    compiled = {}
    for policy in edition.policies:
        old = before.get(policy.name)
        calendar = hours[policy.calendar]
        if old is not None and old.says_as(policy, calendar.calendar):
            compiled[policy.name] = old
            continue
        goal = policy.target // timedelta(microseconds=1)
        warnings = tuple((percent, goal * percent // 100) for percent in sorted(policy.warn_at))
        version = f"{policy.version}@{edition.version}"
        compiled[policy.name] = Terms(policy, calendar, version, goal, warnings)
    return compiled


def _find_problems(edition: Edition) -> Iterable[Problem]:
    for calendar in edition.calendars:
        if calendar.never_opens:
            yield Problem("calendar-never-opens", calendar.name)
    for clock in ClockName:
        policies = [item for item in edition.policies if item.clock is clock and not item.default]
        for index, policy in enumerate(policies):
            for earlier in policies[:index]:
                if _covers(earlier.when, policy.when):
                    yield Problem("never-chosen", policy.name, earlier.name)
                    break


def _covers(wide: SlaCondition, narrow: SlaCondition) -> bool:
    """Every ticket that `narrow` matches is matched by `wide` too."""
    lists: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
        (wide.kinds, narrow.kinds),
        (wide.priorities, narrow.priorities),
        (wide.services, narrow.services),
        (wide.groups, narrow.groups),
        (wide.teams, narrow.teams),
    )
    return all(not mine or (theirs and set(theirs) <= set(mine)) for mine, theirs in lists)

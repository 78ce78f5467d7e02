"""SLAs: the obligations of a ticket's life under the policies in force at the time.

Everything is worked out from facts, anew each time: a verdict is never stored, so never stale.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias

from desk_contracts.events.sla import ClockName
from desk_contracts.message import Message, message

from desk_metrics.sla.facts import Moment
from desk_metrics.sla.lifecycle import Ending, Lifecycle, Obligation, Wait
from desk_metrics.sla.policies import PolicyBook, Terms
from desk_metrics.sla.worktime import Stretch, instant

# A due instant that is used up is breached one tick later; a store keeps milliseconds.
TICK = 1_000
RESOLVED = "resolved"

# An edition begins before whatever else happens at its first instant.
_BEFORE_FACTS = 0


class Hold(NamedTuple):
    """The clock stands: the ticket waits for somebody, or is resolved for now."""

    start: Moment
    end: Moment | None
    reason: str


class SlaClock(NamedTuple):
    """One clock under one policy in one cycle, from when it applies to when it no longer does."""

    clock: ClockName
    cycle: int
    team: str
    terms: Terms
    applies: Moment
    # Since when it is owed, whatever policy applied.
    owed_since: int
    # Work counts from here; before `applies` if the policy reaches back.
    start: int
    holds: tuple[Hold, ...]
    end: Moment | None
    ending: Ending | None
    because: Message | None
    by_bot: bool
    # Another policy follows it, or none does.
    replaced: bool

    @property
    def due(self) -> int | None:
        """When the goal is used up, as far as is known; None while it stands or never opens."""
        return self.terms.hours.deadline_us(self.start, self.terms.goal, stretches(self.holds))

    def reaches(self, goal: int) -> int | None:
        return self.terms.hours.deadline_us(self.start, goal, stretches(self.holds))

    def holds_known_at(self, moment: Moment) -> list[Stretch]:
        """The holds as they were known at a moment: what ended later was still open then."""
        return [
            (
                hold.start[0],
                None if hold.end is None or hold.end > moment else hold.end[0],
            )
            for hold in self.holds
            if hold.start <= moment
        ]

    def due_known_at(self, moment: Moment) -> datetime | None:
        holds = self.holds_known_at(moment)
        due = self.terms.hours.deadline_us(self.start, self.terms.goal, holds)
        return None if due is None else instant(due)

    def time_used(self, until: int) -> int:
        """Working time used up to an instant."""
        hours, cursor, worked = self.terms.hours, self.start, 0
        for hold in self.holds:
            if hold.start[0] >= until:
                break
            worked += hours.time_worked_us(cursor, hold.start[0])
            cursor = until if hold.end is None else hold.end[0]
        return worked + hours.time_worked_us(cursor, until)

    def is_breached(self, now: int) -> bool:
        """It was still undone when the due instant had passed."""
        due, end = self.due, now if self.end is None else self.end[0]
        return due is not None and due < end


def stretches(holds: Sequence[Hold]) -> list[Stretch]:
    """The holds as plain working-time pauses."""
    return [(hold.start[0], None if hold.end is None else hold.end[0]) for hold in holds]


def run_clocks(
    lifecycle: Lifecycle, book: PolicyBook, now: int, sorted_by: Moment
) -> list[SlaClock]:
    """Every SLA that ever applied to the ticket, up to `now`, in the order they began; none
    before it is sorted (`Edition.sorting`)."""
    clocks: list[SlaClock] = []
    if now < sorted_by[0]:
        return clocks
    holds = _Holds(lifecycle)
    latest: dict[tuple[ClockName, str], SlaClock] = {}
    for obligation in lifecycle.obligations:
        if obligation.clock not in book.clocks:
            continue
        key = (obligation.clock, obligation.team)
        before = latest.get(key)
        periods = _list_terms(obligation, book, now, sorted_by)
        for place, period in enumerate(periods):
            if period[1] is not None:
                following = periods[place + 1] if place + 1 < len(periods) else None
                before = _run_clock(obligation, lifecycle, holds, period, following, before)
                clocks.append(before)
                latest[key] = before
    return clocks


def find_sorting_end(lifecycle: Lifecycle, book: PolicyBook) -> Moment:
    """When the ticket's sorting has ended, or will have at the latest (`Edition.sorting`)."""
    latest = (book.end_sorting(lifecycle.opened), _BEFORE_FACTS)
    return latest if lifecycle.given is None else min(lifecycle.given, latest)


class _Holds:
    """The waits of a lifecycle by which reasons stop a clock; each choice is joined once."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._waits = lifecycle.waits
        self._resolved = tuple(Hold(start, end, RESOLVED) for start, end in lifecycle.resolved)
        self._joined: dict[tuple[object, bool], tuple[Hold, ...]] = {}

    def select(self, terms: Terms, *, with_resolved: bool) -> tuple[Hold, ...]:
        if not self._waits and not (with_resolved and self._resolved):
            return ()
        key = (terms.policy.pause_on, with_resolved)
        holds = self._joined.get(key)
        if holds is None:
            holds = tuple(_join(self._waits, terms.policy.pause_on))
            if with_resolved and self._resolved:
                holds = tuple(sorted((*holds, *self._resolved), key=lambda hold: hold.start))
            self._joined[key] = holds
        return holds


def _join(waits: Sequence[Wait], reasons: Sequence[str]) -> Iterator[Hold]:
    """One wait that follows another without a break neither doubles nor ends the hold."""
    held: Hold | None = None
    for wait in waits:
        if wait.reason not in reasons:
            continue
        if held is not None and wait.joined and held.end == wait.start:
            held = held._replace(end=wait.end)
            continue
        if held is not None:
            yield held
        held = Hold(wait.start, wait.end, wait.reason)
    if held is not None:
        yield held


# From when on which terms hold; None: nothing is guaranteed.
_Period: TypeAlias = tuple[Moment, Terms | None]


def _list_terms(
    obligation: Obligation, book: PolicyBook, now: int, sorted_by: Moment
) -> list[_Period]:
    """Looks at each moment at which other terms could hold: the ticket changed, or the edition."""
    place = 0
    for index, (moment, _) in enumerate(obligation.attributes):
        if moment <= sorted_by:
            place = index
    # From the start it counts as what it was sorted as.
    changes = [
        (obligation.start, obligation.attributes[place][1]),
        *obligation.attributes[place + 1 :],
    ]
    until = now if obligation.end is None else obligation.end[0]
    for since in book.list_changes(obligation.start[0], until):
        moment = (since, _BEFORE_FACTS)
        latest = [attributes for changed, attributes in changes if changed < moment]
        changes.append((moment, latest[-1] if latest else changes[0][1]))
        changes.sort(key=lambda change: change[0])
    periods: list[_Period] = []
    for moment, attributes in changes:
        terms = book.select(obligation.clock, attributes, moment[0])
        if not periods or periods[-1][1] is not terms:
            periods.append((moment, terms))
    return periods


def _run_clock(
    obligation: Obligation,
    lifecycle: Lifecycle,
    holds: _Holds,
    period: _Period,
    following: _Period | None,
    before: SlaClock | None,
) -> SlaClock:
    applies, terms = period
    assert terms is not None  # noqa: S101  (periods of nothing are left out)
    # A reopened resolution goes on from the ticket's opening unless it restarts.
    on_reopen = terms.policy.on_reopen
    reaches_back = obligation.clock is ClockName.RESOLUTION and on_reopen != "restart"
    origin = lifecycle.opened if reaches_back else obligation.start[0]
    if before is not None and not reaches_back and before.cycle != obligation.cycle:
        before = None
    start = _find_start(obligation, origin, applies, terms, before)
    end, ending = obligation.end, obligation.ending
    because, by_bot = obligation.because, obligation.by_bot
    if following is not None:
        end, ending, by_bot = following[0], Ending.CANCELLED, False
        because = message("sla.none-applies")
        if following[1] is not None:
            because = message("sla.other-applies", policy=following[1].policy.name)
    stopped = holds.select(terms, with_resolved=reaches_back and on_reopen == "continue")
    return SlaClock(
        obligation.clock,
        obligation.cycle,
        obligation.team,
        terms,
        applies,
        origin,
        start,
        tuple(_clip(stopped, start, applies, end)) if stopped else (),
        end,
        ending,
        because,
        by_bot,
        following is not None,
    )


def _find_start(
    obligation: Obligation, origin: int, at: Moment, terms: Terms, before: SlaClock | None
) -> int:
    """From when work counts, and waits do."""
    if before is not None:
        if before.terms is terms or terms.amends(before.terms):
            return before.start
    elif at == obligation.start and origin == at[0]:
        return origin
    return at[0] if terms.policy.on_change == "from_change" else origin


def _clip(holds: Sequence[Hold], start: int, applies: Moment, end: Moment | None) -> Iterator[Hold]:
    """The holds that touch the SLA."""
    for hold in holds:
        if end is not None and hold.start >= end:
            return
        if hold.end is not None and hold.end <= applies and hold.end[0] <= start:
            continue
        yield hold


Key: TypeAlias = tuple[ClockName, str, str, int, str, Moment]


def key_of(sla: SlaClock) -> Key:
    """What makes an SLA the same one when it is worked out again."""
    policy = sla.terms.policy
    return (
        sla.clock,
        policy.name,
        sla.terms.version,
        sla.cycle,
        sla.team,
        sla.applies,
    )

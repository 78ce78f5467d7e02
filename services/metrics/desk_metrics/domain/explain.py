"""Explaining a promise: every stretch of time, whether it counted, and why; and where it stands.

The counted stretches add up to the time used exactly; a property test holds them to it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from desk_shared.events.promises import ClockName
from desk_shared.events.tickets import WaitingFor
from pydantic import BaseModel, ConfigDict

from desk_metrics.domain.calendars import ClosedBy
from desk_metrics.domain.clocks import TicketClocks
from desk_metrics.domain.life import Ending, life_of
from desk_metrics.domain.policies import PolicyBook
from desk_metrics.domain.promises import RESOLVED, Hold, Promise, promises_of
from desk_metrics.domain.worktime import instant, micros


class Status(StrEnum):
    """Where a promise stands."""

    RUNNING = "running"
    PAUSED = "paused"
    BREACHED = "breached"
    KEPT = "kept"
    WITHDRAWN = "withdrawn"


class Why(StrEnum):
    """Why a stretch counted, or did not."""

    WORKED = "worked"
    BEFORE = "before-it-counted"
    HOURS = "outside-hours"
    HOLIDAY = "holiday"
    CLOSURE = "closure"
    WAITING = "waiting"
    RESOLVED = "resolved"


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="iso8601")


class Stretch(_Data):
    """Some time of a ticket: counted or not, and why, in words."""

    start: datetime
    end: datetime
    counted: bool
    why: Why
    text: str


class Explanation(_Data):
    """One promise: what was promised, where it stands, and how each stretch of time counted.

    `used + remaining - overrun` is the goal; `held` is open time that did not count.
    """

    clock: ClockName
    policy: str
    policy_version: str
    cycle: int
    team: str
    calendar: str
    zone: str
    goal: timedelta
    applies: datetime
    ends: datetime | None
    due: datetime | None
    status: Status
    because: str
    by_automation: bool
    used: timedelta
    remaining: timedelta
    overrun: timedelta
    held: timedelta
    percent: int
    stretches: tuple[Stretch, ...]

    @property
    def margin(self) -> timedelta:
        """What was left of the goal; below zero when it was overrun."""
        return self.remaining - self.overrun


def explain(state: TicketClocks, book: PolicyBook, now: datetime) -> tuple[Explanation, ...]:
    """Every promise of a ticket, those withdrawn included, as it stands at `now`."""
    at = micros(now)
    life = life_of(state.facts, at)
    if life is None:
        return ()
    return tuple(_explanation(promise, at) for promise in promises_of(life, book, at))


def _explanation(promise: Promise, now: int) -> Explanation:
    policy, calendar = promise.terms.policy, promise.terms.hours.calendar
    until = now if promise.end is None else promise.end[0]
    goal, used, due = promise.terms.goal, promise.worked_until(until), promise.due
    gross = promise.terms.hours.worked_us(promise.start, until)
    return Explanation(
        clock=promise.clock,
        policy=policy.name,
        policy_version=promise.terms.version,
        cycle=promise.cycle,
        team=promise.team,
        calendar=calendar.name,
        zone=calendar.zone,
        goal=policy.target,
        applies=instant(promise.applies[0]),
        ends=None if promise.end is None else instant(promise.end[0]),
        due=None if due is None else instant(due),
        status=_status(promise, now),
        because=promise.because,
        by_automation=promise.by_bot,
        used=timedelta(microseconds=used),
        remaining=timedelta(microseconds=max(0, goal - used)),
        overrun=timedelta(microseconds=max(0, used - goal)),
        held=timedelta(microseconds=gross - used),
        percent=used * 100 // goal,
        stretches=tuple(_stretches(promise, until)),
    )


def _status(promise: Promise, now: int) -> Status:
    if promise.replaced:
        return Status.WITHDRAWN
    if promise.is_breached(now):
        return Status.BREACHED
    if promise.end is not None:
        return Status.KEPT if promise.ending is Ending.DONE else Status.WITHDRAWN
    is_held = any(hold.end is None for hold in promise.holds)
    return Status.PAUSED if is_held else Status.RUNNING


def _stretches(promise: Promise, until: int) -> Iterator[Stretch]:
    """All of it, joined where one stretch goes on with the same reason."""
    held: Stretch | None = None
    for one in _pieces(promise, until):
        if held is not None and (held.why, held.text) == (one.why, one.text):
            held = held.model_copy(update={"end": one.end})
            continue
        if held is not None:
            yield held
        held = one
    if held is not None:
        yield held


def _pieces(promise: Promise, until: int) -> Iterator[Stretch]:
    if promise.owed_since < promise.start:
        before = min(promise.start, until)
        yield _stretch(promise.owed_since, before, Why.BEFORE, "before this promise counted")
    cursor = promise.start
    for hold in promise.holds:
        begins = max(cursor, min(hold.start[0], until))
        ends = until if hold.end is None else min(hold.end[0], until)
        yield from _part(promise, cursor, begins, None)
        yield from _part(promise, begins, ends, hold)
        cursor = ends
    yield from _part(promise, cursor, until, None)


def _part(promise: Promise, start: int, end: int, hold: Hold | None) -> Iterator[Stretch]:
    """Open and closed pieces in order; closed time is closed whoever is waited for."""
    hours = promise.terms.hours
    why, text = _open(promise, hold)
    pieces = [_stretch(opens, closes, why, text) for opens, closes in hours.spans_us(start, end)]
    pieces += [
        _stretch(closed.start, closed.end, Why(closed.reason), _closed(closed.reason, closed.name))
        for closed in hours.closed_us(start, end)
    ]
    yield from sorted(pieces, key=lambda piece: piece.start)


def _open(promise: Promise, hold: Hold | None) -> tuple[Why, str]:
    if hold is None:
        return Why.WORKED, f"open hours of '{promise.terms.hours.calendar.name}'"
    if hold.reason == RESOLVED:
        return Why.RESOLVED, "resolved, until it was reopened"
    return Why.WAITING, _WAITING.get(hold.reason, f"waiting for {hold.reason}")


_WAITING: dict[str, str] = {
    WaitingFor.EMPLOYEE: "waiting for the employee",
    WaitingFor.VENDOR: "waiting for the vendor",
    WaitingFor.APPROVAL: "waiting for an approval",
}


def _closed(reason: ClosedBy, name: str) -> str:
    if reason is ClosedBy.HOURS:
        return f"outside the hours of '{name}'"
    return f"holiday: {name}" if reason is ClosedBy.HOLIDAY else f"closed: {name}"


def _stretch(start: int, end: int, why: Why, text: str) -> Stretch:
    return Stretch(
        start=instant(start),
        end=instant(end),
        counted=why is Why.WORKED,
        why=why,
        text=text,
    )

"""Explaining an SLA: every stretch of time, whether it counted, and why; and where it stands.

The counted stretches add up to the time used exactly; a property test holds them to it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from desk_charter.dated_calendars import ClosedBy
from desk_contracts.events.sla import ClockName
from desk_contracts.message import Message, message
from desk_contracts.value_types import Duration
from pydantic import BaseModel, ConfigDict

from desk_metrics.sla.clocks import RESOLVED, Hold, SlaClock, find_sorting_end, run_clocks
from desk_metrics.sla.lifecycle import Ending, read_lifecycle
from desk_metrics.sla.model import TicketClocks
from desk_metrics.sla.policies import PolicyBook
from desk_metrics.sla.worktime import instant, micros


class Status(StrEnum):
    """Where an SLA stands."""

    RUNNING = "running"
    PAUSED = "paused"
    BREACHED = "breached"
    MET = "met"
    CANCELLED = "cancelled"


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


class ExplainedSpan(_Data):
    """Some time of a ticket: counted or not, and why."""

    start: datetime
    end: datetime
    counted: bool
    why: Why
    message: Message


class Explanation(_Data):
    """One SLA: its target, where it stands, and how each stretch of time counted.

    `used + remaining - overrun` is the target; `held` is open time that did not count.
    """

    clock: ClockName
    policy: str
    policy_version: str
    cycle: int
    team: str
    calendar: str
    zone: str
    target: Duration
    applies: datetime
    ends: datetime | None
    due: datetime | None
    status: Status
    cancelled_because: Message | None
    by_automation: bool
    used: Duration
    remaining: Duration
    overrun: Duration
    held: Duration
    percent: int
    explanation: tuple[ExplainedSpan, ...]

    @property
    def margin(self) -> timedelta:
        """What was left of the target; below zero when it was overrun."""
        return self.remaining - self.overrun


def explain(state: TicketClocks, book: PolicyBook, now: datetime) -> tuple[Explanation, ...]:
    """Every SLA of a ticket, those withdrawn included, as it stands at `now`."""
    at = micros(now)
    lifecycle = read_lifecycle(state.facts, at)
    if lifecycle is None:
        return ()
    return tuple(
        _explanation(sla, at)
        for sla in run_clocks(lifecycle, book, at, find_sorting_end(lifecycle, book))
    )


def _explanation(sla: SlaClock, now: int) -> Explanation:
    policy, calendar = sla.terms.policy, sla.terms.hours.calendar
    until = now if sla.end is None else sla.end[0]
    goal, used, due = sla.terms.goal, sla.time_used(until), sla.due
    gross = sla.terms.hours.time_worked_us(sla.start, until)
    return Explanation(
        clock=sla.clock,
        policy=policy.name,
        policy_version=sla.terms.version,
        cycle=sla.cycle,
        team=sla.team,
        calendar=calendar.name,
        zone=calendar.zone,
        target=policy.target,
        applies=instant(sla.applies[0]),
        ends=None if sla.end is None else instant(sla.end[0]),
        due=None if due is None else instant(due),
        status=_status(sla, now),
        cancelled_because=sla.because,
        by_automation=sla.by_bot,
        used=timedelta(microseconds=used),
        remaining=timedelta(microseconds=max(0, goal - used)),
        overrun=timedelta(microseconds=max(0, used - goal)),
        held=timedelta(microseconds=gross - used),
        percent=used * 100 // goal,
        explanation=tuple(_stretches(sla, until)),
    )


def _status(sla: SlaClock, now: int) -> Status:
    if sla.replaced:
        return Status.CANCELLED
    if sla.is_breached(now):
        return Status.BREACHED
    if sla.end is not None:
        return Status.MET if sla.ending is Ending.DONE else Status.CANCELLED
    is_held = any(hold.end is None for hold in sla.holds)
    return Status.PAUSED if is_held else Status.RUNNING


def _stretches(sla: SlaClock, until: int) -> Iterator[ExplainedSpan]:
    """All of it, joined where one stretch goes on with the same reason."""
    held: ExplainedSpan | None = None
    for piece in _pieces(sla, until):
        if held is not None and (held.why, held.message) == (piece.why, piece.message):
            held = held.model_copy(update={"end": piece.end})
            continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held


def _pieces(sla: SlaClock, until: int) -> Iterator[ExplainedSpan]:
    if sla.owed_since < sla.start:
        before = min(sla.start, until)
        yield _stretch(sla.owed_since, before, Why.BEFORE, message("stretch.before"))
    cursor = sla.start
    for hold in sla.holds:
        begins = max(cursor, min(hold.start[0], until))
        ends = until if hold.end is None else min(hold.end[0], until)
        yield from _part(sla, cursor, begins, None)
        yield from _part(sla, begins, ends, hold)
        cursor = ends
    yield from _part(sla, cursor, until, None)


def _part(sla: SlaClock, start: int, end: int, hold: Hold | None) -> Iterator[ExplainedSpan]:
    """Open and closed pieces in order; closed time is closed whoever is waited for."""
    hours = sla.terms.hours
    if hold is None:
        why, text = Why.WORKED, message("stretch.worked", calendar=hours.calendar.name)
    elif hold.reason == RESOLVED:
        why, text = Why.RESOLVED, message("stretch.resolved")
    else:
        why, text = Why.WAITING, message("stretch.waiting", reason=hold.reason)
    pieces = [_stretch(opens, closes, why, text) for opens, closes in hours.spans_us(start, end)]
    for closed in hours.list_closed(start, end):
        match closed.reason:
            case ClosedBy.HOURS:
                text = message("stretch.outside-hours", calendar=closed.name)
            case ClosedBy.HOLIDAY:
                text = message("stretch.holiday", name=closed.name)
            case _:
                text = message("stretch.closed", name=closed.name)
        pieces.append(_stretch(closed.start, closed.end, Why(closed.reason), text))
    yield from sorted(pieces, key=lambda piece: piece.start)


def _stretch(start: int, end: int, why: Why, text: Message) -> ExplainedSpan:
    return ExplainedSpan(
        start=instant(start),
        end=instant(end),
        counted=why is Why.WORKED,
        why=why,
        message=text,
    )

"""Sayings: all that is to be said of one SLA up to a moment, in order, and when the next is.

In order means: what becomes known later only adds at the end, unless it came late.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, TypedDict, assert_never

from desk_shared.events.envelope import Payload
from desk_shared.events.message import Message
from desk_shared.events.sla import (
    ClockName,
    SlaAtRisk,
    SlaBreached,
    SlaCancelled,
    SlaMet,
    SlaPaused,
    SlaResumed,
    SlaStarted,
)

from desk_metrics.sla.clocks import TICK, SlaClock
from desk_metrics.sla.facts import Moment
from desk_metrics.sla.lifecycle import Ending
from desk_metrics.sla.model import Said
from desk_metrics.sla.worktime import instant

# Within one instant: thresholds come before the facts of that instant, a breach after them.
_BEFORE_FACTS, _AFTER_FACTS = -1, 1 << 62


class Saying(StrEnum):
    """What can be said of an SLA."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    MET = "met"
    CANCELLED = "cancelled"


class Line(NamedTuple):
    """One saying and its moment."""

    moment: Moment
    what: Saying
    # Of a warning: per cent. Of a start: microseconds used already, on which every due rests.
    amount: int = 0
    because: Message | None = None
    waiting_for: str = ""
    inherited: bool = False

    @property
    def said(self) -> Said:
        return (f"{self.what}:{self.amount}" if self.amount else str(self.what), self.moment)


class Account(NamedTuple):
    """Everything to be said of an SLA by now, and the next instant that adds to it by itself."""

    lines: list[Line]
    timer: int | None


def account_of(sla: SlaClock, now: int) -> Account:
    """The whole account of an SLA up to `now`."""
    due = sla.due
    limit = now if sla.end is None else sla.end[0]
    breach = due if due is not None and due < limit else None
    risks, next_risk = _risks(sla, due, limit)
    lines = [*risks, *_holds(sla, limit if breach is None else breach)]
    if breach is not None:
        lines.append(_breach(sla, breach))
    lines += _ending(sla, is_breached=breach is not None)
    if len(lines) > 1:
        lines.sort(key=lambda line: line.moment)
    timer = None
    if sla.end is None and breach is None and due is not None:
        timer = due + TICK if next_risk is None else next_risk
    elif sla.end is None and breach is None:
        timer = next_risk
    used = sla.worked_until(sla.applies[0]) if sla.start < sla.applies[0] else 0
    return Account([Line(sla.applies, Saying.STARTED, used), *lines], timer)


def _risks(sla: SlaClock, due: int | None, limit: int) -> tuple[list[Line], int | None]:
    """The thresholds reached, and the next one. Of those passed at the start only the highest."""
    found: list[Line] = []
    applies = sla.applies[0]
    for percent, goal in sla.terms.warnings:
        at = sla.reaches(goal)
        if at is None:
            break
        if at > limit:
            return found, at
        if at > applies:
            found.append(Line((at, _BEFORE_FACTS), Saying.AT_RISK, percent))
        elif due is None or due > applies:
            found = [Line(sla.applies, Saying.AT_RISK, percent)]
    return found, None


def _holds(sla: SlaClock, until: int) -> Iterator[Line]:
    """The pauses between the beginning and the end, or the breach after which none matters."""
    for hold in sla.holds:
        if hold.start[0] > until or (hold.end is not None and hold.end <= sla.applies):
            continue
        yield Line(max(hold.start, sla.applies), Saying.PAUSED, waiting_for=hold.reason)
        ended = hold.end
        if ended is not None and ended[0] <= until and (not sla.end or ended < sla.end):
            yield Line(ended, Saying.RESUMED)


def _breach(sla: SlaClock, due: int) -> Line:
    if due < sla.applies[0]:
        return Line(sla.applies, Saying.BREACHED, inherited=True)
    return Line((due, _AFTER_FACTS), Saying.BREACHED)


def _ending(sla: SlaClock, *, is_breached: bool) -> Iterator[Line]:
    """A breach that happened stays, unless another policy takes the place of the one broken."""
    if sla.end is None:
        return
    if sla.replaced or (sla.ending is Ending.CANCELLED and not is_breached):
        yield Line(sla.end, Saying.CANCELLED, because=sla.because)
    elif not is_breached:
        yield Line(sla.end, Saying.MET)


class Head(TypedDict):
    """What every event of an SLA says."""

    clock: ClockName
    policy: str
    policy_version: str
    cycle: int
    team: str


def data_of(sla: SlaClock, line: Line, head: Head) -> Payload:
    """The event that says it, with the due instant as it was known then."""
    due = _due(sla, line)
    data: Payload
    match line.what:
        case Saying.STARTED:
            data = SlaStarted(**head, target=timedelta(microseconds=sla.terms.goal), due=due)
        case Saying.PAUSED:
            data = SlaPaused(**head, waiting_for=line.waiting_for)
        case Saying.RESUMED:
            data = SlaResumed(**head, due=due)
        case Saying.AT_RISK:
            data = SlaAtRisk(**head, percent=line.amount, due=due)
        case Saying.BREACHED:
            assert due is not None  # noqa: S101  (what has no due instant is never breached)
            data = SlaBreached(**head, due=due, inherited=line.inherited)
        case Saying.MET:
            took = timedelta(microseconds=sla.worked_until(line.moment[0]))
            data = SlaMet(**head, took=took, due=due)
        case Saying.CANCELLED:
            assert line.because is not None  # noqa: S101  (who cancels says why)
            data = SlaCancelled(**head, because=line.because, replaced=sla.replaced)
        case _:
            assert_never(line.what)
    return data


def _due(sla: SlaClock, line: Line) -> datetime | None:
    if line.what in {Saying.PAUSED, Saying.CANCELLED}:
        return None
    due = sla.due_known_at(line.moment)
    return None if due is None else instant(due)

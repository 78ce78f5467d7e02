"""Sayings: all that is to be said of one promise up to a moment, in order, and when the next is.

In order means: what becomes known later only adds at the end, unless it came late.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, TypedDict, assert_never

from desk_shared.events.envelope import Payload
from desk_shared.events.promises import (
    ClockName,
    PromiseAtRisk,
    PromiseBreached,
    PromiseKept,
    PromisePaused,
    PromiseResumed,
    PromiseStarted,
    PromiseWithdrawn,
)

from desk_metrics.domain.clocks import Said
from desk_metrics.domain.facts import Moment
from desk_metrics.domain.life import Ending
from desk_metrics.domain.promises import TICK, Promise
from desk_metrics.domain.worktime import instant

# Within one instant: thresholds come before the facts of that instant, a breach after them.
_BEFORE_FACTS, _AFTER_FACTS = -1, 1 << 62


class Saying(StrEnum):
    """What can be said of a promise."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    KEPT = "kept"
    WITHDRAWN = "withdrawn"


class Line(NamedTuple):
    """One saying and its moment."""

    moment: Moment
    what: Saying
    # Of a warning: per cent. Of a start: microseconds used already, on which every due rests.
    amount: int = 0
    because: str = ""
    inherited: bool = False

    @property
    def said(self) -> Said:
        return (f"{self.what}:{self.amount}" if self.amount else str(self.what), self.moment)


class Account(NamedTuple):
    """Everything to be said of a promise by now, and the next instant that adds to it by itself."""

    lines: list[Line]
    timer: int | None


def account_of(promise: Promise, now: int) -> Account:
    """The whole account of a promise up to `now`."""
    due = promise.due
    limit = now if promise.end is None else promise.end[0]
    breach = due if due is not None and due < limit else None
    risks, next_risk = _risks(promise, due, limit)
    lines = [*risks, *_holds(promise, limit if breach is None else breach)]
    if breach is not None:
        lines.append(_breach(promise, breach))
    lines += _ending(promise, is_breached=breach is not None)
    if len(lines) > 1:
        lines.sort(key=lambda line: line.moment)
    timer = None
    if promise.end is None and breach is None and due is not None:
        timer = due + TICK if next_risk is None else next_risk
    elif promise.end is None and breach is None:
        timer = next_risk
    used = promise.worked_until(promise.applies[0]) if promise.start < promise.applies[0] else 0
    return Account([Line(promise.applies, Saying.STARTED, used), *lines], timer)


def _risks(promise: Promise, due: int | None, limit: int) -> tuple[list[Line], int | None]:
    """The thresholds reached, and the next one. Of those passed at the start only the highest."""
    found: list[Line] = []
    applies = promise.applies[0]
    for percent, goal in promise.terms.warnings:
        at = promise.reaches(goal)
        if at is None:
            break
        if at > limit:
            return found, at
        if at > applies:
            found.append(Line((at, _BEFORE_FACTS), Saying.AT_RISK, percent))
        elif due is None or due > applies:
            found = [Line(promise.applies, Saying.AT_RISK, percent)]
    return found, None


def _holds(promise: Promise, until: int) -> Iterator[Line]:
    """The pauses between the beginning and the end, or the breach after which none matters."""
    for hold in promise.holds:
        if hold.start[0] > until or (hold.end is not None and hold.end <= promise.applies):
            continue
        yield Line(max(hold.start, promise.applies), Saying.PAUSED, because=hold.reason)
        ended = hold.end
        if ended is not None and ended[0] <= until and (not promise.end or ended < promise.end):
            yield Line(ended, Saying.RESUMED)


def _breach(promise: Promise, due: int) -> Line:
    if due < promise.applies[0]:
        return Line(promise.applies, Saying.BREACHED, inherited=True)
    return Line((due, _AFTER_FACTS), Saying.BREACHED)


def _ending(promise: Promise, *, is_breached: bool) -> Iterator[Line]:
    """A breach that happened stays, unless another policy takes the place of the one broken."""
    if promise.end is None:
        return
    if promise.replaced or (promise.ending is Ending.WITHDRAWN and not is_breached):
        yield Line(promise.end, Saying.WITHDRAWN, because=promise.because)
    elif not is_breached:
        yield Line(promise.end, Saying.KEPT)


class Head(TypedDict):
    """What every event of a promise says."""

    clock: ClockName
    policy: str
    policy_version: str
    cycle: int
    team: str


def data_of(promise: Promise, line: Line, head: Head) -> Payload:
    """The event that says it, with the due instant as it was known then."""
    due = _due(promise, line)
    data: Payload
    match line.what:
        case Saying.STARTED:
            data = PromiseStarted(**head, goal=timedelta(microseconds=promise.terms.goal), due=due)
        case Saying.PAUSED:
            data = PromisePaused(**head, because=line.because)
        case Saying.RESUMED:
            data = PromiseResumed(**head, due=due)
        case Saying.AT_RISK:
            data = PromiseAtRisk(**head, percent=line.amount, due=due)
        case Saying.BREACHED:
            assert due is not None  # noqa: S101  (what has no due instant is never breached)
            data = PromiseBreached(**head, due=due, inherited=line.inherited)
        case Saying.KEPT:
            took = timedelta(microseconds=promise.worked_until(line.moment[0]))
            data = PromiseKept(**head, took=took, due=due)
        case Saying.WITHDRAWN:
            data = PromiseWithdrawn(**head, because=line.because, replaced=promise.replaced)
        case _:
            assert_never(line.what)
    return data


def _due(promise: Promise, line: Line) -> datetime | None:
    if line.what in {Saying.PAUSED, Saying.WITHDRAWN}:
        return None
    due = promise.due_known_at(line.moment)
    return None if due is None else instant(due)

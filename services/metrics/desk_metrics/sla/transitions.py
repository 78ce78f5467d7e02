"""Transitions: all that became of one SLA up to a moment, in order, and when the next is.

In order means: what becomes known later only adds at the end, unless it came late.
"""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple, TypedDict, assert_never

from desk_contracts.envelope import Payload
from desk_contracts.events.sla import (
    ClockName,
    SlaAtRisk,
    SlaBreached,
    SlaCancelled,
    SlaMet,
    SlaPaused,
    SlaResumed,
    SlaStarted,
)
from desk_contracts.message import Message

from desk_metrics.sla.clocks import TICK, SlaClock
from desk_metrics.sla.facts import Moment
from desk_metrics.sla.lifecycle import Ending
from desk_metrics.sla.model import Mark

# Within one instant: thresholds come before the facts of that instant, a breach after them.
_BEFORE_FACTS, _AFTER_FACTS = -1, 1 << 62


class TransitionKind(StrEnum):
    """What can become of an SLA."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    MET = "met"
    CANCELLED = "cancelled"


class Transition(NamedTuple):
    """One change of an SLA and its moment."""

    moment: Moment
    kind: TransitionKind
    # Of a warning: per cent. Of a start: microseconds used already, on which every due rests.
    amount: int = 0
    because: Message | None = None
    waiting_for: str = ""
    inherited: bool = False

    @property
    def mark(self) -> Mark:
        return (f"{self.kind}:{self.amount}" if self.amount else str(self.kind), self.moment)


def list_transitions(sla: SlaClock, now: int) -> tuple[list[Transition], int | None]:
    """All that became of an SLA up to `now`, and the next instant that adds to it by itself."""
    due = sla.due
    limit = now if sla.end is None else sla.end[0]
    breach = due if due is not None and due < limit else None
    risks, next_risk = _list_risks(sla, due, limit)
    changes = [*risks, *_list_holds(sla, limit if breach is None else breach)]
    if breach is not None and breach < sla.applies[0]:
        changes.append(Transition(sla.applies, TransitionKind.BREACHED, inherited=True))
    elif breach is not None:
        changes.append(Transition((breach, _AFTER_FACTS), TransitionKind.BREACHED))
    changes += _list_ending(sla, is_breached=breach is not None)
    if len(changes) > 1:
        changes.sort(key=lambda change: change.moment)
    timer = None
    if sla.end is None and breach is None and due is not None:
        timer = due + TICK if next_risk is None else next_risk
    elif sla.end is None and breach is None:
        timer = next_risk
    used = sla.time_used(sla.applies[0]) if sla.start < sla.applies[0] else 0
    return [Transition(sla.applies, TransitionKind.STARTED, used), *changes], timer


def _list_risks(sla: SlaClock, due: int | None, limit: int) -> tuple[list[Transition], int | None]:
    """The thresholds reached, and the next one. Of those passed at the start only the highest."""
    risks: list[Transition] = []
    applies = sla.applies[0]
    for percent, goal in sla.terms.warnings:
        at = sla.reaches(goal)
        if at is None:
            break
        if at > limit:
            return risks, at
        if at > applies:
            risks.append(Transition((at, _BEFORE_FACTS), TransitionKind.AT_RISK, percent))
        elif due is None or due > applies:
            risks = [Transition(sla.applies, TransitionKind.AT_RISK, percent)]
    return risks, None


def _list_holds(sla: SlaClock, until: int) -> Iterator[Transition]:
    """The pauses between the beginning and the end, or the breach after which none matters."""
    for hold in sla.holds:
        if hold.start[0] > until or (hold.end is not None and hold.end <= sla.applies):
            continue
        starts = max(hold.start, sla.applies)
        yield Transition(starts, TransitionKind.PAUSED, waiting_for=hold.reason)
        ended = hold.end
        if ended is not None and ended[0] <= until and (not sla.end or ended < sla.end):
            yield Transition(ended, TransitionKind.RESUMED)


def _list_ending(sla: SlaClock, *, is_breached: bool) -> Iterator[Transition]:
    """A breach that happened stays, unless another policy takes the place of the one broken."""
    if sla.end is None:
        return
    if sla.replaced or (sla.ending is Ending.CANCELLED and not is_breached):
        yield Transition(sla.end, TransitionKind.CANCELLED, because=sla.because)
    elif not is_breached:
        yield Transition(sla.end, TransitionKind.MET)


class Head(TypedDict):
    """What every event of an SLA has."""

    clock: ClockName
    policy: str
    policy_version: str
    cycle: int
    team: str


def build_payload(sla: SlaClock, transition: Transition, head: Head) -> Payload:
    """The event that says it, with the due instant as it was known then."""
    due = sla.due_known_at(transition.moment)
    data: Payload
    match transition.kind:
        case TransitionKind.STARTED:
            data = SlaStarted(**head, target=timedelta(microseconds=sla.terms.goal), due=due)
        case TransitionKind.PAUSED:
            data = SlaPaused(**head, waiting_for=transition.waiting_for)
        case TransitionKind.RESUMED:
            data = SlaResumed(**head, due=due)
        case TransitionKind.AT_RISK:
            data = SlaAtRisk(**head, percent=transition.amount, due=due)
        case TransitionKind.BREACHED:
            assert due is not None  # noqa: S101  (what has no due instant is never breached)
            data = SlaBreached(**head, due=due, inherited=transition.inherited)
        case TransitionKind.MET:
            took = timedelta(microseconds=sla.time_used(transition.moment[0]))
            data = SlaMet(**head, took=took, due=due)
        case TransitionKind.CANCELLED:
            assert transition.because is not None  # noqa: S101  (who cancels says why)
            data = SlaCancelled(**head, because=transition.because, replaced=sla.replaced)
        case _:
            assert_never(transition.kind)
    return data

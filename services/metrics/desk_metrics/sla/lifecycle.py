"""A ticket's life as SLAs see it: who owed what to whom, from when to when, and the waits.

Facts are read in the order in which they happened; what is impossible at its time says nothing.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from desk_charter.slas import SlaAttributes
from desk_contracts.events.sla import ClockName
from desk_contracts.events.tickets import How
from desk_contracts.message import Message, message

from desk_metrics.sla.facts import Fact, FactKind, Moment, in_order


class Ending(StrEnum):
    """How an obligation ended."""

    DONE = "done"
    CANCELLED = "cancelled"


class Obligation(NamedTuple):
    """Something owed, whatever policy says by when; one more cycle each time it begins anew."""

    clock: ClockName
    cycle: int
    team: str
    start: Moment
    end: Moment | None
    ending: Ending | None
    because: Message | None
    by_bot: bool
    # What selects the policy: as it was at the start, then each change before the end.
    attributes: tuple[tuple[Moment, SlaAttributes], ...]


class Wait(NamedTuple):
    """The ticket waited for somebody; `joined` if it waited for somebody else just before."""

    start: Moment
    end: Moment | None
    reason: str
    joined: bool


class Lifecycle(NamedTuple):
    """What of the facts matters to clocks."""

    opened: int
    cause: str
    correlation: str
    obligations: tuple[Obligation, ...]
    waits: tuple[Wait, ...]
    # Resolved and not reopened (yet).
    resolved: tuple[tuple[Moment, Moment | None], ...]
    # When a team first got it.
    given: Moment | None


def read_lifecycle(facts: Sequence[Fact], now: int) -> Lifecycle | None:
    """The life up to `now`; None before its beginning is known."""
    ordered = in_order(facts, now)
    if ordered is None:
        return None
    opening, rest = ordered
    builder = _LifecycleBuilder(opening)
    for moment, fact in rest:
        if builder.is_merged:
            break
        handler = _HANDLERS.get(fact.kind)
        if handler is not None:
            handler(builder, moment, fact.values)
    return builder.build()


class _Begun(NamedTuple):
    cycle: int
    start: Moment
    attributes: int


class _LifecycleBuilder:
    """Builds a life fact by fact; nobody outside this module sees it."""

    def __init__(self, opening: Fact) -> None:
        kind, service, group, requester, cause, correlation = (v or "" for v in opening.values)
        moment = (opening.at, opening.sequence)
        self.opening, self.requester = opening, requester
        self.cause, self.correlation = cause, correlation
        attributes = SlaAttributes(kind, "", service, "", frozenset({group} if group else ()))
        self.attributes: list[tuple[Moment, SlaAttributes]] = [(moment, attributes)]
        self.obligations: list[Obligation] = []
        self.running: dict[tuple[ClockName, str], _Begun] = {}
        self.cycles: dict[tuple[ClockName, str], int] = {}
        self.waits: list[Wait] = []
        self.waiting: tuple[Moment, str, bool] | None = None
        self.resolved: list[tuple[Moment, Moment | None]] = []
        self.given: Moment | None = None
        self.has_responded = False
        self.is_merged = False
        self.begin(ClockName.RESPONSE, moment)
        self.begin(ClockName.RESOLUTION, moment)

    @property
    def is_resolved(self) -> bool:
        return bool(self.resolved) and self.resolved[-1][1] is None

    def begin(self, clock: ClockName, at: Moment, team: str = "") -> None:
        key = (clock, team)
        if key not in self.running:
            self.cycles[key] = cycle = self.cycles.get(key, 0) + 1
            self.running[key] = _Begun(cycle, at, len(self.attributes) - 1)

    def finish(
        self,
        key: tuple[ClockName, str],
        at: Moment,
        ending: Ending = Ending.DONE,
        because: Message | None = None,
        *,
        by_bot: bool = False,
    ) -> None:
        if (begun := self.running.pop(key, None)) is not None:
            self._keep(key, begun, at, (ending, because, by_bot))

    def _keep(
        self,
        key: tuple[ClockName, str],
        begun: _Begun,
        end: Moment | None,
        how: tuple[Ending | None, Message | None, bool],
    ) -> None:
        attributes = tuple(self.attributes[begun.attributes :])
        self.obligations.append(
            Obligation(key[0], begun.cycle, key[1], begun.start, end, *how, attributes)
        )

    def change(self, at: Moment, attributes: SlaAttributes) -> None:
        if attributes != self.attributes[-1][1]:
            self.attributes.append((at, attributes))

    def end_wait(self, at: Moment) -> None:
        if self.waiting is not None:
            start, reason, joined = self.waiting
            self.waits.append(Wait(start, at, reason, joined))
            self.waiting = None

    def build(self) -> Lifecycle:
        for key, begun in self.running.items():
            self._keep(key, begun, None, (None, None, False))
        if self.waiting is not None:
            start, reason, joined = self.waiting
            self.waits.append(Wait(start, None, reason, joined))
        return Lifecycle(
            self.opening.at,
            self.cause,
            self.correlation,
            tuple(sorted(self.obligations, key=lambda owed: (owed.start, owed.clock, owed.team))),
            tuple(self.waits),
            tuple(self.resolved),
            self.given,
        )


_Values: TypeAlias = tuple[str | None, ...]


def _apply_change(builder: _LifecycleBuilder, at: Moment, values: _Values) -> None:
    priority, service = values
    old = builder.attributes[-1][1]
    builder.change(
        at,
        old._replace(
            priority=old.priority if priority is None else priority,
            service=old.service if service is None else service,
        ),
    )


def _apply_assignment(builder: _LifecycleBuilder, at: Moment, values: _Values) -> None:
    """The team that lets go is judged by what the ticket was while it held it."""
    team, before = values[0] or "", builder.attributes[-1][1].team or ""
    if team and builder.given is None:
        builder.given = at
    if team != before:
        builder.finish((ClockName.OWNERSHIP, before), at)
    builder.change(at, builder.attributes[-1][1]._replace(team=team))
    if team and not builder.is_resolved:
        builder.begin(ClockName.OWNERSHIP, at, team)


def _apply_pause(builder: _LifecycleBuilder, at: Moment, values: _Values) -> None:
    reason = values[0] or ""
    if builder.is_resolved or (builder.waiting is not None and builder.waiting[1] == reason):
        return
    joined = builder.waiting is not None
    builder.end_wait(at)
    builder.waiting = (at, reason, joined)


def _apply_resumption(builder: _LifecycleBuilder, at: Moment, _values: _Values) -> None:
    builder.end_wait(at)


def _apply_question(builder: _LifecycleBuilder, at: Moment, _values: _Values) -> None:
    """Before the first response everything asked is answered by it; later, the earliest counts."""
    if builder.has_responded and not builder.is_resolved:
        builder.begin(ClockName.NEXT_RESPONSE, at)


def _apply_answer(builder: _LifecycleBuilder, at: Moment, _values: _Values) -> None:
    builder.has_responded = True
    for clock in (ClockName.RESPONSE, ClockName.NEXT_RESPONSE, ClockName.UPDATE):
        builder.finish((clock, ""), at)
    if not builder.is_resolved:
        builder.begin(ClockName.UPDATE, at)


def _apply_bot_answer(builder: _LifecycleBuilder, at: Moment, _values: _Values) -> None:
    """It ends the employee's waiting and is news, but it is nobody's first response."""
    builder.finish((ClockName.NEXT_RESPONSE, ""), at, by_bot=True)
    if (ClockName.UPDATE, "") in builder.running:
        builder.finish((ClockName.UPDATE, ""), at, by_bot=True)
        builder.begin(ClockName.UPDATE, at)


def _apply_resolution(builder: _LifecycleBuilder, at: Moment, values: _Values) -> None:
    if builder.is_resolved:
        return
    how = values[0]
    builder.end_wait(at)
    if how == How.MEMBER:
        builder.has_responded = True
    for key in tuple(builder.running):
        if how == How.WITHDRAWN:
            builder.finish(key, at, Ending.CANCELLED, message("sla.withdrawn"))
        elif how == How.DENIED:
            builder.finish(key, at, Ending.CANCELLED, message("sla.denied"))
        elif key[0] is ClockName.RESPONSE and how != How.MEMBER:
            builder.finish(key, at, Ending.CANCELLED, message("sla.resolved-without-answer"))
        else:
            builder.finish(key, at)
    builder.resolved.append((at, None))


def _apply_closing(builder: _LifecycleBuilder, at: Moment, _values: _Values) -> None:
    """Closing what nobody resolved is its resolution; otherwise it moves nothing."""
    _apply_resolution(builder, at, (How.MEMBER,))


def _apply_reopening(builder: _LifecycleBuilder, at: Moment, values: _Values) -> None:
    if not builder.is_resolved:
        return
    builder.resolved[-1] = (builder.resolved[-1][0], at)
    builder.begin(ClockName.RESOLUTION, at)
    if not builder.has_responded:
        builder.begin(ClockName.RESPONSE, at)
    else:
        builder.begin(ClockName.UPDATE, at)
        if values[0] == builder.requester:
            builder.begin(ClockName.NEXT_RESPONSE, at)
    if team := builder.attributes[-1][1].team:
        builder.begin(ClockName.OWNERSHIP, at, team)


def _apply_merge(builder: _LifecycleBuilder, at: Moment, values: _Values) -> None:
    builder.end_wait(at)
    for key in tuple(builder.running):
        builder.finish(key, at, Ending.CANCELLED, message("sla.goes-on-in", ticket=values[0] or ""))
    builder.is_merged = True


_HANDLERS: dict[FactKind, Callable[[_LifecycleBuilder, Moment, _Values], None]] = {
    FactKind.CHANGED: _apply_change,
    FactKind.ASSIGNED: _apply_assignment,
    FactKind.PAUSED: _apply_pause,
    FactKind.RESUMED: _apply_resumption,
    FactKind.QUESTION: _apply_question,
    FactKind.ANSWERED: _apply_answer,
    FactKind.ANSWERED_BY_BOT: _apply_bot_answer,
    FactKind.RESOLVED: _apply_resolution,
    FactKind.REOPENED: _apply_reopening,
    FactKind.CLOSED: _apply_closing,
    FactKind.MERGED: _apply_merge,
}

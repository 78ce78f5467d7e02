"""A ticket's life as SLAs see it: who owed what to whom, from when to when, and the waits.

Facts are read in the order in which they happened; what is impossible at its time says nothing.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from desk_shared.charter.slas import SlaAttributes
from desk_shared.events.message import Message, message
from desk_shared.events.sla import ClockName
from desk_shared.events.tickets import How

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


class Life(NamedTuple):
    """What of the facts matters to clocks."""

    opened: int
    cause: str
    correlation: str
    obligations: tuple[Obligation, ...]
    waits: tuple[Wait, ...]
    # Resolved and not reopened (yet).
    rests: tuple[tuple[Moment, Moment | None], ...]
    # When a team first got it.
    given: Moment | None


def life_of(facts: Sequence[Fact], now: int) -> Life | None:
    """The life up to `now`; None before its beginning is known."""
    known = in_order(facts, now)
    if known is None:
        return None
    opening, rest = known
    living = _Living(opening)
    for moment, fact in rest:
        if living.is_merged:
            break
        handler = _HANDLERS.get(fact.kind)
        if handler is not None:
            handler(living, moment, fact.values)
    return living.told()


class _Begun(NamedTuple):
    cycle: int
    start: Moment
    attributes: int


class _Living:
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
        self.rests: list[tuple[Moment, Moment | None]] = []
        self.given: Moment | None = None
        self.has_responded = False
        self.is_merged = False
        self.begin(ClockName.RESPONSE, moment)
        self.begin(ClockName.RESOLUTION, moment)

    @property
    def is_resting(self) -> bool:
        return bool(self.rests) and self.rests[-1][1] is None

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

    def told(self) -> Life:
        for key, begun in self.running.items():
            self._keep(key, begun, None, (None, None, False))
        if self.waiting is not None:
            start, reason, joined = self.waiting
            self.waits.append(Wait(start, None, reason, joined))
        return Life(
            self.opening.at,
            self.cause,
            self.correlation,
            tuple(sorted(self.obligations, key=lambda one: (one.start, one.clock, one.team))),
            tuple(self.waits),
            tuple(self.rests),
            self.given,
        )


_Values: TypeAlias = tuple[str | None, ...]


def _changed(life: _Living, at: Moment, values: _Values) -> None:
    priority, service = values
    old = life.attributes[-1][1]
    life.change(
        at,
        old._replace(
            priority=old.priority if priority is None else priority,
            service=old.service if service is None else service,
        ),
    )


def _assigned(life: _Living, at: Moment, values: _Values) -> None:
    """The team that lets go is judged by what the ticket was while it held it."""
    team, before = values[0] or "", life.attributes[-1][1].team or ""
    if team and life.given is None:
        life.given = at
    if team != before:
        life.finish((ClockName.OWNERSHIP, before), at)
    life.change(at, life.attributes[-1][1]._replace(team=team))
    if team and not life.is_resting:
        life.begin(ClockName.OWNERSHIP, at, team)


def _paused(life: _Living, at: Moment, values: _Values) -> None:
    reason = values[0] or ""
    if life.is_resting or (life.waiting is not None and life.waiting[1] == reason):
        return
    joined = life.waiting is not None
    life.end_wait(at)
    life.waiting = (at, reason, joined)


def _resumed(life: _Living, at: Moment, _values: _Values) -> None:
    life.end_wait(at)


def _asked(life: _Living, at: Moment, _values: _Values) -> None:
    """Before the first response everything asked is answered by it; later, the earliest counts."""
    if life.has_responded and not life.is_resting:
        life.begin(ClockName.NEXT_RESPONSE, at)


def _answered(life: _Living, at: Moment, _values: _Values) -> None:
    life.has_responded = True
    for clock in (ClockName.RESPONSE, ClockName.NEXT_RESPONSE, ClockName.UPDATE):
        life.finish((clock, ""), at)
    if not life.is_resting:
        life.begin(ClockName.UPDATE, at)


def _answered_by_bot(life: _Living, at: Moment, _values: _Values) -> None:
    """It ends the employee's waiting and is news, but it is nobody's first response."""
    life.finish((ClockName.NEXT_RESPONSE, ""), at, by_bot=True)
    if (ClockName.UPDATE, "") in life.running:
        life.finish((ClockName.UPDATE, ""), at, by_bot=True)
        life.begin(ClockName.UPDATE, at)


def _resolved(life: _Living, at: Moment, values: _Values) -> None:
    if life.is_resting:
        return
    how = values[0]
    life.end_wait(at)
    if how == How.MEMBER:
        life.has_responded = True
    for key in tuple(life.running):
        if how == How.WITHDRAWN:
            life.finish(key, at, Ending.CANCELLED, message("sla.withdrawn"))
        elif key[0] is ClockName.RESPONSE and how != How.MEMBER:
            life.finish(key, at, Ending.CANCELLED, message("sla.resolved-without-answer"))
        else:
            life.finish(key, at)
    life.rests.append((at, None))


def _closed(life: _Living, at: Moment, _values: _Values) -> None:
    """Closing what nobody resolved is its resolution; otherwise it moves nothing."""
    _resolved(life, at, (How.MEMBER,))


def _reopened(life: _Living, at: Moment, values: _Values) -> None:
    if not life.is_resting:
        return
    life.rests[-1] = (life.rests[-1][0], at)
    life.begin(ClockName.RESOLUTION, at)
    if not life.has_responded:
        life.begin(ClockName.RESPONSE, at)
    else:
        life.begin(ClockName.UPDATE, at)
        if values[0] == life.requester:
            life.begin(ClockName.NEXT_RESPONSE, at)
    if team := life.attributes[-1][1].team:
        life.begin(ClockName.OWNERSHIP, at, team)


def _merged(life: _Living, at: Moment, values: _Values) -> None:
    life.end_wait(at)
    for key in tuple(life.running):
        life.finish(key, at, Ending.CANCELLED, message("sla.goes-on-in", ticket=values[0] or ""))
    life.is_merged = True


_HANDLERS: dict[FactKind, Callable[[_Living, Moment, _Values], None]] = {
    FactKind.CHANGED: _changed,
    FactKind.ASSIGNED: _assigned,
    FactKind.PAUSED: _paused,
    FactKind.RESUMED: _resumed,
    FactKind.ASKED: _asked,
    FactKind.ANSWERED: _answered,
    FactKind.ANSWERED_BY_BOT: _answered_by_bot,
    FactKind.RESOLVED: _resolved,
    FactKind.REOPENED: _reopened,
    FactKind.CLOSED: _closed,
    FactKind.MERGED: _merged,
}

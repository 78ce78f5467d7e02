"""A ticket's path: which team had it, and whether it was queued, worked on or waiting, when.

A pure projection of the events of one ticket. Minutes are elapsed time by the clock: history files
know no calendars. What came after the last event of an open ticket is not counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, NamedTuple

from desk_contracts.envelope import AnyEvent, Event
from desk_contracts.events.tickets import (
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketOpened,
    TicketPaused,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketStarted,
    TicketTriaged,
    TicketUpdated,
)
from desk_kernel import Reducers

from desk_metrics.history.model import DECIDED_CATEGORY, NUMBER, Imported
from desk_metrics.sla.worktime import micros

_MINUTE = 60_000_000
# A wait that begins again so soon after the last one ended stopped the clock for one touch only.
SOON = 60 * _MINUTE


class Phase(StrEnum):
    """What happens to a ticket; only the first three are open time."""

    QUEUED = "queued"
    WORKED_ON = "worked_on"
    WAITING = "waiting"
    AT_REST = "at_rest"


class PathInterval(NamedTuple):
    """Open time under one team in one phase; `reason` is why a ticket waits.

    `start` and `end` are microseconds since 1970 UTC.
    """

    team: str
    phase: Phase
    reason: str
    start: int
    end: int

    @property
    def minutes(self) -> float:
        return (self.end - self.start) / _MINUTE


class Reassignment(NamedTuple):
    """A team gave the ticket to another after having had it open for so many minutes."""

    giver: str
    taker: str
    minutes: float


class Pause(NamedTuple):
    """One wait, whose turn it was, and how it ended.

    `is_again`: the ticket had waited until less than an hour before. `to_the_end`: nobody worked on
    the ticket between this wait and its resolution.
    """

    reason: str
    minutes: float = 0.0
    team: str = ""
    is_again: bool = False
    to_the_end: bool = False


@dataclass(slots=True)
class TicketPath:
    """What one ticket went through.

    `intervals` add up to all open time: from the opening to the resolution (or closing, or merge),
    and from each reopening to the next. `pauses` are waits; a change of team does not end one.
    `rows` are rows of the log that the ticket had: with one row nothing tells what changed.
    """

    number: str = ""
    category: str = ""
    service: str = ""
    priority: str = ""
    opened: int = 0
    last: int = 0
    is_over: bool = False
    first_team: str = ""
    team: str = ""
    moves: int = 0
    requeues: int = 0
    reopenings: int = 0
    resolver: str = ""
    intervals: list[PathInterval] = field(default_factory=list)
    reassignments: list[Reassignment] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    rows: int = 0

    @property
    def minutes(self) -> float:
        """Open time: all intervals together."""
        return sum(interval.minutes for interval in self.intervals)

    @property
    def own_minutes(self) -> float:
        """Open time in which nobody outside was waited for."""
        return sum(s.minutes for s in self.intervals if s.phase is not Phase.WAITING)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """What it went through, one after the other; a phase without any time is left out."""
        phases: list[Phase] = []
        until = 0
        for interval in self.intervals:
            if phases and interval.start > until:
                phases.append(Phase.AT_REST)
            if not phases or phases[-1] is not interval.phase:
                phases.append(interval.phase)
            until = interval.end
        return (*phases, Phase.AT_REST) if self.is_over else tuple(phases)

    @property
    def route(self) -> tuple[str, ...]:
        """The teams that had it open, in their order; empty where no team is named."""
        takers = (reassignment.taker for reassignment in self.reassignments)
        return (self.first_team, *takers) if self.first_team else ()

    @property
    def is_routine(self) -> bool:
        """Over, by the team that had it first, and never reopened."""
        return self.is_over and not self.reassignments and not self.reopenings


def trace_path(events: Sequence[Imported]) -> TicketPath:
    """The path of one ticket from all its events, in order."""
    builder = _PathBuilder()
    for imported in events:
        builder.go_on(imported.word, imported.event)
    builder.path.rows = len({(imported.file, imported.row) for imported in events})
    return builder.path


class _PathBuilder:
    # Whatever else happens moves nothing.
    _steps: ClassVar[Reducers["_PathBuilder", [], None]] = Reducers(lambda _builder, _event: None)

    def __init__(self) -> None:
        self.path = TicketPath()
        self._at = 0
        self._held = 0.0
        self._phase = Phase.QUEUED
        self._reason = ""
        self._word = ""
        self._waited_until = 0
        # A wait that a change of team interrupted at this moment, if it did.
        self._interrupted: tuple[int, str] | None = None

    def go_on(self, word: str, event: AnyEvent) -> None:
        self._pass(micros(event.time))
        self._word = word
        self._steps(self, event)

    def _pass(self, at: int) -> None:
        """The time since the last event belongs to the phase that it left the ticket in."""
        path = self.path
        begun, self._at = self._at, max(at, self._at)
        path.last = self._at
        if self._phase is Phase.AT_REST or not begun or begun == self._at:
            return
        interval = PathInterval(path.team, self._phase, self._reason, begun, self._at)
        path.intervals.append(interval)
        self._held += interval.minutes
        if self._phase is Phase.WAITING:
            pause = path.pauses[-1]
            path.pauses[-1] = pause._replace(minutes=pause.minutes + interval.minutes)
            self._waited_until = self._at

    def _enter(self, phase: Phase, reason: str = "") -> None:
        self._phase, self._reason = phase, reason
        self.path.is_over = phase is Phase.AT_REST

    @_steps.on(TicketOpened)
    def _open(self, event: Event[TicketOpened]) -> None:
        data = event.data
        self.path.opened = self._at
        self.path.number = data.attributes.get(NUMBER, data.code)
        stated = data.attributes.get("category", "")
        self.path.category = data.attributes.get(DECIDED_CATEGORY, stated)
        self.path.service = data.service

    @_steps.on(TicketTriaged)
    def _triage(self, event: Event[TicketTriaged]) -> None:
        data = event.data
        self.path.category, self.path.priority = data.category, data.priority
        self.path.service = data.service or self.path.service

    @_steps.on(TicketUpdated)
    def _update(self, event: Event[TicketUpdated]) -> None:
        self.path.service = event.data.service or self.path.service
        self.path.priority = event.data.priority or self.path.priority

    @_steps.on(TicketAssigned)
    def _assign(self, event: Event[TicketAssigned]) -> None:
        path = self.path
        if event.data.team != path.team:
            self._move_to(event.data.team)
        elif self._phase is Phase.WORKED_ON:
            path.requeues += 1
        if self._phase is Phase.AT_REST:
            return
        self._interrupted = (self._at, self._reason) if self._phase is Phase.WAITING else None
        self._enter(Phase.QUEUED)

    def _move_to(self, team: str) -> None:
        path = self.path
        path.moves += 1
        if path.team and team and self._phase is not Phase.AT_REST:
            path.reassignments.append(Reassignment(path.team, team, self._held))
        path.first_team = path.first_team or team
        path.team, self._held = team, 0.0

    @_steps.on(TicketStarted)
    def _start(self, _event: Event[TicketStarted]) -> None:
        self._enter(Phase.WORKED_ON)

    @_steps.on(TicketPaused)
    def _pause(self, event: Event[TicketPaused]) -> None:
        reason = self._word or event.data.waiting_for
        is_same = self._phase is Phase.WAITING and self._reason == reason
        if not is_same and self._interrupted != (self._at, reason):
            is_again = bool(self._waited_until) and 0 < self._at - self._waited_until <= SOON
            self.path.pauses.append(Pause(reason, team=self.path.team, is_again=is_again))
        self._enter(Phase.WAITING, reason)

    @_steps.on(TicketResumed)
    def _resume(self, _event: Event[TicketResumed]) -> None:
        self._enter(Phase.WORKED_ON)

    @_steps.on(TicketResolved, TicketClosed, TicketMerged)
    def _end(self, _event: AnyEvent) -> None:
        path = self.path
        if self._phase is not Phase.AT_REST:
            path.resolver = path.team
        if self._phase is Phase.WAITING:
            path.pauses[-1] = path.pauses[-1]._replace(to_the_end=True)
        self._enter(Phase.AT_REST)

    @_steps.on(TicketReopened)
    def _reopen(self, _event: Event[TicketReopened]) -> None:
        self.path.reopenings += 1
        self._held = 0.0
        self._enter(Phase.QUEUED)

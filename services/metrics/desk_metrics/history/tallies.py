"""Sums over paths, in memory bounded by the number of categories, teams and reasons."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from desk_metrics.history.path import Phase, TicketPath
from desk_metrics.measures.sketch import Sketch
from desk_metrics.sla.worktime import instant

# A log that names a new category for each ticket must not fill memory.
MOST_NAMES = 5_000
_MINUTE = 60_000_000
T = TypeVar("T")

OTHERS = "(all others)"
NO_NAME = "(not named)"


@dataclass(slots=True)
class TopicTally:
    """The tickets of one category, or of one service."""

    tickets: int = 0
    routine: Sketch = field(default_factory=Sketch)
    hard: Sketch = field(default_factory=Sketch)
    handed_on: int = 0
    reopened: int = 0
    waited: int = 0
    months: set[str] = field(default_factory=set)


@dataclass(slots=True)
class TeamTally:
    """What one team had, gave away and got."""

    tickets: int = 0
    given: int = 0
    taken: int = 0
    resolved: int = 0
    reopened: int = 0
    held_before_giving: Sketch = field(default_factory=Sketch)
    queued: Sketch = field(default_factory=Sketch)
    worked_minutes: float = 0.0


@dataclass(slots=True)
class Tallies:
    """Everything that the report is made from."""

    tickets: int = 0
    over: int = 0
    first: int | None = None
    last: int | None = None
    minutes: dict[Phase, float] = field(default_factory=dict)
    to_resolve: Sketch = field(default_factory=Sketch)
    reopened: int = 0
    reopenings: int = 0
    reassignments: int = 0
    requeues: int = 0
    handed_on: int = 0
    ping_pong: int = 0
    with_team: int = 0
    first_is_last: int = 0
    topics: dict[str, TopicTally] = field(default_factory=dict)
    teams: dict[str, TeamTally] = field(default_factory=dict)
    waits: dict[str, Sketch] = field(default_factory=dict)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, path: TicketPath, topic: str) -> None:
        """One more ticket, counted under its topic: a category or a service."""
        self.tickets += 1
        self.over += path.is_over
        opened, last = path.opened, path.last
        self.first = opened if self.first is None else min(self.first, opened)
        self.last = last if self.last is None else max(self.last, last)
        for interval in path.intervals:
            held = self.minutes.get(interval.phase, 0.0)
            self.minutes[interval.phase] = held + interval.minutes
        if path.is_over:
            _note(self.to_resolve, path.minutes)
        self._add_turns(path)
        self._add_topic(path, topic or NO_NAME)
        self._add_teams(path)
        for reason, minutes in path.pauses:
            _note(_of(self.waits, reason, Sketch), minutes)

    def _add_turns(self, path: TicketPath) -> None:
        self.reopened += bool(path.reopenings)
        self.reopenings += path.reopenings
        self.reassignments += len(path.reassignments)
        self.requeues += path.requeues
        self.handed_on += bool(path.reassignments)
        self.ping_pong += is_ping_pong(path)
        if path.is_over and path.first_team and path.team:
            self.with_team += 1
            self.first_is_last += path.first_team == path.team

    def _add_topic(self, path: TicketPath, name: str) -> None:
        topic = _of(self.topics, name, TopicTally)
        topic.tickets += 1
        topic.handed_on += bool(path.reassignments)
        topic.reopened += bool(path.reopenings)
        topic.waited += bool(path.pauses)
        topic.months.add(f"{instant(path.opened):%Y-%m}")
        if path.is_routine:
            _note(topic.routine, path.own_minutes)
        else:
            _note(topic.hard, path.minutes)

    def _add_teams(self, path: TicketPath) -> None:
        for name in {interval.team for interval in path.intervals} | {path.team}:
            self._team(name).tickets += 1
        for interval in path.intervals:
            if interval.phase is Phase.QUEUED:
                _note(self._team(interval.team).queued, interval.minutes)
            elif interval.phase is Phase.WORKED_ON:
                self._team(interval.team).worked_minutes += interval.minutes
        for giver, taker, minutes in path.reassignments:
            self._team(giver).given += 1
            _note(self._team(giver).held_before_giving, minutes)
            self._team(taker).taken += 1
            if (giver, taker) in self.pairs or len(self.pairs) < MOST_NAMES:
                self.pairs[giver, taker] += 1
        if path.is_over:
            resolver = self._team(path.resolver)
            resolver.resolved += 1
            resolver.reopened += bool(path.reopenings)

    def _team(self, name: str) -> TeamTally:
        return _of(self.teams, name or NO_NAME, TeamTally)


def is_ping_pong(path: TicketPath) -> bool:
    """Whether a team got the ticket back from the very team that it had given it to."""
    pairs = [(reassignment.giver, reassignment.taker) for reassignment in path.reassignments]
    return any(first == (taker, giver) for first, (giver, taker) in pairwise(pairs))


def minutes_at(durations: Sketch, share: float) -> float:
    """The duration in minutes that `share` of all do not exceed; 0 if there are none."""
    return (durations.quantile(share) or 0.0) / _MINUTE


def total_minutes(durations: Sketch) -> float:
    """All of them together."""
    return durations.total / _MINUTE


def _note(durations: Sketch, minutes: float) -> None:
    durations.add(round(minutes * _MINUTE))


def _of(table: dict[str, T], name: str, make: type[T]) -> T:
    if name not in table and len(table) >= MOST_NAMES:
        name = OTHERS
    if (entry := table.get(name)) is None:
        entry = table[name] = make()
    return entry

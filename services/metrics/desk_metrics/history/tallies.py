"""Sums over journeys, in memory bounded by the number of categories, teams and reasons."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from desk_metrics.history.journey import Journey, Phase
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

    def add(self, journey: Journey, topic: str) -> None:
        """One more ticket, counted under its topic: a category or a service."""
        self.tickets += 1
        self.over += journey.is_over
        opened, last = journey.opened, journey.last
        self.first = opened if self.first is None else min(self.first, opened)
        self.last = last if self.last is None else max(self.last, last)
        for stretch in journey.stretches:
            held = self.minutes.get(stretch.phase, 0.0)
            self.minutes[stretch.phase] = held + stretch.minutes
        if journey.is_over:
            _note(self.to_resolve, journey.minutes)
        self._add_turns(journey)
        self._add_topic(journey, topic or NO_NAME)
        self._add_teams(journey)
        for reason, minutes in journey.pauses:
            _note(_of(self.waits, reason, Sketch), minutes)

    def _add_turns(self, journey: Journey) -> None:
        self.reopened += bool(journey.reopenings)
        self.reopenings += journey.reopenings
        self.reassignments += len(journey.reassignments)
        self.requeues += journey.requeues
        self.handed_on += bool(journey.reassignments)
        self.ping_pong += is_ping_pong(journey)
        if journey.is_over and journey.first_team and journey.team:
            self.with_team += 1
            self.first_is_last += journey.first_team == journey.team

    def _add_topic(self, journey: Journey, name: str) -> None:
        topic = _of(self.topics, name, TopicTally)
        topic.tickets += 1
        topic.handed_on += bool(journey.reassignments)
        topic.reopened += bool(journey.reopenings)
        topic.waited += bool(journey.pauses)
        topic.months.add(f"{instant(journey.opened):%Y-%m}")
        if journey.is_routine:
            _note(topic.routine, journey.own_minutes)
        else:
            _note(topic.hard, journey.minutes)

    def _add_teams(self, journey: Journey) -> None:
        for name in {stretch.team for stretch in journey.stretches} | {journey.team}:
            self._team(name).tickets += 1
        for stretch in journey.stretches:
            if stretch.phase is Phase.QUEUED:
                _note(self._team(stretch.team).queued, stretch.minutes)
            elif stretch.phase is Phase.WORKED_ON:
                self._team(stretch.team).worked_minutes += stretch.minutes
        for giver, taker, minutes in journey.reassignments:
            self._team(giver).given += 1
            _note(self._team(giver).held_before_giving, minutes)
            self._team(taker).taken += 1
            if (giver, taker) in self.pairs or len(self.pairs) < MOST_NAMES:
                self.pairs[giver, taker] += 1
        if journey.is_over:
            resolver = self._team(journey.resolver)
            resolver.resolved += 1
            resolver.reopened += bool(journey.reopenings)

    def _team(self, name: str) -> TeamTally:
        return _of(self.teams, name or NO_NAME, TeamTally)


def is_ping_pong(journey: Journey) -> bool:
    """Whether a team got the ticket back from the very team that it had given it to."""
    pairs = [(one.giver, one.taker) for one in journey.reassignments]
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
    if (found := table.get(name)) is None:
        found = table[name] = make()
    return found

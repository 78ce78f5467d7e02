"""Sums over paths, in memory bounded by the number of categories, teams, reasons and paths."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from desk_metrics.history.examples import Examples
from desk_metrics.history.path import Phase, TicketPath
from desk_metrics.measures.sketch import Sketch
from desk_metrics.sla.worktime import instant

# A log that names a new category for each ticket must not fill memory.
MOST_NAMES = 5_000
# A path of more steps than this is told by its first ones.
LONGEST_PATH = 12
_MINUTE = 60_000_000
T = TypeVar("T")

OTHERS = "(all others)"
NO_NAME = "(not named)"
# Handed on so often or oftener is one group.
OFTEN = 3


@dataclass(slots=True)
class VerdictTally:
    """Verdicts of the log on the tickets of one group."""

    kept: int = 0
    broken: int = 0
    examples: Examples = field(default_factory=Examples)


@dataclass(slots=True)
class MonthTally:
    """The tickets that were opened in one month (UTC)."""

    tickets: int = 0
    over: int = 0
    handed_on: int = 0
    to_resolve: Sketch = field(default_factory=Sketch)
    verdicts: VerdictTally = field(default_factory=VerdictTally)


@dataclass(slots=True)
class PathTally:
    """The tickets that went one way."""

    tickets: int = 0
    took: Sketch = field(default_factory=Sketch)
    verdicts: VerdictTally = field(default_factory=VerdictTally)
    examples: Examples = field(default_factory=Examples)


@dataclass(slots=True)
class TopicTally:
    """The tickets of one category, or of one service.

    `own` are durations without waiting of tickets that are over and took any time at all.
    """

    tickets: int = 0
    over: int = 0
    routine: int = 0
    own: Sketch = field(default_factory=Sketch)
    hard: Sketch = field(default_factory=Sketch)
    at_front: Sketch = field(default_factory=Sketch)
    passed_on: Sketch = field(default_factory=Sketch)
    handed_on: int = 0
    reopened: int = 0
    waited: int = 0
    months: set[str] = field(default_factory=set)
    resolvers: Counter[str] = field(default_factory=Counter)
    latest: Examples = field(default_factory=Examples)
    hardest: Examples = field(default_factory=Examples)
    passed: Examples = field(default_factory=Examples)
    returned: Examples = field(default_factory=Examples)


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
    waits: Sketch = field(default_factory=Sketch)
    waits_to_the_end: Sketch = field(default_factory=Sketch)
    waits_again: int = 0
    given_examples: Examples = field(default_factory=Examples)
    queued_examples: Examples = field(default_factory=Examples)
    wait_examples: Examples = field(default_factory=Examples)
    reopened_examples: Examples = field(default_factory=Examples)


@dataclass(slots=True)
class ReturnTally:
    """Tickets that one team gave to another and got straight back."""

    times: int = 0
    tickets: int = 0
    held: Sketch = field(default_factory=Sketch)
    examples: Examples = field(default_factory=Examples)


@dataclass(slots=True)
class ReasonTally:
    """Waits for one reason."""

    waited: Sketch = field(default_factory=Sketch)
    examples: Examples = field(default_factory=Examples)


@dataclass(slots=True)
class Tallies:
    """Everything that the report is made from.

    `has_updates`: some ticket has more than one row, so the log tells what changed when. `has_work`
    and `has_waits`: some ticket was worked on or waited, so the log tells such times at all.
    """

    tickets: int = 0
    over: int = 0
    first: int | None = None
    last: int | None = None
    has_updates: bool = False
    has_work: bool = False
    has_waits: bool = False
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
    at_front: int = 0
    verdicts: VerdictTally = field(default_factory=VerdictTally)
    by_handovers: dict[str, VerdictTally] = field(default_factory=dict)
    by_priority: dict[str, VerdictTally] = field(default_factory=dict)
    months: dict[str, MonthTally] = field(default_factory=dict)
    paths: dict[tuple[str, ...], PathTally] = field(default_factory=dict)
    routes: dict[tuple[str, ...], PathTally] = field(default_factory=dict)
    topics: dict[str, TopicTally] = field(default_factory=dict)
    teams: dict[str, TeamTally] = field(default_factory=dict)
    reasons: dict[str, ReasonTally] = field(default_factory=dict)
    returns: dict[tuple[str, str], ReturnTally] = field(default_factory=dict)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, path: TicketPath, topic: str, *, is_kept: bool | None = None) -> None:
        """One more ticket, counted under its topic: a category or a service.

        `is_kept` is the log's own verdict on its SLA; None where it tells none.
        """
        self.tickets += 1
        self.over += path.is_over
        opened, last = path.opened, path.last
        self.first = opened if self.first is None else min(self.first, opened)
        self.last = last if self.last is None else max(self.last, last)
        self.has_updates |= path.rows > 1
        for interval in path.intervals:
            held = self.minutes.get(interval.phase, 0.0)
            self.minutes[interval.phase] = held + interval.minutes
            self.has_work |= interval.phase is Phase.WORKED_ON
        self._add_waits(path)
        self._count_moves(path)
        if path.is_over:
            _note(self.to_resolve, path.minutes)
        verdict = is_kept if path.is_over else None
        self._add_ways(path, verdict)
        self._add_verdict(path, verdict)
        self._add_topic(path, topic or NO_NAME)
        self._add_teams(path)

    def _count_moves(self, path: TicketPath) -> None:
        self.reopenings += path.reopenings
        self.reopened += bool(path.reopenings)
        self.reassignments += len(path.reassignments)
        self.requeues += path.requeues
        self.handed_on += bool(path.reassignments)
        self.ping_pong += is_ping_pong(path)
        if path.is_over and path.first_team and path.team:
            self.with_team += 1
            self.first_is_last += path.first_team == path.team
            self.at_front += not path.reassignments

    def _add_waits(self, path: TicketPath) -> None:
        for pause in path.pauses:
            self.has_waits = True
            reason = _of(self.reasons, pause.reason, ReasonTally)
            _note(reason.waited, pause.minutes)
            reason.examples.add(path.number, pause.minutes)
            team = self._team(pause.team)
            _note(team.waits, pause.minutes)
            team.waits_again += pause.is_again
            if pause.to_the_end:
                _note(team.waits_to_the_end, pause.minutes)
                team.wait_examples.add(path.number, pause.minutes)

    def _add_ways(self, path: TicketPath, verdict: bool | None) -> None:
        for table, way in ((self.paths, path.phases), (self.routes, path.route)):
            if way and path.is_over:
                # One more step than is told: the mark that there are more.
                steps = way if len(way) <= LONGEST_PATH else (*way[:LONGEST_PATH], "…")
                if steps not in table and len(table) >= MOST_NAMES:
                    steps = (OTHERS,)
                tally = table.setdefault(steps, PathTally())
                tally.tickets += 1
                _note(tally.took, path.minutes)
                _judge(tally.verdicts, path, verdict)
                tally.examples.add(path.number, path.opened)

    def _add_verdict(self, path: TicketPath, verdict: bool | None) -> None:
        month = _of(self.months, f"{instant(path.opened):%Y-%m}", MonthTally)
        month.tickets += 1
        month.over += path.is_over
        month.handed_on += bool(path.reassignments)
        if path.is_over:
            _note(month.to_resolve, path.minutes)
        _judge(month.verdicts, path, verdict)
        if verdict is None:
            return
        _judge(self.verdicts, path, verdict)
        handovers = str(min(len(path.reassignments), OFTEN))
        _judge(_of(self.by_handovers, handovers, VerdictTally), path, verdict)
        priority = path.priority or NO_NAME
        _judge(_of(self.by_priority, priority, VerdictTally), path, verdict)

    def _add_topic(self, path: TicketPath, name: str) -> None:
        topic = _of(self.topics, name, TopicTally)
        topic.tickets += 1
        topic.over += path.is_over
        topic.handed_on += bool(path.reassignments)
        topic.reopened += bool(path.reopenings)
        topic.waited += bool(path.pauses)
        topic.months.add(f"{instant(path.opened):%Y-%m}")
        topic.latest.add(path.number, path.opened)
        topic.routine += path.is_routine
        if not path.is_routine:
            _note(topic.hard, path.minutes)
            topic.hardest.add(path.number, path.minutes)
        if path.reopenings:
            topic.returned.add(path.number, path.opened)
        if path.is_over:
            if path.own_minutes > 0:
                _note(topic.own, path.own_minutes)
            resolver = path.resolver or NO_NAME
            if resolver in topic.resolvers or len(topic.resolvers) < MOST_NAMES:
                topic.resolvers[resolver] += 1
        if path.is_over and path.first_team:
            _note(topic.passed_on if path.reassignments else topic.at_front, path.minutes)
            if path.reassignments:
                topic.passed.add(path.number, path.minutes)

    def _add_teams(self, path: TicketPath) -> None:
        for name in {interval.team for interval in path.intervals} | {path.team}:
            self._team(name).tickets += 1
        for interval in path.intervals:
            team = self._team(interval.team)
            if interval.phase is Phase.QUEUED:
                _note(team.queued, interval.minutes)
                team.queued_examples.add(path.number, interval.minutes)
            elif interval.phase is Phase.WORKED_ON:
                team.worked_minutes += interval.minutes
        for giver, taker, minutes in path.reassignments:
            team = self._team(giver)
            team.given += 1
            _note(team.held_before_giving, minutes)
            team.given_examples.add(path.number, minutes)
            self._team(taker).taken += 1
            if (giver, taker) in self.pairs or len(self.pairs) < MOST_NAMES:
                self.pairs[giver, taker] += 1
        self._add_ending(path)
        self._add_returns(path)

    def _add_ending(self, path: TicketPath) -> None:
        if path.is_over:
            resolver = self._team(path.resolver)
            resolver.resolved += 1
            resolver.reopened += bool(path.reopenings)
            if path.reopenings:
                resolver.reopened_examples.add(path.number, path.opened)

    def _add_returns(self, path: TicketPath) -> None:
        seen = set()
        for giver, taker, minutes in list_returns(path):
            pair = (giver, taker)
            if pair not in self.returns and len(self.returns) >= MOST_NAMES:
                pair = (OTHERS, OTHERS)
            tally = self.returns.setdefault(pair, ReturnTally())
            tally.times += 1
            tally.tickets += pair not in seen
            seen.add(pair)
            _note(tally.held, minutes)
            tally.examples.add(path.number, minutes)

    def _team(self, name: str) -> TeamTally:
        return _of(self.teams, name or NO_NAME, TeamTally)


def list_returns(path: TicketPath) -> Iterator[tuple[str, str, float]]:
    """Each time a team gave the ticket away and got it straight back: the giver, the other team,
    and the minutes that it lay there."""
    for (giver, taker, _), back in pairwise(path.reassignments):
        if (back.giver, back.taker) == (taker, giver):
            yield giver, taker, back.minutes


def is_ping_pong(path: TicketPath) -> bool:
    """Whether a team got the ticket back from the very team that it had given it to."""
    return any(True for _ in list_returns(path))


def minutes_at(durations: Sketch, share: float) -> float | None:
    """The duration in minutes that `share` of all do not exceed; None if there are none."""
    quantile = durations.quantile(share)
    return None if quantile is None else quantile / _MINUTE


def total_minutes(durations: Sketch) -> float:
    """All of them together."""
    return durations.total / _MINUTE


def _judge(tally: VerdictTally, path: TicketPath, verdict: bool | None) -> None:
    if verdict is None:
        return
    tally.kept += verdict
    tally.broken += not verdict
    if not verdict:
        tally.examples.add(path.number, path.minutes)


def _note(durations: Sketch, minutes: float) -> None:
    durations.add(round(minutes * _MINUTE))


def _of(table: dict[str, T], name: str, make: type[T]) -> T:
    if name not in table and len(table) >= MOST_NAMES:
        name = OTHERS
    if (entry := table.get(name)) is None:
        entry = table[name] = make()
    return entry

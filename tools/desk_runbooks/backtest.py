"""Plays the past back: the log's signals through the service's own composition, in event time.

What the log cannot say is taken to go well: guards pass, acts are done, and the cure is measured
at the end of its window. So a run holds its target as long as it does when all goes well.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import cast

from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.executor import Executor, Fence
from desk_automation.actions.model import Attempt, Call
from desk_automation.matching.decide import Raised, episode_of
from desk_automation.matching.rulebook import Rulebook
from desk_automation.runs.model import Phase, Run
from desk_automation.runs.store import RUNS
from desk_automation.service import Hooks, compose
from desk_charter import Charter
from desk_charter.runbook_checks import RUNBOOKS
from desk_charter.runbooks import Runbook
from desk_contracts import AnyEvent, Event
from desk_contracts.events.fulfilment import TicketFulfilmentRequested
from desk_contracts.events.signals import (
    SignalCleared,
    SignalDropped,
    SignalRaised,
    SignalSeverityChanged,
)
from desk_contracts.events.telemetry import Measured
from desk_contracts.message import message
from desk_contracts.value_types import SubjectKind
from desk_platform.clock import FakeClock
from desk_platform.kafka import CommandQueue
from desk_platform.kafka.unit_of_work import Cause, Rule
from desk_platform.store import Stored

from desk_runbooks.past_events import PastEvents
from desk_runbooks.simulated_desk import SimulatedDesk
from desk_runbooks.simulation import codes_of

# By the code of the reason, the limit in the words of a runbook's file.
_LIMITS = {
    "refusal.busy": "target busy",
    "run.same-already": "target busy",
    "refusal.cooldown": "cooldown",
    "refusal.per-day": "per_day",
    "refusal.per-hour": "per_hour",
    "refusal.breaker": "breaker",
    "refusal.canary": "breaker",
    "refusal.maintenance": "window",
    "refusal.freeze": "window",
    "refusal.planned-change": "window",
    "refusal.inhibited": "open signal",
}
_SOURCE = "/backtest"
# Samples of one cure are so far apart, and the last is so long before the window's end.
_APART = timedelta(milliseconds=1)


@dataclass(slots=True)
class Played:
    """What became of the runs of one runbook."""

    runbook: str
    runs: dict[str, Run] = field(default_factory=dict)
    # When a run's first act was sent, and by limit the runs that it held back.
    acted: dict[str, datetime] = field(default_factory=dict)
    held: dict[str, set[str]] = field(default_factory=dict)
    most_at_once: int = 0
    most_at_once_at: datetime | None = None
    _working: set[str] = field(default_factory=set)

    def note(self, run: Run, now: datetime) -> None:
        """A run as it is at this moment."""
        if run.plan.runbook != self.runbook:
            return
        self.runs[run.id] = run
        for code in codes_of(run.reason):
            if code in _LIMITS:
                self.held.setdefault(_LIMITS[code], set()).add(run.id)
        if run.has_ended:
            self._working.discard(run.id)
        elif run.phase in {Phase.WORKING, Phase.VERIFYING}:
            self._working.add(run.id)
            if len(self._working) > self.most_at_once:
                self.most_at_once, self.most_at_once_at = len(self._working), now


async def play_back(past: PastEvents, until: datetime, charter: Charter, id: str) -> Played:
    """The runs of a runbook, played as `auto` whatever its mode, beside all others in theirs.

    The log ends at `until`; a run that would go on after it stays as it is then.
    """
    played = Played(id)
    runbooks = tuple(_arrange_runbook(runbook, id) for runbook in charter.of(RUNBOOKS))
    arranged = {"obeyed": {**charter.obeyed, RUNBOOKS.name: runbooks}}
    await _Playback(past, until, charter.model_copy(update=arranged), played).run()
    return played


def _arrange_runbook(runbook: Runbook, id: str) -> Runbook:
    """With a measurement that is nobody else's and is always well; the one asked about acts."""
    changes: dict[str, object] = {}
    if runbook.id == id:
        changes = {"mode": "auto", "expires": date.max}
    if runbook.verify is not None:
        well = {"measurement": f"backtest.{runbook.id}", "condition": "value == 0.0"}
        bare = {"at_least": None, "at_most": None}
        changes["verify"] = runbook.verify.model_copy(update={**bare, **well})
    return runbook.model_copy(update=changes)


class _Playback:
    def __init__(self, past: PastEvents, until: datetime, charter: Charter, played: Played) -> None:
        self._past, self._until, self._played = past, until, played
        self._rulebook = Rulebook(charter)
        runbooks = charter.of(RUNBOOKS)
        self._inhibitors = {name for runbook in runbooks for name in runbook.inhibited_by}
        self._clock = FakeClock(past.triggers[0].time)
        self._desk = SimulatedDesk(charter, self._clock)
        self._queue: list[tuple[datetime, int, AnyEvent]] = []
        self._number = count()
        self._measured: set[str] = set()

    async def run(self) -> None:
        """Play the log to its end."""
        hooks = Hooks(
            around_executor=lambda executor: _Willing(executor, self._note_act),
            around_journal=lambda runs: _Noted(runs, self._note),
        )
        compose(self._desk, self._desk.defaults, hooks)
        for event in self._find_heard():
            self._push(event)
        async with self._desk.opened:
            await self._desk.open()
            async for _moment in self._desk.play(self._queue, self._desk.hear, self._until):
                pass
        stored = self._desk.documents(RUNS)
        # Those that ended as they began never passed the journal.
        for document in await stored.find({}, limit=await stored.count()):
            if document.state is not None:
                self._played.note(document.state, self._clock.now())

    def _find_heard(self) -> Iterator[AnyEvent]:
        """What some runbook acts on, or counts, and its end; nothing else changes a run."""
        episodes: set[str] = set()
        for event in self._past.triggers:
            is_counted = self._rulebook.is_heard(event)
            match event.data:
                case SignalRaised() | TicketFulfilmentRequested():
                    raised = cast("Raised", event)
                    is_inhibitor = getattr(raised.data, "signal", "") in self._inhibitors
                    is_heard = is_counted or is_inhibitor
                    if is_heard or any(self._rulebook.find_matching(raised)):
                        episodes.add(episode_of(raised))
                        yield event
                case SignalCleared(episode=episode):
                    if is_counted or episode in episodes:
                        yield event
                case SignalDropped() | SignalSeverityChanged() if not is_counted:
                    pass
                case _:
                    yield event

    def _push(self, event: AnyEvent) -> None:
        heapq.heappush(self._queue, (event.time, next(self._number), event))

    def _note_act(self, run: str) -> None:
        self._played.acted.setdefault(run, self._clock.now())

    def _note(self, run: Run) -> None:
        self._played.note(run, self._clock.now())
        self._answer_recheck(run)
        verify, until = run.plan.verify, run.verify_until
        if verify is None or until is None or run.id in self._measured:
            return
        self._measured.add(run.id)
        data = Measured(subject_kind=SubjectKind.DEVICE, name=verify.measurement, value=0.0)
        for number in range(1, verify.samples + 1):
            at = max(self._clock.now(), until - number * _APART)
            id = f"measure/{run.id}/{number}"
            self._push(Event(id, _SOURCE, run.trigger.subject, at, data))

    def _answer_recheck(self, run: Run) -> None:
        """What was held back is asked for anew: its trouble is there until the log clears it."""
        verify, held = run.plan.verify, run.withheld
        if verify is None or held is None or held.over_at is None:
            return
        id = f"recheck/{run.id}/{held.over_at.isoformat()}"
        if id not in self._measured:
            self._measured.add(id)
            data = Measured(subject_kind=SubjectKind.DEVICE, name=verify.measurement, value=1.0)
            at = held.over_at + _APART
            self._push(Event(id, _SOURCE, run.trigger.subject, at, data))


class _Noted(CommandQueue[Run]):
    """The journal, with somebody who looks on."""

    def __init__(self, journal: CommandQueue[Run], note: Callable[[Run], None]) -> None:
        self._journal, self._note = journal, note

    async def change(
        self, id: str, rule: Rule[Run], cause: Cause | None = None, *, is_first: bool = False
    ) -> Stored[Run]:
        changed = await self._journal.change(id, rule, cause, is_first=is_first)
        if changed.state is not None:
            self._note(changed.state)
        return changed

    async def finish(self) -> None:
        await self._journal.finish()


class _Willing:
    """In place of every executor: does what it is asked, at once, and nothing leaves."""

    def __init__(self, executor: Executor, note: Callable[[str], None]) -> None:
        self._executor, self._note = executor, note

    def slot_of(self, call: Call) -> None:
        """However many ask at one moment, nobody waits for a slot."""

    async def close(self) -> None:
        await self._executor.close()

    async def execute(self, attempt: Attempt, run: str, token: int, fence: Fence) -> Answer:  # noqa: ARG002
        if not await fence():
            return Answer(Result.NOT_TAKEN, message("answer.taken-over"), is_sent=False)
        if attempt.kind == "act":
            self._note(run)
        return Answer(Result.OK, message("answer.status", status=200, body=""), is_met=True)

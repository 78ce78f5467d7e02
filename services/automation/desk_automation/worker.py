"""Drives runs: asks the domain for the next move, makes it, writes down what came of it.

Everything it knows stands in the documents, so whoever comes after a crash goes on from there.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, assert_never

from desk_shared.bus.retry import attempt_async, backoff, insisted
from desk_shared.bus.timers import Report
from desk_shared.bus.unit_of_work import Rule, WorkItem
from desk_shared.clock import Clock
from desk_shared.errors import Transient
from desk_shared.ids import new_id
from desk_shared.kernel import Context, Decision
from desk_shared.store import Stored
from desk_shared.tasks import ended
from desk_shared.telemetry import get_logger
from desk_shared.turns import turned

from desk_automation.conditions import Inputs, condition
from desk_automation.domain import books, course, moves, steps, subjects, targets, verify
from desk_automation.domain.answers import Answer
from desk_automation.domain.books import Book, Ended
from desk_automation.domain.model import Phase, Run
from desk_automation.domain.moves import Attempt
from desk_automation.domain.subjects import Subject, Watch
from desk_automation.domain.targets import Ask, Refusal, Target
from desk_automation.ports import Changes, Executor, Jitter, Reads

log = get_logger()

# A lane that is full is looked at again so soon.
LANE_PAUSE = timedelta(milliseconds=500)
Decide = Callable[[Run, datetime], Decision[Run] | None]
OnDue = Callable[[str, datetime], None]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a worker does at once, and how long it may be silent before it is given up."""

    concurrency: int = 200
    per_lane: int = 32
    term: timedelta = timedelta(seconds=6)


@dataclass(frozen=True, slots=True)
class UnitsOfWork:
    """The four collections: changed by rules, read as they are in the store."""

    runs: Changes[Run]
    targets: Changes[Target]
    books: Changes[Book]
    subjects: Changes[Subject]
    stored_runs: Reads[Run]
    stored_subjects: Reads[Subject]


class Worker:
    """Timers fire into it; each due run is a task of its own, so a slow target delays nobody."""

    def __init__(  # noqa: PLR0913 (what it stands between)
        self,
        units_of_work: UnitsOfWork,
        executor: Executor,
        clock: Clock,
        lane_of: Callable[[str], str],
        bounds: Bounds | None = None,
        *,
        on_due: OnDue,
        jitter: Jitter = random.random,
    ) -> None:
        self._units_of_work = units_of_work
        self._executor = executor
        self._clock = clock
        self._lane_of = lane_of
        self._bounds = bounds or Bounds()
        self._jitter = jitter
        self._slots = asyncio.Semaphore(self._bounds.concurrency)
        self._lanes: Counter[str] = Counter()
        self._active: dict[str, asyncio.Task[None]] = {}
        self._is_stopping = False
        # Tells the timers when to look at a run again.
        self._on_due = on_due

    async def finish(self) -> None:
        """Take nothing new; what is under way may end, and what does not is found again."""
        self._is_stopping = True
        if self._active:
            await asyncio.wait(self._active.values(), timeout=self._bounds.term.total_seconds())
        await ended(*self._active.values())

    async def wake(self, ids: Iterable[str], park: Report) -> None:
        """Begin with these runs; waits while all hands are full, so nothing piles up here."""
        for id in ids:
            if self._is_stopping:
                return
            if id in self._active:
                # It may just have rested: look again rather than lose the moment.
                self._on_due(id, self._clock.now() + LANE_PAUSE)
                continue
            await self._slots.acquire()
            self._active[id] = asyncio.create_task(self._drive(id, park), name=f"run {id}")
            turned()

    async def _drive(self, id: str, park: Report) -> None:
        try:
            failure = await attempt_async(self.advance(id))
        finally:
            self._active.pop(id, None)
            self._slots.release()
        if failure is not None and not isinstance(failure, Transient):
            failure = await attempt_async(park([(WorkItem(id, nothing), failure)]))
        if failure is not None:
            log.warning("run_waits", run=id, reason=str(failure))
            self._on_due(id, self._clock.now() + backoff(3))

    async def advance(self, id: str) -> None:
        """Make moves until the run rests."""
        found = await self._units_of_work.stored_runs.load([id])
        run = found[id].state if id in found else None
        while run is not None and not self._is_stopping:
            run = await self._make(moves.next_move(run, self._clock.now()), run)

    async def _make(self, move: moves.Move, run: Run) -> Run | None:  # noqa: PLR0911, C901
        match move:
            case moves.Rest():
                return None
            case moves.Admit():
                return await self._admit(run, move)
            case moves.Attempt():
                return await self._attempt(run, move)
            case moves.Lost():
                return await self._move(run, move, lambda r, now: steps.lost(r, move, now))
            case moves.Pause():
                return await self._move(run, move, lambda r, now: steps.paused(r, move, now))
            case moves.Doubt():
                return await self._move(run, move, lambda r, now: course.doubted(r, move.why, now))
            case moves.Stop():
                return await self._move(run, move, lambda r, now: course.stopped(r, move, now))
            case moves.Judge():
                return await self._judge(run, move)
            case moves.Review():
                return await self._review(run, move)
            case moves.Close():
                return await self._close(run, move)
            case _:
                assert_never(move)

    async def _move(self, run: Run, move: moves.Move, decide: Decide) -> Run | None:
        """Change the run, provided that the move is still the right one when it is written."""

        def still(found: Run, now: datetime) -> Decision[Run] | None:
            return decide(found, now) if moves.next_move(found, now) == move else None

        return await self._change(run.id, still)

    async def _change(self, id: str, decide: Decide) -> Run | None:
        return (await self._units_of_work.runs.change(id, rule_of(decide))).state

    async def _admit(self, run: Run, move: moves.Admit) -> Run | None:
        if await self._is_over(run):
            return await self._move(run, move, course.over)
        refused = await self._ask(run)
        if refused is not None:
            return await self._move(run, move, lambda r, now: course.queued(r, refused, now))
        if run.plan.verify is not None:
            measurement = run.plan.verify.measurement
            await self._units_of_work.subjects.change(
                run.trigger.subject,
                subject_rule(lambda s, now: subjects.watched(s, run.id, measurement, now)),
            )
        after = await self._move(run, move, course.admitted)
        if after is None or after.has_ended:
            await self._release(run, is_void=True)
        return after

    async def _ask(self, run: Run) -> Refusal | None:
        """Target first, then runbook; a run that one of them refuses holds neither."""
        now = self._clock.now()
        bounds = run.plan.bounds
        until = now + run.plan.budget + 2 * course.PATIENCE
        ask = Ask(run.id, run.plan.runbook, bounds.cooldown, bounds.per_day, until)
        target = await self._units_of_work.targets.change(
            run.target, plain_rule(lambda t: targets.admit(t, ask, now))
        )
        refused = targets.refusal(target.state or Target(), ask, now)
        if refused is not None:
            return refused
        book = await self._units_of_work.books.change(
            run.plan.runbook, plain_rule(lambda b: books.admit(b, run.id, bounds, now))
        )
        refused = books.refusal(book.state or Book(), run.id, bounds, now)
        if refused is not None:
            await self._release(run, is_void=True)
        return refused

    async def _attempt(self, run: Run, move: Attempt) -> Run | None:
        if move.kind == "act" and run.open_act is None and await self._is_over(run):
            return await self._move(run, move, course.over)
        lane = self._lane_of(move.call.url)
        if self._lanes[lane] >= self._bounds.per_lane:
            self._on_due(run.id, self._clock.now() + LANE_PAUSE)
            return None
        self._lanes[lane] += 1
        try:
            return await self._send(run, move)
        finally:
            self._lanes[lane] -= 1

    async def _send(self, run: Run, move: Attempt) -> Run | None:
        """Intent, effect, result: in this order, whatever happens in between."""
        holder = steps.Holder(new_id(), self._bounds.term)
        meant = await self._move(run, move, lambda r, now: steps.intended(r, move, holder, now))
        if meant is None or meant.lease is None or meant.lease.holder != holder.name:
            return meant
        token = meant.lease.token
        answer = await self._call(run.id, move, token)
        if answer is None:
            log.warning("run_taken_over", run=run.id, step=move.step, token=token)
            return None
        jitter = self._jitter()
        # What was done must be known, however long the store is away.
        return await insisted(
            lambda: self._change(
                run.id, lambda r, now: steps.answered(r, move, token, answer, now, jitter)
            ),
            self._clock,
        )

    async def _call(self, id: str, move: Attempt, token: int) -> Answer | None:
        """The answer; while it takes long, the lease is renewed. None if the lease is lost."""
        calling = asyncio.create_task(
            self._executor.call(move, id, token, lambda: self._is_ours(id, token))
        )
        term = self._bounds.term
        try:
            while True:
                await asyncio.wait({calling}, timeout=term.total_seconds() / 3)
                if calling.done():
                    return calling.result()
                if not await self._prolong(id, token):
                    return None
        finally:
            calling.cancel()

    async def _is_ours(self, id: str, token: int) -> bool:
        """Whether the run still waits for this very call, as the store knows it now."""
        found = await self._units_of_work.stored_runs.load([id])
        run = found[id].state if id in found else None
        if run is None or run.lease is None or run.lease.token != token:
            return False
        return run.has_live_lease(self._clock.now())

    async def _prolong(self, id: str, token: int) -> bool:
        try:
            run = await self._change(
                id, lambda r, now: steps.prolonged(r, token, self._bounds.term, now)
            )
        except Transient:
            return True  # the store is away: the lease itself says how long we may go on
        return run is not None and run.lease is not None and run.lease.token == token

    async def _judge(self, run: Run, move: moves.Judge) -> Run | None:
        watch, is_well = await self._listening(run), _wellness(run)
        after = await self._move(run, move, lambda r, now: verify.judged(r, watch, is_well, now))
        return after if after is not None and after.has_ended else None

    async def _review(self, run: Run, move: moves.Review) -> Run | None:
        watch, is_well = (await self._subject(run)).watch_of(run.id), _wellness(run)
        return await self._move(run, move, lambda r, now: verify.reviewed(r, watch, is_well, now))

    async def _listening(self, run: Run) -> Watch | None:
        """What the run waits for, its window's end known to whoever hears the device."""
        found = await self._subject(run)
        watch = found.watch_of(run.id)
        until = verify.window_end(run, () if watch is None else watch.samples)
        if watch is None or until is None or watch.until == until:
            return watch
        changed = await self._units_of_work.subjects.change(
            run.trigger.subject, subject_rule(lambda s, _: subjects.listened(s, run.id, until))
        )
        return None if changed.state is None else changed.state.watch_of(run.id)

    async def _close(self, run: Run, move: moves.Close) -> Run | None:
        now = self._clock.now()
        ended = Ended(run.outcome, run.target, run.has_sent)
        judged = verify.measured_until(run) if run.may_be_corrected else None
        await self._units_of_work.subjects.change(
            run.trigger.subject,
            subject_rule(
                lambda s, now: (
                    subjects.unwatched(s, run.id)
                    if judged is None
                    else subjects.kept_on(s, run.id, judged, now)
                )
            ),
        )
        await self._units_of_work.books.change(
            run.plan.runbook,
            plain_rule(
                lambda b: (
                    books.record(b, run.id, ended, run.plan.bounds, now)
                    if run.corrects is None
                    else books.corrected(b, run.id, run.corrects, run.target, run.plan.bounds)
                )
            ),
        )
        target = await self._release(run, is_void=run.phase in {Phase.SKIPPED, Phase.CANCELLED})
        for waiting in target.waiting if target is not None else ():
            await self._change(waiting, course.nudged)
        return await self._move(run, move, course.closed)

    async def _release(self, run: Run, *, is_void: bool) -> Target | None:
        released = await self._units_of_work.targets.change(
            run.target, plain_rule(lambda t: targets.release(t, run.id, is_void=is_void))
        )
        return released.state

    async def _is_over(self, run: Run) -> bool:
        return run.trigger.episode in (await self._subject(run)).cleared

    async def _subject(self, run: Run) -> Subject:
        found = await self._units_of_work.stored_subjects.load([run.trigger.subject])
        stored: Stored[Subject] | None = found.get(run.trigger.subject)
        return Subject() if stored is None or stored.state is None else stored.state


def _wellness(run: Run) -> Callable[[float], bool]:
    text = run.plan.verify.condition if run.plan.verify else "false"
    return lambda value: condition(text).holds(Inputs({"value": value}))


def nothing(_state: Any, _context: Context) -> None:
    """A task that only names its document."""


def rule_of(decide: Callable[[Run, datetime], Decision[Run] | None]) -> Rule[Run]:
    """A decision about a run with its due time; nothing is decided about a missing one."""

    def rule(run: Run | None, context: Context) -> Decision[Run] | None:
        decided = None if run is None else decide(run, context.now)
        return None if decided is None else scheduled(decided)

    return rule


def scheduled(decided: Decision[Run]) -> Decision[Run]:
    """The run's own next moment is the document's timer."""
    return decided._replace(due=decided.state.wake_at)


def subject_rule(
    decide: Callable[[Subject | None, datetime], Subject | None],
) -> Rule[Subject]:
    """A subject with news wants to be looked at now, one with a window at its end."""

    def rule(subject: Subject | None, context: Context) -> Decision[Subject] | None:
        after = decide(subject, context.now)
        if after is None:
            return None
        return Decision(after, due=after.due(context.now))

    return rule


def plain_rule(decide: Callable[[Any], Any]) -> Rule[Any]:
    """For documents without events and timers."""

    def rule(state: Any, _context: Context) -> Decision[Any] | None:
        after = decide(state)
        return None if after is None else Decision(after)

    return rule

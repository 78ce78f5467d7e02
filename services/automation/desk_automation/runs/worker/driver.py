"""Drives runs: takes the next action that their documents call for, and writes what came of it.

All state is in the documents, so another worker can continue after a crash.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, assert_never

from desk_contracts.errors import Transient
from desk_contracts.ids import new_id
from desk_contracts.message import message
from desk_kernel import Decision
from desk_platform.clock import Clock
from desk_platform.heartbeat import beat
from desk_platform.kafka.retry import attempt_async, backoff, insist
from desk_platform.kafka.timers import Report
from desk_platform.kafka.unit_of_work import WorkItem
from desk_platform.store.grouped_reads import GroupedReads
from desk_platform.tasks import cancel_tasks
from desk_platform.telemetry import Telemetry, get_logger, names

from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.executor import Executor
from desk_automation.actions.model import Attempt
from desk_automation.runs import approving, consenting, journal, lifecycle, verdict, withholding
from desk_automation.runs.decide import (
    Admit,
    AwaitApproval,
    AwaitConsent,
    Close,
    Doubt,
    Judge,
    Lost,
    NextAction,
    Pause,
    RequestApproval,
    RequestConsent,
    Rest,
    Review,
    Stop,
    next_action,
    why_stopped,
)
from desk_automation.runs.model import Run
from desk_automation.runs.store import run_rule
from desk_automation.runs.worker.admission import Admissions, Collections
from desk_automation.runs.worker.calling import CallUnderWay
from desk_automation.runs.worker.fair_queue import rank_of
from desk_automation.runs.worker.hindrances import Hindrances
from desk_automation.runs.worker.restraints import Restraints
from desk_automation.runs.worker.slots import Concurrency, Slots
from desk_automation.runs.worker.wellness import is_well
from desk_automation.safety.model import Refusal
from desk_automation.verification.decide import set_window
from desk_automation.verification.store import subject_rule

log = get_logger()

# A run that is under way is looked at again so soon.
LOOK_AGAIN = timedelta(milliseconds=500)
# Another run's no is looked for among so many of the newest on the same target.
NEWEST = 200
Decide = Callable[[Run, datetime], Decision[Run] | None]
Write = Callable[[Decide], Awaitable[Run | None]]
OnDue = Callable[[str, datetime], None]


class Worker:
    """Timers fire into it; each due run is a task of its own, so a slow target delays nobody."""

    def __init__(  # noqa: PLR0913 (what it stands between)
        self,
        collections: Collections,
        executors: Mapping[str, Executor],
        clock: Clock,
        concurrency: Concurrency | None = None,
        *,
        telemetry: Telemetry,
        on_due: OnDue,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._collections = collections
        self._runs = GroupedReads(collections.stored_runs)
        self._subjects = GroupedReads(collections.stored_subjects)
        self._admissions = Admissions(collections, clock)
        restraints = Restraints(collections.restraints, collections.subjects, clock)
        self._hindrances = Hindrances(self._subjects, collections.stored_stops, restraints)
        self._executors = executors
        self._clock, self._telemetry = clock, telemetry
        self._concurrency = concurrency or Concurrency()
        self._jitter = jitter
        self._free_runs = asyncio.Semaphore(self._concurrency.runs)
        self._slots = Slots(
            self._concurrency.per_slot, self._free_runs, lambda id: on_due(id, clock.now())
        )
        self._active: dict[str, asyncio.Task[None]] = {}
        self._is_stopping = False
        # Tells the timers when to look at a run again.
        self._on_due = on_due

    async def finish(self) -> None:
        """Take nothing new; what is under way may end, and what does not is found again."""
        self._is_stopping = True
        if self._active:
            term = self._concurrency.term.total_seconds()
            await asyncio.wait(self._active.values(), timeout=term)
        await cancel_tasks(*self._active.values())

    async def on_timer(self, ids: Iterable[str], report: Report) -> None:
        """Begin with these runs; waits while no more may be worked on, so nothing piles up here."""
        for id in ids:
            if self._is_stopping:
                return
            if id in self._active:
                # It may just have come to rest: look again rather than lose the moment.
                self._on_due(id, self._clock.now() + LOOK_AGAIN)
                continue
            await self._free_runs.acquire()
            self._active[id] = asyncio.create_task(self._drive(id, report), name=f"run {id}")
            beat()

    async def _drive(self, id: str, report: Report) -> None:
        try:
            failure = await attempt_async(self.advance(id))
        finally:
            self._active.pop(id, None)
            self._free_runs.release()
        if failure is not None and not isinstance(failure, Transient):
            item: WorkItem[Any] = WorkItem(id, lambda _state, _context: None)
            failure = await attempt_async(report([(item, failure)]))
        if failure is not None:
            log.warning("run_waits", run=id, reason=str(failure))
            self._on_due(id, self._clock.now() + backoff(3))

    async def advance(self, id: str) -> None:
        """Take actions until the run rests."""
        run = await self._runs.find(id)
        while run is not None and not self._is_stopping:
            run = await self._take(next_action(run, self._clock.now()), run)

    async def reschedule(self, id: str) -> None:
        """Look at a run now: what it waits for has come."""
        await self._collections.runs.change(id, run_rule(lifecycle.reschedule))

    async def _take(self, action: NextAction, run: Run) -> Run | None:
        match action:
            case Rest():
                return None
            case RequestApproval() | AwaitApproval() | RequestConsent() | AwaitConsent():
                return await self._begin(run, action)
            case Admit() | Attempt():
                return await self._line_up(run, action)
            case Lost() | Pause() | Doubt() | Stop():
                return await self._write(run, action, lambda r, n: journal.take(r, action, n))
            case Judge() | Review():
                return await self._verify(run, action)
            case Close():
                await self._admissions.settle(run)
                return await self._write(run, action, lifecycle.close)
            case _:
                assert_never(action)

    async def _write(self, run: Run, action: NextAction, decide: Decide) -> Run | None:
        """Change the run, provided that the action is still the right one when it is written."""

        def decide_if_next(run: Run, now: datetime) -> Decision[Run] | None:
            return decide(run, now) if next_action(run, now) == action else None

        changed = await self._collections.runs.change(run.id, run_rule(decide_if_next))
        return changed.state

    async def _line_up(self, run: Run, action: Admit | Attempt) -> Run | None:
        """It begins where there is room for what it does first: who waits for that is called, and
        holds nothing that others want."""
        now = self._clock.now()
        is_in = isinstance(action, Attempt)
        first = action if is_in else next_action(lifecycle.admit(run, now).state, now)
        place = self._find_place(first)
        async with self._slots.line_up(place, run.id, rank_of(run.plan)) as has_room:
            if has_room and isinstance(action, Attempt):
                return await self._execute_in_slot(run, action, partial(self._write, run, action))
            if has_room:
                return await self._begin(run, Admit())
        if is_in or now < run.queue_until:
            return None
        refusal = Refusal("limit", message("refusal.no-room"))
        return await self._write(run, action, lambda r, n: lifecycle.queue(r, refusal, n))

    async def _begin(
        self,
        run: Run,
        action: RequestApproval | AwaitApproval | RequestConsent | AwaitConsent | Admit,
    ) -> Run | None:
        """Nobody is asked, and nobody's silence counts, for trouble that is over."""
        is_asked = isinstance(action, AwaitApproval | AwaitConsent)
        is_over, stop, held = await self._hindrances.look_before_start(run, is_asked=is_asked)
        if is_over:
            return await self._write(run, action, lifecycle.end_cleared)
        if held is not None:
            return await self._queue(run, action, held)
        if isinstance(action, Admit):
            if stop is not None and stop.is_on:
                return await self._write(run, action, lambda r, n: lifecycle.hold(r, stop, n))
            return await self._admit(run, action)
        if isinstance(action, RequestConsent):
            return await self._ask_person(run, action)
        decide: Decide = approving.request_approval
        if isinstance(action, AwaitConsent):
            decide = consenting.await_consent
        elif isinstance(action, AwaitApproval):
            decide = approving.await_approval
        return await self._write(run, action, decide)

    async def _ask_person(self, run: Run, action: RequestConsent) -> Run | None:
        """Not again soon after a no, and not twice at once."""
        facets = {"target": run.target}
        listed = await self._collections.stored_runs.find_brief(
            facets, order="newest", limit=NEWEST
        )
        others = [item.state for item in listed if item.state is not None]
        return await self._write(run, action, lambda r, n: consenting.request_consent(r, others, n))

    async def _admit(self, run: Run, action: Admit) -> Run | None:
        asked_at = self._clock.now()
        refusal = await self._admissions.find_refusal(run)
        if refusal is not None:
            return await self._queue(run, action, lambda r, n: lifecycle.queue(r, refusal, n))
        let_in = lifecycle.admit(run, asked_at).state
        first = next_action(let_in, self._clock.now())
        if isinstance(first, Attempt):
            write = partial(self._let_in, run, first, asked_at)
            return await self._execute_in_slot(let_in, first, write)
        return await self._let_in(run, first, asked_at, lambda run, _: Decision(run))

    async def _queue(self, run: Run, action: NextAction, decide: Decide) -> Run | None:
        """It may not act now. One that leaves a line without its place calls the next one there;
        one that has ended does so when it lets go."""
        after = await self._write(run, action, decide)
        if run.line and after is not None and not after.has_ended and after.line != run.line:
            await self._admissions.call({run.line: 1})
        return after

    async def _let_in(
        self, run: Run, first: NextAction, asked_at: datetime, decide: Decide
    ) -> Run | None:
        """Its admission and what comes first in one write. Its clock starts with the question, as
        its hold on the target does; that is let go where the run has ended meanwhile."""

        def decide_first(run: Run, now: datetime) -> Decision[Run] | None:
            let_in = lifecycle.admit(run, asked_at).state
            return decide(let_in, now) if next_action(let_in, now) == first else None

        after = await self._write(run, Admit(), decide_first)
        if after is None or after.has_ended:
            await self._admissions.give_up(run)
        return after

    def _find_place(self, action: NextAction) -> str | None:
        """Where a call goes; None if that is nowhere in particular."""
        if not isinstance(action, Attempt):
            return None
        executor = self._executors.get(action.call.executor)
        slot = None if executor is None else executor.slot_of(action.call)
        return None if slot is None else f"{action.call.executor}/{slot}"

    async def _execute_in_slot(self, run: Run, attempt: Attempt, write: Write) -> Run | None:
        async with self._slots.enter(self._find_place(attempt), rank_of(run.plan)):
            return None if self._is_stopping else await self._ask_and_execute(run, attempt, write)

    async def _ask_and_execute(self, run: Run, attempt: Attempt, write: Write) -> Run | None:
        """What could stop an act is asked right before it, after any wait for its turn."""
        if attempt.kind != "act":
            return await self._execute(run, attempt, write)
        if run.open_act is not None or run.undoing is not None:
            stop = await self._hindrances.find_stop()
        else:
            is_over, stop, refusal = await self._hindrances.look_before_act(run)
            if is_over:
                return await write(lifecycle.end_cleared)
            if refusal is not None:
                back = await write(lambda r, now: withholding.step_back(r, refusal, now))
                if back is not None and back.withheld is not None:
                    await self._admissions.give_up(back)  # others may have its turn
                return back
        if stop is not None and stop.is_on:
            return await write(lambda r, n: lifecycle.hold(r, stop, n))
        return await self._execute(run, attempt, write)

    async def _execute(self, run: Run, attempt: Attempt, write: Write) -> Run | None:
        """Intent, effect, result: in this order, whatever happens in between."""
        executor = self._executors.get(attempt.call.executor)
        holder = journal.Holder(new_id(), self._concurrency.term)
        after = await write(lambda r, now: journal.record_intent(r, attempt, holder, now))
        if after is None or after.lease is None or after.lease.holder != holder.name:
            return after
        token = after.lease.token
        if executor is None:  # its package is not installed any more
            reason = message("answer.no-executor", executor=attempt.call.executor)
            answer: Answer | None = Answer(Result.REFUSED, reason, is_sent=False)
        else:
            attributes = {names.RUN: run.id, names.STEP: attempt.step}
            attributes |= {names.EXECUTOR: attempt.call.executor}
            name = f"{attempt.kind} {attempt.call.executor}"
            with self._telemetry.open_caused_span(
                name, run.trigger.traceparent, attributes
            ) as span:
                answer = await self._call(executor, run.id, attempt, token)
                if answer is not None and answer.result is not Result.OK:
                    span.set_attribute(names.ERROR_TYPE, answer.result.value)
        if answer is None:
            log.warning("run_taken_over", run=run.id, step=attempt.step, token=token)
            return None
        jitter = self._jitter()
        rule = run_rule(lambda r, now: journal.apply_answer(r, attempt, token, answer, now, jitter))
        # What was done must be known, however long the store is away.
        changed = await insist(lambda: self._collections.runs.change(run.id, rule), self._clock)
        return changed.state

    async def _call(
        self, executor: Executor, id: str, attempt: Attempt, token: int
    ) -> Answer | None:
        """The answer; while it takes long, the lease is renewed. None if the lease is lost."""
        call = CallUnderWay(attempt)

        async def may_send() -> bool:
            run, stop = await asyncio.gather(self._runs.find(id), self._hindrances.find_stop())
            if run is None or run.lease is None or run.lease.token != token:
                return False
            if attempt.kind == "act":
                call.withheld = stop.description if stop is not None and stop.is_on else None
                call.withheld = why_stopped(run) if run.cancelled_by else call.withheld
            call.may_have_left = call.withheld is None and run.has_live_lease(self._clock.now())
            return call.may_have_left

        calling = asyncio.create_task(executor.execute(attempt, id, token, may_send))
        loop, pause = asyncio.get_running_loop(), self._concurrency.term.total_seconds() / 3
        longest = attempt.call.timeout + self._concurrency.overtime
        ends = loop.time() + longest.total_seconds()
        try:
            while loop.time() < ends:
                await asyncio.wait({calling}, timeout=min(pause, ends - loop.time()))
                if calling.done():
                    return call.read_end(calling)
                if not await self._renew(id, token):
                    return None
            return call.leave()
        finally:
            calling.cancel()

    async def _renew(self, id: str, token: int) -> bool:
        term = self._concurrency.term
        try:
            changed = await self._collections.runs.change(
                id, run_rule(lambda r, now: journal.renew_lease(r, token, term, now))
            )
        except Transient:
            return True  # the store is away: the lease itself says how long we may go on
        run = changed.state
        return run is not None and run.lease is not None and run.lease.token == token

    async def _verify(self, run: Run, action: Judge | Review) -> Run | None:
        """Compare what was measured since the act with what the runbook expects. A run under way
        first makes its window's end known to whoever reads the device's partition."""
        subject = await self._subjects.find(run.trigger.subject)
        watch = None if subject is None else subject.watch_of(run.id)
        if isinstance(action, Review):
            return await self._write(
                run, action, lambda r, now: verdict.review(r, watch, is_well(r), now)
            )
        until = verdict.window_end(run, () if watch is None else watch.samples)
        if watch is not None and until is not None and watch.until != until:
            changed = await self._collections.subjects.change(
                run.trigger.subject, subject_rule(lambda s, _: set_window(s, run.id, until))
            )
            watch = None if changed.state is None else changed.state.watch_of(run.id)
        if verdict.compare(run, watch, is_well(run), self._clock.now()) is None:
            return None  # nothing to write: whoever changes the run makes it due
        after = await self._write(
            run, action, lambda r, now: verdict.compare(r, watch, is_well(r), now)
        )
        return after if after is not None and after.has_ended else None

"""What a run asks before it may act, and lets go of at its end: target, limits, the global stop.

Each is a document of its own and one atomic write, harmless to repeat because the run's id is in
it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from desk_charter.runbook_brakes import Mode
from desk_contracts.message import message
from desk_kernel import Context, Decision
from desk_platform.clock import Clock
from desk_platform.kafka import CommandQueue
from desk_platform.kafka.unit_of_work import Rule
from desk_platform.store import Documents

from desk_automation.actions.redaction import redact_message
from desk_automation.recurrence.debts import Cause, add_fix, debt_id
from desk_automation.recurrence.decide import add_cure, add_trouble
from desk_automation.recurrence.model import Cure, Debt, Fix, TargetHistory, Trouble
from desk_automation.recurrence.store import history_rule
from desk_automation.rollouts.model import RolloutState
from desk_automation.runs import lifecycle, verdict
from desk_automation.runs.comparison import result_of
from desk_automation.runs.model import Phase, Run
from desk_automation.runs.store import run_rule
from desk_automation.runs.worker.places import Places
from desk_automation.runs.worker.restraints import RestraintRecords
from desk_automation.runs.worker.scopes import Scopes
from desk_automation.safety import statistics, target
from desk_automation.safety.breaker import Counted, breaker_rule
from desk_automation.safety.global_stop import GlobalStop
from desk_automation.safety.model import Refusal
from desk_automation.safety.statistics import RunbookStatistics, RunResult
from desk_automation.safety.target import AdmissionRequest, Target
from desk_automation.safety.withheld import admit_or_withhold, count_withheld, find_withholding
from desk_automation.scopes.model import Scope
from desk_automation.verification.decide import keep_watch, unwatch
from desk_automation.verification.model import Subject
from desk_automation.verification.store import subject_rule

# Whether that version of a runbook still has the mode to which people promoted it.
IsPromoted = Callable[[str, str, Mode], Awaitable[bool]]
# So many more of a line are looked at, for the case that some cannot be read.
_SPARE = 10


@dataclass(frozen=True, slots=True)
class Collections:
    """The collections: changed by rules, read as they are in the store."""

    runs: CommandQueue[Run]
    targets: CommandQueue[Target]
    statistics: CommandQueue[RunbookStatistics]
    rollouts: CommandQueue[RolloutState]
    subjects: CommandQueue[Subject]
    histories: CommandQueue[TargetHistory]
    scopes: CommandQueue[Scope]
    debts: CommandQueue[Debt]
    stored_runs: Documents[Run]
    stored_subjects: Documents[Subject]
    stored_histories: Documents[TargetHistory]
    stored_stops: Documents[GlobalStop]
    restraints: RestraintRecords
    is_promoted: IsPromoted


class Admissions:
    """Asks for a run, and lets go for it."""

    def __init__(self, collections: Collections, clock: Clock) -> None:
        self._collections, self._clock = collections, clock
        self._places = Places(collections.rollouts)
        self._scopes = Scopes(collections.scopes, collections.restraints.services)

    async def find_refusal(self, run: Run) -> Refusal | None:
        """The runbook's ring first, since most wait there, then the target, then the limits of its
        scopes and of the runbook; a run that one of them refuses holds none."""
        now, plan = self._clock.now(), run.plan
        is_promoted = self._collections.is_promoted
        if plan.is_promoted and not await is_promoted(plan.runbook, plan.version, plan.mode):
            return Refusal("demoted", message("refusal.demoted"))
        refusal = await self._places.find_refusal(run, now)
        if refusal is not None:
            return refusal
        refusal = await self._ask_target(run, now)
        if refusal is not None:
            await self._places.give_back(run, now)
            return refusal
        until = now + plan.budget + 2 * lifecycle.GRACE
        refusal = await self._scopes.find_refusal(run, until, now)
        if refusal is not None:
            await self.give_up(run)
            return refusal
        bounds = run.plan.bounds
        counted = await self._collections.statistics.change(
            run.plan.runbook,
            breaker_rule(
                lambda state, _: admit_or_withhold(state, run.id, run.cause, bounds, now),
                describe_counted(run),
            ),
        )
        counts = counted.state or RunbookStatistics()
        refusal = find_withholding(counts, run.id, run.cause, bounds, now)
        if refusal is not None:
            await self.give_up(run)
        return refusal

    async def _ask_target(self, run: Run, now: datetime) -> Refusal | None:
        bounds, place = run.plan.bounds, line_of_target(run)
        until = now + run.plan.budget + 2 * lifecycle.GRACE
        number = run.queue_number if run.line == place else 0
        ask = AdmissionRequest(
            run.id, run.plan.runbook, bounds.cooldown, bounds.per_day, until, number
        )
        locked = await self._collections.targets.change(
            run.target, _target_rule(lambda state: target.admit(state, ask, now))
        )
        refusal = target.find_refusal(locked.state or Target(), ask, now)
        return None if refusal is None else replace(refusal, place=place)

    async def settle(self, run: Run) -> None:
        """Let go of watch, ring and target, count the outcome, wake the runs that wait for the
        target."""
        now = self._clock.now()
        measured = verdict.measure_until(run) if run.may_be_corrected else None

        def let_go(subject: Subject | None, now: Any) -> Subject | None:
            if measured is None:
                return unwatch(subject, run.id)
            return keep_watch(subject, run.id, measured, now)

        def count(state: RunbookStatistics | None, _now: datetime) -> RunbookStatistics | None:
            outcome = RunResult(run.outcome, run.target, run.has_sent, run.arm, result_of(run))
            if run.corrects is not None:
                bounds = run.plan.bounds
                return statistics.correct(state, run.id, run.corrects, outcome, bounds)
            after = statistics.count_outcome(state, run.id, outcome, run.plan.bounds, now)
            if after is None or run.breaker_since is None or run.phase is not Phase.SKIPPED:
                return after
            return count_withheld(after, run.target, run.breaker_since)

        await self._collections.subjects.change(run.trigger.subject, subject_rule(let_go))
        rule = breaker_rule(count, describe_counted(run))
        await self._collections.statistics.change(run.plan.runbook, rule)
        await self._places.record_end(run, now)
        if run.phase is Phase.HEALED and not run.trigger.request:
            await self._watch_cure(run)
            await self._count_fix(run)
        is_void = run.phase in {Phase.SKIPPED, Phase.CANCELLED}
        free = await self._release(run, is_void=is_void)
        await self.call({**free, **await self._scopes.record_end(run, now)})

    async def call(self, free: Mapping[str, int]) -> None:
        """So many of those in each line: the most urgent, and of equals each runbook in its turn.
        Who is called and does not take the place calls the next one; who cannot be read is left
        out."""
        for line, count in free.items():
            if not count:
                continue
            listed = await self._collections.stored_runs.find_brief(
                {"line": line}, order="queue_number", limit=count + _SPARE
            )
            for item in [each for each in listed if each.state is not None][:count]:
                await self._collections.runs.change(item.id, run_rule(lifecycle.reschedule))

    async def give_up(self, run: Run) -> None:
        """Let go of all: the run did not come to act."""
        now = self._clock.now()
        free = await self._release(run, is_void=True)
        await self._places.give_back(run, now)
        await self.call({**free, **await self._scopes.give_back(run, now)})

    async def _watch_cure(self, run: Run) -> None:
        """From now on it is seen whether the trouble comes back. What a ticket asked for is none,
        and what a person asked for has no name."""
        trigger, runbook = run.trigger, run.plan.runbook
        signal = "" if trigger.requested_by else trigger.signal
        trouble = Trouble(
            episode=trigger.episode, at=trigger.at, signal=signal, runbooks=(runbook,)
        )
        cure = Cure(
            run=run.id,
            runbook=runbook,
            episode=trigger.episode,
            at=run.ended_at or self._clock.now(),
            signal=signal,
        )

        def add(history: TargetHistory | None, _now: datetime) -> TargetHistory | None:
            begun = add_trouble(history, trouble)
            return add_cure(begun or history, cure) or begun

        await self._collections.histories.change(run.target, history_rule(add))

    async def _count_fix(self, run: Run) -> None:
        """One cure more of its target, where that is declared, and of its cause."""
        plan, at = run.plan, run.ended_at or self._clock.now()
        cause = Cause(plan.runbook, plan.title, run.trigger.service, plan.debt)
        fix = Fix(run=run.id, target=run.target, at=at)

        def add(*, is_of_target: bool) -> Rule[Debt]:
            return lambda debt, context: add_fix(
                debt, fix, cause, context.now, is_of_target=is_of_target
            )

        debts = self._collections.debts
        if plan.debt is not None and plan.debt.per_target is not None:
            await debts.change(debt_id(plan.runbook, run.target), add(is_of_target=True))
        await debts.change(debt_id(plan.runbook), add(is_of_target=False))

    async def _release(self, run: Run, *, is_void: bool) -> dict[str, int]:
        """Let go of the target; returns how many may be called in its line."""
        released = await self._collections.targets.change(
            run.target, _target_rule(lambda state: target.release(state, run.id, is_void=is_void))
        )
        has_line = released.state is not None and released.state.queue_numbers.is_used
        return {line_of_target(run): int(has_line)}


def line_of_target(run: Run) -> str:
    """Where runs stand that wait for its target."""
    return f"target/{run.target}"


def describe_counted(run: Run) -> Counted:
    """What the run brings to the breaker of its runbook."""
    plan, evidence = run.plan, None if run.reason is None else redact_message(run.reason)
    is_relapse = run.relapse is not None
    return Counted(
        run.id,
        plan.version,
        plan.title,
        plan.team,
        plan.bounds,
        run.cause,
        evidence,
        is_relapse=is_relapse,
    )


def _target_rule(decide: Callable[[Target | None], Target | None]) -> Rule[Target]:
    """The document stays due while somebody has taken the target and its runs are not stopped."""

    def rule(state: Target | None, context: Context) -> Decision[Target] | None:
        after = decide(state)
        if after is None:
            return None
        return Decision(after, due=context.now if after.takings else None)

    return rule

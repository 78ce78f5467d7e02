"""Takes back the cures of runs whose trouble is back; what is to be told is durable before."""

from collections.abc import Iterable
from datetime import datetime

from desk_contracts.errors import DependencyDown
from desk_platform.clock import Clock
from desk_platform.kafka.retry import attempt_async
from desk_platform.kafka.timers import Report
from desk_platform.kafka.unit_of_work import WorkItem

from desk_automation.recurrence.decide import clear_relapses
from desk_automation.recurrence.model import Relapse, TargetHistory
from desk_automation.recurrence.store import GIVE_UP, LOOK_AGAIN, history_rule
from desk_automation.runs import lifecycle
from desk_automation.runs.store import run_rule
from desk_automation.runs.worker.admission import Collections, describe_counted
from desk_automation.safety import statistics
from desk_automation.safety.breaker import breaker_rule
from desk_automation.safety.statistics import RunbookStatistics, RunResult


class Relapses:
    """Timers of histories fire into it at once. A crash tells a run twice, which changes nothing,
    and never not at all."""

    def __init__(self, collections: Collections, clock: Clock) -> None:
        self._collections, self._clock = collections, clock

    async def on_timer(self, ids: Iterable[str], report: Report) -> None:
        """Each run, then the record of its runbook, then what is told is cleared."""
        histories = await self._collections.stored_histories.load(ids)
        for id, stored in histories.items():
            if stored.state is not None:
                error = await attempt_async(self._tell(id, stored.state.relapses))
                if isinstance(error, DependencyDown):
                    raise error
                if error is not None:  # one that fails holds no other up
                    await report([(WorkItem(id, lambda _state, _context: None), error)])

    async def _tell(self, target: str, relapses: tuple[Relapse, ...]) -> None:
        done = [item for item in relapses if await self._take_back(item)]

        def clear(history: TargetHistory | None, _now: datetime) -> TargetHistory | None:
            return clear_relapses(history, done) or history

        await self._collections.histories.change(target, history_rule(clear, pause=LOOK_AGAIN))

    async def _take_back(self, relapse: Relapse) -> bool:
        """Whether it is told, or nobody is there to be told."""
        changed = await self._collections.runs.change(
            relapse.run, run_rule(lambda run, now: lifecycle.take_back(run, relapse, now))
        )
        run = changed.state
        if run is None:
            return relapse.at + GIVE_UP < self._clock.now()
        # What a device did by itself is in no record of a runbook.
        if run.relapse is not None and not run.is_by_device:
            bounds = run.plan.bounds

            def take(counts: RunbookStatistics | None, now: datetime) -> RunbookStatistics | None:
                ended = RunResult(run.outcome, run.target, run.has_sent, run.arm)
                return statistics.take_back(counts, run.id, ended, bounds, now)

            rule = breaker_rule(take, describe_counted(run))
            await self._collections.statistics.change(run.plan.runbook, rule)
        return True

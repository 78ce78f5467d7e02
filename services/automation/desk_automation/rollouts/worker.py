"""Opens rings in time, and tells the runs that are called that they have a place."""

from collections.abc import Awaitable, Callable, Iterable

from desk_contracts.errors import DependencyDown
from desk_platform.kafka import CommandQueue
from desk_platform.kafka.retry import attempt_async
from desk_platform.kafka.timers import Report
from desk_platform.kafka.unit_of_work import WorkItem
from desk_platform.telemetry import get_logger

from desk_automation.rollouts.decide import advance, list_called, mark_rescheduled
from desk_automation.rollouts.model import RolloutState
from desk_automation.rollouts.store import rollout_rule

log = get_logger()


class RingOpener:
    """Timers of rollouts fire into it, on any replica: each change is one write, and the same."""

    def __init__(
        self,
        rollouts: CommandQueue[RolloutState],
        reschedule: Callable[[str], Awaitable[object]],
    ) -> None:
        self._rollouts, self._reschedule = rollouts, reschedule

    async def on_timer(self, ids: Iterable[str], report: Report) -> None:
        """One runbook that fails holds no other up."""
        for id in ids:
            error = await attempt_async(self._advance(id))
            if isinstance(error, DependencyDown):
                raise error
            if error is not None:
                await report([(WorkItem(id, lambda _state, _context: None), error)])

    async def _advance(self, id: str) -> None:
        """Called runs are set off before that is noted: a crash sets them off twice, never not. One
        that cannot be read loses its place by time, and holds no other up."""
        changed = await self._rollouts.change(
            id, rollout_rule(lambda state, now: None if state is None else advance(state, now))
        )
        called = () if changed.state is None else list_called(changed.state)
        for run in called:
            error = await attempt_async(self._reschedule(run))
            if isinstance(error, DependencyDown):
                raise error
            if error is not None:
                log.warning("called_run_not_set_off", runbook=id, run=run, reason=str(error))
        if called:
            await self._rollouts.change(
                id, rollout_rule(lambda state, _: mark_rescheduled(state, called))
            )

"""Starts the runs of matches. Timers fire into it, once all that could speak against is read."""

from collections.abc import Iterable
from datetime import datetime

from desk_contracts.errors import DependencyDown
from desk_kernel import Context, Decision
from desk_kernel.retention import is_forgotten
from desk_platform.clock import Clock
from desk_platform.kafka import CommandQueue
from desk_platform.kafka.retry import attempt_async
from desk_platform.kafka.timers import Report
from desk_platform.kafka.unit_of_work import WorkItem
from desk_platform.telemetry import get_logger

from desk_automation.matching.decide import RunPolicy, start_run
from desk_automation.pattern_windows.decide import let_time_pass
from desk_automation.pattern_windows.store import Look, window_rule
from desk_automation.patterns.decide import clear_matches
from desk_automation.patterns.model import Match, SubjectWindows
from desk_automation.patterns.rules import match_run_id, restore
from desk_automation.runs.model import Run

log = get_logger()


class MatchStarter:
    """Each match is started before it is cleared: a crash starts it twice, never not at all, and
    the second time the run is there already."""

    def __init__(
        self,
        windows: CommandQueue[SubjectWindows],
        runs: CommandQueue[Run],
        look: Look,
        policy: RunPolicy,
        clock: Clock,
    ) -> None:
        self._windows, self._runs = windows, runs
        self._look, self._policy, self._clock = look, policy, clock

    async def on_timer(
        self, ids: Iterable[str], report: Report, until: datetime | None = None
    ) -> None:
        """All that was published before `until` is read. One subject that fails holds no other
        up."""
        for id in ids:
            error = await attempt_async(self._look_after(id, until or self._clock.now()))
            if isinstance(error, DependencyDown):
                raise error
            if error is not None:
                await report([(WorkItem(id, lambda _state, _context: None), error)])

    async def _look_after(self, subject: str, until: datetime) -> None:
        rules = {rule.runbook: rule for rule in self._look().patterns}
        changed = await self._windows.change(
            subject,
            window_rule(self._look, lambda windows, _now: let_time_pass(windows, rules, until)),
        )
        windows = () if changed.state is None else changed.state.windows
        started = []
        for window in windows:
            for match in window.matches:
                await self._start(subject, window.runbook, match)
                started.append((window.runbook, match.first))
        if started:
            await self._windows.change(
                subject,
                window_rule(self._look, lambda windows, _now: clear_matches(windows, started)),
            )

    async def _start(self, subject: str, id: str, match: Match) -> None:
        rulebook = self._look()
        runbook = rulebook.find(id)
        if runbook is None:
            log.warning("match_without_runbook", runbook=id, subject=subject)
            return
        run, owner = match_run_id(subject, id, match), rulebook.owner_of(runbook)
        event = restore(match, subject)

        def start(state: Run | None, context: Context) -> Decision[Run] | None:
            if state is not None:
                return None
            if is_forgotten(match.at, context.now):
                log.warning("run_not_started", run=run, why="its match is too old", subject=subject)
                return None
            decided = start_run(
                runbook, event, owner, self._policy, context.now, id=run, matched_at=match.at
            )
            return decided._replace(due=decided.state.timer_at)

        await self._runs.change(run, start)

"""A person who works on a device has it: the runs on it stop before their next step."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import product

from desk_contracts.errors import Rejected
from desk_kernel import Context, Decision
from desk_platform.kafka import CommandQueue
from desk_platform.kafka.timers import Report
from desk_platform.store import Documents

from desk_automation.runs import lifecycle
from desk_automation.runs.model import Run
from desk_automation.runs.store import run_rule
from desk_automation.safety.target import Taking, Target, clear_takings

# One run acts on a target and each runbook has at most one that waits: all are among the newest.
_NEWEST = 200
# A run that began after the person did is another matter, so a log that is read again stops nothing
# of today. Clocks of two machines may differ by so much.
_BETWEEN_CLOCKS = timedelta(seconds=5)


class Takeover:
    """Timers of targets fire into it at once: a taking is durable before any run is stopped."""

    def __init__(
        self,
        targets: CommandQueue[Target],
        stored_targets: Documents[Target],
        runs: CommandQueue[Run],
        stored_runs: Documents[Run],
    ) -> None:
        self._targets, self._stored_targets = targets, stored_targets
        self._runs, self._stored_runs = runs, stored_runs

    async def on_timer(self, ids: Iterable[str], _report: Report) -> None:
        """Stop what runs or waits on these targets, then forget why: a crash stops it again."""
        for id, stored in (await self._stored_targets.load(ids)).items():
            takings = () if stored.state is None else stored.state.takings
            listed = await self._stored_runs.find_brief(
                {"target": id}, order="newest", limit=_NEWEST
            )
            runs = [item.state for item in listed if item.state and not item.state.has_ended]
            for run, taking in product(runs, takings):
                if run.created_at <= taking.at + _BETWEEN_CLOCKS:
                    await self._stop(run.id, taking)
            await self._clear(id, takings)

    async def _stop(self, run: str, taking: Taking) -> None:
        brake = lifecycle.Brake(taking.by, is_taken=True, ticket=taking.ticket)
        try:
            await self._runs.change(
                run, run_rule(lambda state, now: lifecycle.brake(state, brake, now))
            )
        except Rejected:  # it ended meanwhile
            return

    async def _clear(self, target: str, takings: tuple[Taking, ...]) -> None:
        def rule(state: Target | None, context: Context) -> Decision[Target] | None:
            after = clear_takings(state, takings)
            if after is None:
                return None
            return Decision(after, due=context.now if after.takings else None)

        await self._targets.change(target, rule)

"""People of a simulation: they vote on plans, and let a runbook act in its next mode.

What they decide goes through the service's own rules, which may refuse it.
"""

from collections.abc import Awaitable
from datetime import datetime

from desk_automation.promotion.decide import Version, promote, promotion_id
from desk_automation.promotion.model import PromotionState
from desk_automation.runs.approving import record_vote
from desk_automation.runs.model import Phase, Run
from desk_automation.runs.plan import version_of
from desk_automation.runs.store import RUNS, run_rule
from desk_automation.safety.approval import Vote
from desk_charter import Charter
from desk_charter.runbook_brakes import Mode
from desk_charter.runbook_checks import RUNBOOKS
from desk_contracts.errors import Rejected
from desk_kernel import Context, Decision

from desk_runbooks.simulated_desk import SimulatedDesk

# Neither asked for the run: what one began, another approves.
_APPROVER, _OPERATOR = "approver", "operator"


class SimulatedPeople:
    """They look at what waits for them at the moment at which a scenario lets them act."""

    def __init__(self, desk: SimulatedDesk, charter: Charter) -> None:
        self._desk, self._charter = desk, charter

    async def vote(self, target: str, *, is_approved: bool) -> str:
        """On the plan that waits for it there; what came of it."""
        listed = await self._desk.documents(RUNS).find({"target": target}, order="newest")
        waiting = [item.state for item in listed if item.state is not None]
        waiting = [run for run in waiting if run.phase is Phase.AWAITING_APPROVAL]
        if not waiting:
            return "nothing waits for it"
        run = waiting[0]
        vote = Vote(by=_APPROVER, is_approved=is_approved, at=self._desk.clock.now())

        def decide(state: Run, now: datetime) -> Decision[Run] | None:
            return record_vote(state, vote, run.plan.hash, now)

        return await _tell(self._desk.change("runs", run.id, run_rule(decide)))

    async def promote(self, id: str, mode: Mode) -> str:
        """The runbook, as a person does who was asked; what came of it."""
        runbook = next(item for item in self._charter.of(RUNBOOKS) if item.id == id)
        version = Version(version_of(runbook), runbook)

        def rule(state: PromotionState | None, context: Context) -> Decision[PromotionState]:
            return promote(state, version, mode, _OPERATOR, "It helps.", context.now)

        return await _tell(self._desk.change("promotions", promotion_id(id, version.hash), rule))


async def _tell(change: Awaitable[object]) -> str:
    try:
        await change
    except Rejected as refused:
        return f"refused: {refused.kind}"
    return "done"

"""A run's place in its runbook's ring: asked for before it starts, given back or ended after."""

from datetime import datetime

from desk_contracts.events.automation import Outcome
from desk_platform.kafka import CommandQueue

from desk_automation.rollouts.decide import (
    RingRequest,
    correct_place,
    end_place,
    find_refusal,
    request_place,
)
from desk_automation.rollouts.model import RolloutState
from desk_automation.rollouts.store import Change, rollout_rule
from desk_automation.runs import lifecycle
from desk_automation.runs.model import Run
from desk_automation.safety.model import Refusal
from desk_automation.verification.sample import LONGEST_BEHIND


class Places:
    """Nothing is asked or written for runbooks that have neither rings nor a fleet guard."""

    def __init__(self, rollouts: CommandQueue[RolloutState]) -> None:
        self._rollouts = rollouts

    async def find_refusal(self, run: Run, now: datetime) -> Refusal | None:
        """Why the run may not start; None once it has its place, or needs none."""
        ask = _make_request(run, now)
        state = await self._change(run, lambda state, now: request_place(state, ask, now))
        return None if state is None else find_refusal(state, ask, now)

    async def give_back(self, run: Run, now: datetime) -> None:
        """It did not come to act."""
        ask = _make_request(run, now)
        await self._change(run, lambda state, now: end_place(state, ask, now, is_healed=None))

    async def record_end(self, run: Run, now: datetime) -> None:
        """The verdict; none where nothing was sent, since that says nothing of the cure."""
        ask = _make_request(run, now)
        if run.corrects is not None:
            await self._change(run, lambda state, now: correct_place(state, ask, now))
            return
        is_healed = run.outcome is Outcome.HEALED if run.has_sent else None
        await self._change(run, lambda state, now: end_place(state, ask, now, is_healed=is_healed))

    async def _change(self, run: Run, change: Change) -> RolloutState | None:
        if not run.plan.waits_for_runbook:
            return None
        changed = await self._rollouts.change(run.plan.runbook, rollout_rule(change))
        return changed.state or RolloutState()


def _make_request(run: Run, now: datetime) -> RingRequest:
    """`until` leaves time for a verdict that comes as late as a slow clock lets it."""
    return RingRequest(
        run=run.id,
        target=run.target,
        version=run.plan.version,
        matched_at=run.created_at,
        until=now + run.plan.budget + 2 * lifecycle.GRACE + LONGEST_BEHIND,
        rules=run.plan.rollout,
        title=run.plan.title,
        team=run.plan.team,
    )

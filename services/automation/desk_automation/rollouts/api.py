"""Rings and stops of runbooks over HTTP: where they stand, and how one goes on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from desk_charter import Charter, CharterSource
from desk_charter.runbook_checks import RUNBOOKS
from desk_charter.runbooks import Runbook
from desk_contracts.errors import Forbidden, NotFound, Rejected
from desk_contracts.frozen import Frozen, example
from desk_contracts.message import Message, message
from desk_kernel import Context, Decision
from desk_kernel.sight import Sight
from desk_platform.clock import Clock
from desk_platform.http import (
    IdempotentCall,
    Principal,
    RequestModel,
    Role,
    require,
    require_key,
    sight,
)
from desk_platform.http.language import sentence
from desk_platform.kafka import CommandQueue
from desk_platform.kafka.unit_of_work import Cause
from fastapi import APIRouter, Depends, Request
from pydantic import Field

from desk_automation.rollouts.decide import describe_ring, describe_stop, resume
from desk_automation.rollouts.fleet import count_recent
from desk_automation.rollouts.model import RolloutState
from desk_automation.rollouts.store import rollout_rule

_may_resume = require(Role.MEMBER, Role.OPERATOR)


class RolloutView(Frozen):
    """How far a runbook's rings are, and whether it starts anything."""

    ring: int
    """The ring that is open; 0 where no run asked yet, or there are no rings."""
    size: int
    """How many targets it has place for."""
    healed: int
    """How many of them are verified as healed."""
    failed: int
    """How many are not, or not known to be."""
    under_way: int
    """How many have no verdict yet."""
    needed: int
    """How many must be healed before the next ring opens."""
    held_until: datetime | None
    """Until when its cures must last; none while a place is free or has no verdict."""
    waiting: int
    """How many runs wait for a ring, or for the runbook to go on; at 1000 perhaps more."""
    faults: int | None
    """How many targets showed the fault within the time of the fleet guard; null without one, since
    nobody counts then."""
    stopped_since: datetime | None
    """Since when the runbook starts nothing; none where it is not stopped."""
    targets: tuple[str, ...]
    """What the stop is about: on these it did not help, or they all show the same."""
    status: str
    """The same as a sentence."""


class Resumption(RequestModel):
    """Why somebody lets a runbook go on."""

    model_config = example(reason="The update that filled the disks is taken back.")

    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    """Read by whoever wonders why it acts again."""


@dataclass(frozen=True, slots=True)
class RolloutApi:
    """What the routes need."""

    charter: CharterSource
    rollouts: CommandQueue[RolloutState]
    clock: Clock


def rollout_router(api: RolloutApi) -> APIRouter:
    """The route by which a runbook goes on."""
    router = APIRouter(prefix="/v1", tags=["runbooks"])

    @router.post("/runbooks/{runbook}/resume", summary="Let a stopped runbook go on")
    async def resume_runbook(
        request: Request,
        runbook: str,
        body: Resumption,
        caller: Annotated[Principal, Depends(_may_resume)],
        call: Annotated[IdempotentCall, Depends(require_key)],
    ) -> RolloutView:
        """For members of its team and operators. It begins with the first ring again; runs that
        waited go on. 409 where it is not stopped."""
        seen = sight(request, caller)
        chosen = find_runbook(api.charter.current, runbook, caller, seen)

        def rule(state: RolloutState | None, context: Context) -> Decision[RolloutState] | None:
            if state is None or state.stop is None:
                raise Rejected(message("rollout.not-stopped", runbook=runbook), code="not-stopped")
            change = rollout_rule(lambda s, now: s and resume(s, now), caller.subject, body.reason)
            return change(state, context)

        cause = Cause(call.seed, content=call.fingerprint)
        changed = await api.rollouts.change(runbook, rule, cause)
        return _view_rollout(chosen, changed.state or RolloutState(), api.clock.now())

    return router


def show_rollout(runbook: Runbook, state: RolloutState, now: datetime) -> RolloutView | None:
    """Where the runbook stands; None where it has neither rings nor a fleet guard."""
    if runbook.rollout is None and runbook.fleet_guard is None:
        return None
    return _view_rollout(runbook, state, now)


def _view_rollout(runbook: Runbook, state: RolloutState, now: datetime) -> RolloutView:
    ring, stop = state.ring, state.stop
    has_ring = runbook.rollout is not None and ring.rules is not None
    guard = runbook.fleet_guard
    return RolloutView(
        ring=ring.number if has_ring else 0,
        size=ring.size if has_ring else 0,
        healed=ring.healed,
        failed=ring.failed,
        under_way=ring.under_way,
        needed=ring.needed if has_ring else 0,
        held_until=ring.held_until,
        waiting=len(state.waiting),
        faults=None if guard is None else count_recent(state, guard.within, now),
        stopped_since=None if stop is None else stop.at,
        targets=() if stop is None else stop.targets,
        status=sentence(describe_rollout(state)),
    )


def describe_rollout(state: RolloutState) -> Message:
    """Whether it starts anything, and what the next ring waits for."""
    ring = state.ring
    if state.stop is not None:
        return describe_stop(state.stop, state)
    if ring.rules is None:
        return message("rollout.not-begun")
    if ring.held_until is not None:
        return message(
            "rollout.held",
            ring=ring.number,
            size=ring.size,
            until=ring.held_until,
            count=len(state.waiting),
        )
    return describe_ring(state)


def find_runbook(charter: Charter, id: str, caller: Principal, seen: Sight) -> Runbook:
    """The runbook, for somebody who may start it and let it go on: of its team, or an operator."""
    runbook = next((item for item in charter.of(RUNBOOKS) if item.id == id), None)
    if runbook is None or seen.hides(team=runbook.owner_team):
        raise no_runbook(id)
    if Role.OPERATOR not in caller.roles and caller.team != runbook.owner_team:
        team = runbook.owner_team
        raise Forbidden(message("request.not-yours", team=team), team=team)
    return runbook


def no_runbook(id: str) -> NotFound:
    """There is no such runbook, or not for this caller."""
    return NotFound(message("request.no-runbook", runbook=id), runbook=id)

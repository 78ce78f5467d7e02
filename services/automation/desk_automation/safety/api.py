"""The brake for everything: an operator stops all acting and lets it go on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from desk_contracts.frozen import Frozen, example
from desk_kernel import Context, Decision
from desk_platform.http import (
    STAFF,
    IdempotentCall,
    Principal,
    RequestModel,
    Role,
    require,
    require_key,
)
from desk_platform.http.language import sentence
from desk_platform.kafka import CommandQueue
from desk_platform.kafka.unit_of_work import Cause
from desk_platform.store import Documents
from fastapi import APIRouter, Depends
from pydantic import Field

from desk_automation.safety.global_stop import EVERYTHING, GlobalStop, resume_all, stop_all

_may_see = require(*STAFF)
_may_stop = require(Role.OPERATOR)
Operator = Annotated[Principal, Depends(_may_stop)]
Call = Annotated[IdempotentCall, Depends(require_key)]
Decide = Callable[[GlobalStop | None, str, str, datetime], Decision[GlobalStop]]


class Reason(RequestModel):
    """Why somebody stops everything, or lets it go on."""

    model_config = example(reason="The network is being rebuilt tonight.")

    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    """Read by whoever wonders why nothing is repaired."""


class StopView(Frozen):
    """Whether all acting is stopped."""

    is_stopped: bool
    """Whether nothing acts now, on any replica."""
    by: str
    """Who holds the stop."""
    since: datetime | None
    """Since when."""
    reason: str
    """Why."""
    status: str
    """The same as a sentence; empty where nothing is stopped."""


@dataclass(frozen=True, slots=True)
class StopApi:
    """What the routes need."""

    stops: CommandQueue[GlobalStop]
    stored: Documents[GlobalStop]


def stop_router(api: StopApi) -> APIRouter:
    """The routes of the stop of all acting."""
    router = APIRouter(prefix="/v1", tags=["stop"])

    @router.get("/stop", summary="Whether all acting is stopped, and who holds it")
    async def read_stop(_caller: Annotated[Principal, Depends(_may_see)]) -> StopView:
        """Read from the store, so it is true for every replica."""
        stored = (await api.stored.load([EVERYTHING])).get(EVERYTHING)
        return _show(None if stored is None else stored.state)

    @router.post("/stop", summary="Stop all acting")
    async def stop_everything(body: Reason, caller: Operator, call: Call) -> StopView:
        """No act begins on any replica once this is answered; a call that is under way is not torn
        off. Runs wait, and people get those whose time runs out."""
        return await _change(api, body, caller, call, stop_all)

    @router.post("/resume", summary="Let acting go on")
    async def resume_everything(body: Reason, caller: Operator, call: Call) -> StopView:
        """Runs that waited go on within 15 seconds; their guards are asked again."""
        return await _change(api, body, caller, call, resume_all)

    return router


async def _change(
    api: StopApi, body: Reason, caller: Principal, call: IdempotentCall, decide: Decide
) -> StopView:
    def rule(state: GlobalStop | None, context: Context) -> Decision[GlobalStop]:
        return decide(state, caller.subject, body.reason, context.now)

    cause = Cause(call.seed, content=call.fingerprint)
    changed = await api.stops.change(EVERYTHING, rule, cause)
    return _show(changed.state)


def _show(state: GlobalStop | None) -> StopView:
    held = state or GlobalStop()
    return StopView(
        is_stopped=held.is_on,
        by=held.by,
        since=held.since,
        reason=held.reason,
        status=sentence(held.description) if held.is_on else "",
    )

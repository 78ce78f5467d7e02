"""Promotion over HTTP: what the evidence says, and what people decide."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from desk_charter import CharterSource
from desk_charter.runbook_brakes import Mode
from desk_charter.runbooks import Runbook
from desk_contracts.errors import Rejected
from desk_contracts.events.promotions import PromotionEvidence
from desk_contracts.frozen import Frozen, example
from desk_contracts.message import message
from desk_kernel import Context, Decision
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
from desk_platform.kafka.unit_of_work import Cause, Rule
from fastapi import APIRouter, Depends, Request
from pydantic import Field

from desk_automation.promotion.decide import (
    Version,
    check_next,
    demote,
    promote,
    promotion_id,
)
from desk_automation.promotion.model import PromotionState, find_mode, find_next
from desk_automation.rollouts.api import find_runbook
from desk_automation.runs.plan import version_of

_may_decide = require(Role.MEMBER, Role.OPERATOR)
Decider = Annotated[Principal, Depends(_may_decide)]
Call = Annotated[IdempotentCall, Depends(require_key)]
Why = Annotated[str, Field(min_length=1, max_length=2000)]


class RequirementView(Frozen):
    """What the next mode asks for, as it stands."""

    code: str
    """What it is about."""
    is_met: bool
    """Whether the evidence is enough."""
    text: str
    """The same as a sentence, with the numbers."""


class PromotionView(Frozen):
    """In which mode this version of a runbook acts, and what the evidence says of the next."""

    mode: Mode
    """The mode in force."""
    charter_mode: Mode
    """The mode of the charter, which an edited runbook begins with."""
    ceiling: Mode
    """The highest to which it may be promoted."""
    next: Mode | None
    """The next mode; null at the ceiling."""
    is_ready: bool
    """Whether the evidence speaks for the next mode; a person decides."""
    promoted_by: str
    """Who promoted it; empty where it has its charter's mode."""
    since: datetime | None
    """Evidence counts since then: it was promoted or demoted, or something bad was seen."""
    fault: str
    """What was bad then, as a sentence; empty where nothing was."""
    evidence: PromotionEvidence
    """What the events since then say."""
    requirements: tuple[RequirementView, ...]
    """What the next mode asks for."""


class PromotionOrder(RequestModel):
    """The next mode, and why."""

    model_config = example(mode="auto", reason="It healed 40 of 40 laptops in a month.")

    mode: Mode
    """The mode in which it may act from now on: the next one."""
    reason: Why
    """Read by whoever wonders why it acts."""


class DemotionOrder(RequestModel):
    """Why somebody takes a promotion back."""

    model_config = example(reason="The new agents are slower; we want to look first.")

    reason: Why
    """Read by whoever wonders why it asks again."""


@dataclass(frozen=True, slots=True)
class PromotionApi:
    """What the routes need."""

    charter: CharterSource
    promotions: CommandQueue[PromotionState]
    clock: Clock


def promotion_router(api: PromotionApi) -> APIRouter:
    """The routes by which people decide; how it stands is a part of the runbook's listing."""
    router = APIRouter(prefix="/v1", tags=["runbooks"])

    @router.post("/runbooks/{runbook}/promote", summary="Let a runbook act in its next mode")
    async def promote_runbook(
        request: Request, runbook: str, body: PromotionOrder, caller: Decider, call: Call
    ) -> PromotionView:
        """For members of its team and operators. 409 where the evidence is not enough, or where
        that is not the next mode. It holds for this version of the runbook only."""
        version = _find_version(api, runbook, caller, request)

        def rule(state: PromotionState | None, context: Context) -> Decision[PromotionState]:
            by = caller.subject
            return promote(state, version, body.mode, by, body.reason, context.now)

        return await _change(api, version, rule, call)

    @router.post("/runbooks/{runbook}/demote", summary="Take a runbook's promotion back")
    async def demote_runbook(
        request: Request, runbook: str, body: DemotionOrder, caller: Decider, call: Call
    ) -> PromotionView:
        """For members of its team and operators. It has the mode of the charter again; evidence is
        counted anew. 409 where it is not promoted."""
        version = _find_version(api, runbook, caller, request)

        def rule(state: PromotionState | None, context: Context) -> Decision[PromotionState]:
            return demote(state, version, caller.subject, body.reason, context.now)

        return await _change(api, version, rule, call)

    return router


async def _change(
    api: PromotionApi,
    version: Version,
    rule: Rule[PromotionState],
    call: IdempotentCall,
) -> PromotionView:
    cause = Cause(call.seed, content=call.fingerprint)
    id = promotion_id(version.runbook.id, version.hash)
    changed = await api.promotions.change(id, rule, cause)
    view = show_promotion(version.runbook, changed.state or PromotionState(), api.clock.now())
    if view is None:
        raise no_promotion(version.runbook.id)
    return view


def _find_version(api: PromotionApi, id: str, caller: Principal, request: Request) -> Version:
    runbook = find_runbook(api.charter.current, id, caller, sight(request, caller))
    if runbook.promotion is None:
        raise no_promotion(id)
    return Version(version_of(runbook), runbook)


def no_promotion(runbook: str) -> Rejected:
    """Its charter says nothing of promotion."""
    return Rejected(message("promotion.not-declared", runbook=runbook), code="not-declared")


def show_promotion(runbook: Runbook, state: PromotionState, now: datetime) -> PromotionView | None:
    """How it stands; None where its charter says nothing of promotion."""
    if runbook.promotion is None:
        return None
    requirements = check_next(state, Version(version_of(runbook), runbook))
    return PromotionView(
        mode=find_mode(runbook, state.mode, now.date()),
        charter_mode=runbook.mode,
        ceiling=runbook.promotion.ceiling,
        next=find_next(runbook, state.mode),
        is_ready=bool(requirements) and all(item.is_met for item in requirements),
        promoted_by=state.by,
        since=state.since,
        fault="" if state.fault is None else sentence(state.fault),
        evidence=state.evidence,
        requirements=tuple(
            RequirementView(code=item.text.code, is_met=item.is_met, text=sentence(item.text))
            for item in requirements
        ),
    )

"""People's yes or no to what a run would do, bound to the plan that they read."""

from typing import Annotated

from desk_contracts.errors import Forbidden, Rejected
from desk_contracts.frozen import example
from desk_contracts.message import message
from desk_kernel import Context, Decision
from desk_platform.http import (
    SINGLE_LINE,
    IdempotentCall,
    Principal,
    RequestModel,
    RequiredText,
    require,
    require_key,
    sight,
)
from desk_platform.kafka.unit_of_work import Cause
from fastapi import APIRouter, Depends, Request
from pydantic import Field

from desk_automation.runs.api.views import (
    STAFF_OF_RUNS,
    RunDetail,
    RunsApi,
    find_run,
    show_run,
)
from desk_automation.runs.approving import compare_plans, record_vote
from desk_automation.runs.model import Run
from desk_automation.safety.approval import Vote

# Where somebody read another plan, it is looked for among so many of the newest runs.
_NEWEST = 50
_may_answer = require(*STAFF_OF_RUNS)


class ApprovalAnswer(RequestModel):
    """A yes or a no to one plan."""

    model_config = example(plan="9f2c1d7a40b3e855", comment="The server has no jobs now.")

    plan: Annotated[str, RequiredText(64), SINGLE_LINE]
    """The hash of the plan that was read, as the run shows it."""
    comment: Annotated[str, Field(max_length=2000)] = ""
    """Why; with a no it is what the team that gets the run reads first."""


Caller = Annotated[Principal, Depends(_may_answer)]
Call = Annotated[IdempotentCall, Depends(require_key)]


def approval_router(api: RunsApi) -> APIRouter:
    """The routes with which people answer."""
    router = APIRouter(prefix="/v1/runs/{id}", tags=["approvals"])

    @router.post("/approve", summary="Say yes to the plan of a run")
    async def approve_run(
        request: Request, id: str, body: ApprovalAnswer, caller: Caller, call: Call
    ) -> RunDetail:
        """For the team or role that the runbook names, each person once. The yes holds for the plan
        with that hash only; for another it is refused and the answer says what differs."""
        return await _answer(api, request, id, caller, call, body, is_approved=True)

    @router.post("/decline", summary="Say no to the plan of a run")
    async def decline_run(
        request: Request, id: str, body: ApprovalAnswer, caller: Caller, call: Call
    ) -> RunDetail:
        """One no is enough: nothing is done, and people get the run with the reason."""
        return await _answer(api, request, id, caller, call, body, is_approved=False)

    return router


async def _answer(  # noqa: PLR0913 (a call and who makes it)
    api: RunsApi,
    request: Request,
    id: str,
    caller: Principal,
    call: IdempotentCall,
    body: ApprovalAnswer,
    *,
    is_approved: bool,
) -> RunDetail:
    seen = sight(request, caller)
    planned = (await find_run(api, id, seen)).plan.approval
    if planned is not None and not planned.may_answer(caller.team or "", caller.roles):
        who = {"team": planned.team, "role": planned.role}
        raise Forbidden(message("approval.not-yours", **who), **who)

    def rule(run: Run | None, context: Context) -> Decision[Run]:
        if run is None:
            raise api.refuse(id)
        vote = Vote(
            by=caller.subject, is_approved=is_approved, at=context.now, comment=body.comment
        )
        decided = record_vote(run, vote, body.plan, context.now)
        return decided._replace(due=decided.state.timer_at)

    try:
        changed = await api.journal.change(id, rule, Cause(call.seed, content=call.fingerprint))
    except Rejected as refused:
        if refused.kind != "other-plan":
            raise
        raise await _explain_other_plan(api, await find_run(api, id, seen), body.plan) from refused
    if changed.state is None:
        raise api.refuse(id)
    return show_run(changed.state)


async def _explain_other_plan(api: RunsApi, run: Run, seen_plan: str) -> Rejected:
    """What differs between the run's plan and the one that somebody read, if it can be found."""
    ours = run.plan.hash
    theirs = await _find_plan(api, run, seen_plan)
    fields = {"plan": ours, "seen": seen_plan}
    if theirs is None:
        unknown = message("approval.unknown-plan", **fields)
        return Rejected(unknown, code="other-plan", **fields)
    differences = compare_plans(run.plan, theirs.plan)
    if theirs.target != run.target:
        other = {"what": "target", "seen": theirs.target, "now": run.target}
        differences.insert(0, message("approval.differs", **other))
    changed = message("approval.plan-changed", differences=list(differences), **fields)
    return Rejected(changed, code="other-plan", **fields)


async def _find_plan(api: RunsApi, run: Run, plan: str) -> Run | None:
    """A run with that plan, among the newest on the same target or of the same runbook."""
    for facets in ({"target": run.target}, {"runbook": run.plan.runbook}):
        listed = await api.runs.find_brief(facets, order="newest", limit=_NEWEST)
        for other in (item.state for item in listed):
            if other is not None and other.plan.hash == plan:
                return other
    return None

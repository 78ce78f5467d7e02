"""The route by which a person asks for a run of a runbook."""

from dataclasses import dataclass
from typing import Annotated

from desk_charter import CharterSource
from desk_charter.runbook_checks import RUNBOOKS
from desk_charter.runbooks import Runbook
from desk_contracts.errors import Forbidden, NotFound
from desk_contracts.frozen import Frozen, example
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_contracts.value_types import Identifier
from desk_kernel import Context, Decision
from desk_kernel.sight import Sight
from desk_platform.http import IdempotentCall, Principal, Role, require, require_key, sight
from desk_platform.kafka.unit_of_work import Cause
from fastapi import APIRouter, Depends, Request
from pydantic import Field

from desk_automation.matching.by_person import RunRequest, request_run
from desk_automation.matching.decide import RunPolicy
from desk_automation.runs.api.views import RunDetail, RunsApi, may_see_run, no_run, show_run
from desk_automation.runs.model import Run

AttributeText = Annotated[str, Field(max_length=1000)]
_may_start = require(Role.MEMBER, Role.OPERATOR)


class RunOrder(Frozen):
    """A run that a person asks for."""

    model_config = example(
        target="laptop-0042",
        reason="She cannot save her work, and no signal came.",
        attributes={"agent_url": "http://agent-0042.example:9000"},
    )

    target: Identifier
    """What it acts on: a device, or a service by its id."""
    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    """Why, for those who approve it and who wonder later."""
    attributes: Annotated[dict[Identifier, AttributeText], Field(max_length=50)] = Field(
        default_factory=dict
    )
    """What the runbook takes from a signal's `data.attributes`."""


@dataclass(frozen=True, slots=True)
class StartApi:
    """What the route needs."""

    charter: CharterSource
    policy: RunPolicy
    runs: RunsApi


def start_router(api: StartApi) -> APIRouter:
    """The route by which runs are started by hand."""
    router = APIRouter(prefix="/v1", tags=["runbooks"])

    @router.post("/runbooks/{id}/runs", summary="Run a runbook on a target")
    async def start_run_by_hand(
        request: Request,
        id: str,
        body: RunOrder,
        caller: Annotated[Principal, Depends(_may_start)],
        call: Annotated[IdempotentCall, Depends(require_key)],
    ) -> RunDetail:
        """For members of its team and operators. Locks, limits, breaker, the stop of all acting,
        guards and verification hold as for any run. A runbook that suggests, or wants a yes, waits
        for that of somebody else; one that observes is refused."""
        seen = sight(request, caller)
        runbook = _find_runbook(api, id, caller, seen)
        order = RunRequest(
            derive_id(call.seed, "run"), body.target, caller.subject, body.reason, body.attributes
        )

        def rule(run: Run | None, context: Context) -> Decision[Run] | None:
            if run is not None:
                return None
            charter = api.charter.current
            decided = request_run(charter, runbook, order, api.policy, context.now)
            if not may_see_run(decided.state, seen):
                raise _no_runbook(id)
            return decided

        cause = Cause(call.seed, content=call.fingerprint)
        changed = await api.runs.journal.change(order.run, rule, cause)
        if changed.state is None:
            raise no_run(order.run)
        return show_run(changed.state)

    return router


def _find_runbook(api: StartApi, id: str, caller: Principal, seen: Sight) -> Runbook:
    every = api.charter.current.of(RUNBOOKS)
    runbook = next((item for item in every if item.id == id), None)
    if runbook is None or seen.hides(team=runbook.owner_team):
        raise _no_runbook(id)
    if Role.OPERATOR not in caller.roles and caller.team != runbook.owner_team:
        team = runbook.owner_team
        raise Forbidden(message("request.not-yours", team=team), team=team)
    return runbook


def _no_runbook(id: str) -> NotFound:
    return NotFound(message("request.no-runbook", runbook=id), runbook=id)

"""Why a runbook did or did not act on a device or service."""

from dataclasses import dataclass
from typing import Annotated

from desk_shared.errors import NotFound
from desk_shared.http import Principal, Role, require, sight
from desk_shared.http.whys import LookView, SubjectAsked, WhyView, why_view
from desk_shared.lookout import Lookout
from desk_shared.store import Documents
from fastapi import APIRouter, Depends, Request

from desk_automation.domain.model import Run
from desk_automation.domain.words import standing

_may_see = require(Role.MEMBER, Role.OWNER, Role.OPERATOR)
# The newest say why; all of them are at /v1/runs.
MOST_RUNS = 20


@dataclass(frozen=True, slots=True)
class Whys:
    """What the route reads."""

    lookout: Lookout
    runs: Documents[Run]


def why_routes(whys: Whys) -> APIRouter:
    """The route about what was not done."""
    router = APIRouter(prefix="/v1")

    @router.get("/why", tags=["runs"], summary="Why a runbook did or did not act")
    async def read_why(
        request: Request, subject: SubjectAsked, caller: Annotated[Principal, Depends(_may_see)]
    ) -> WhyView:
        """The runs on a target and where each stands, then what each runbook made of its signals:
        the part of the condition that was false, or could not be told, with the values."""
        seen = sight(request, caller)
        if seen.hides(subject):
            raise NotFound(f"Nothing is known of '{subject}'.", subject=subject)
        found = await whys.runs.find_brief({"target": subject}, order="newest", limit=MOST_RUNS)
        states = (one.state for one in found if one.state is not None)
        runs = [_run(one) for one in states if not seen.hides(one.trigger.service)]
        return why_view(subject, whys.lookout, runs)

    return router


def _run(run: Run) -> LookView:
    return LookView(
        kind="run",
        name=run.plan.runbook,
        at=run.ended_at or run.created_at,
        outcome=str(run.outcome or run.phase),
        text=standing(run),
        values={"run": run.id, "episode": run.trigger.episode},
    )

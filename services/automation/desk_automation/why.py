"""Why a runbook did or did not act on a device or service."""

from dataclasses import dataclass

from desk_shared.http.language import sentence
from desk_shared.http.whys import LookView, StaffReader, SubjectAsked, WhyView, why_view
from desk_shared.lookout import Lookout
from desk_shared.store import Documents
from fastapi import APIRouter

from desk_automation.api import may_see_run
from desk_automation.domain.model import Run
from desk_automation.domain.words import standing

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
    async def read_why(subject: SubjectAsked, reader: StaffReader) -> WhyView:
        """The runs on a target and where each stands, then what each runbook made of its signals:
        the part of the condition that was false, or could not be told, with the values."""
        found = await whys.runs.find_brief({"target": subject}, order="newest", limit=MOST_RUNS)
        states = (one.state for one in found if one.state is not None)
        runs = [_run(one) for one in states if may_see_run(one, reader.seen)]
        return why_view(subject, whys.lookout, reader, runs)

    return router


def _run(run: Run) -> LookView:
    return LookView(
        kind="run",
        name=run.plan.runbook,
        at=run.ended_at or run.created_at,
        outcome=str(run.outcome or run.phase),
        text=sentence(standing(run)),
        values={"run": run.id, "episode": run.trigger.episode},
    )

"""The HTTP side of problems: what is open, and that a member ends one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from desk_contracts.errors import NotFound
from desk_contracts.frozen import Frozen, example
from desk_contracts.message import message
from desk_kernel import Context, Decision
from desk_platform.http import (
    Cursors,
    IdempotentCall,
    Page,
    Principal,
    Role,
    require,
    require_key,
    sight,
)
from desk_platform.http.language import sentence
from desk_platform.kafka import Cause, CommandQueue
from desk_platform.store import Documents
from fastapi import APIRouter, Depends, Request
from pydantic import Field

from desk_triage.detection.api import OpenListing, open_listing
from desk_triage.problems.decide import end_by_member
from desk_triage.problems.model import IncidentCluster

_STAFF = require(Role.MEMBER, Role.OWNER, Role.OPERATOR)
_MEMBER = require(Role.MEMBER)


class ProblemView(Frozen):
    """An open problem."""

    id: str
    service: str
    category: str
    title: str
    team: str
    message: str
    """What employees are told."""
    first_at: datetime
    last_at: datetime
    tickets: int
    people: int
    signals: tuple[str, ...]
    ends_at: datetime | None
    """When it ends if nothing more is heard; null while a signal is open, and without one."""


class ResolveProblem(Frozen):
    """What a member says about the end of a problem."""

    model_config = example(resolution="The gateway was restarted.")

    resolution: Annotated[str, Field(max_length=5_000)] = ""
    """What was wrong and what helped, for the people in it."""


class ResolvedView(Frozen):
    """The problem is over."""

    id: str
    status: str = "resolved"


@dataclass(frozen=True, slots=True)
class ProblemDocuments:
    """What the routes read and change."""

    clusters: Documents[IncidentCluster]
    commands: CommandQueue[IncidentCluster]
    cursors: Cursors


def problem_router(documents: ProblemDocuments) -> APIRouter:
    """The routes about problems."""
    router = APIRouter(prefix="/v1")

    @router.get("/problems", dependencies=[Depends(_STAFF)])
    async def list_problems(
        listing: Annotated[OpenListing, Depends(open_listing)],
    ) -> Page[ProblemView]:
        """Open problems by service and category."""

        def views(_id: str, state: IncidentCluster) -> list[ProblemView]:
            problems = _view(state)
            return [view for view in problems if not listing.seen.hides(view.service, view.team)]

        return await listing.read(documents.clusters, documents.cursors, views)

    @router.post("/problems/{id}/resolve")
    async def resolve_problem(
        request: Request,
        id: str,
        body: ResolveProblem,
        call: Annotated[IdempotentCall, Depends(require_key)],
        principal: Annotated[Principal, Depends(_MEMBER)],
    ) -> ResolvedView:
        """Say that a problem is over; everybody in it is told."""
        clusters = await documents.clusters.find({"problem": id}, limit=1)
        cluster = clusters[0].read() if clusters else None
        owner = cluster.problem.team if cluster and cluster.problem else ""
        if cluster is None or sight(request, principal).hides(cluster.service, owner):
            raise NotFound(message("problem.not-found", problem=id), problem=id)

        def end(cluster: IncidentCluster | None, context: Context) -> Decision[IncidentCluster]:
            return end_by_member(cluster, id, principal.subject, body.resolution, context.now)

        cause = Cause(call.seed, content=call.fingerprint)
        await documents.commands.change(clusters[0].id, end, cause)
        return ResolvedView(id=id)

    return router


def _view(cluster: IncidentCluster) -> tuple[ProblemView, ...]:
    problem = cluster.problem
    if problem is None:
        return ()
    return (
        ProblemView(
            id=problem.id,
            service=cluster.service,
            category=cluster.category,
            title=sentence(problem.title),
            team=problem.team,
            message=sentence(problem.message),
            first_at=problem.first_at,
            last_at=problem.last_at,
            tickets=problem.tickets,
            people=problem.head_count,
            signals=problem.signals,
            ends_at=cluster.ends_at,
        ),
    )

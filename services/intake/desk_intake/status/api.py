"""Is it down? What the desk knows of troubles that many have."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from desk_charter import Charter
from desk_contracts.frozen import Frozen
from desk_contracts.message import message
from desk_kernel.sight import Sight
from desk_platform.http import STAFF, Principal, Role, require, sight
from desk_platform.http.language import sentence
from desk_platform.store import Documents
from fastapi import APIRouter, Depends, Request

from desk_intake.status.model import KnownProblem

# More troubles than this at once are one trouble: everything is down.
MAX_PROBLEMS = 200


class Answer(Frozen):
    """A part of the answer."""


class ProblemView(Answer):
    """One trouble that many have."""

    id: str
    service: str
    service_title: str
    """The service as people call it."""
    title: str
    message: str
    """What to know and to do meanwhile."""
    people: int
    """How many people reported it."""
    since: datetime
    updated_at: datetime


class ServiceStatus(Answer):
    """How one service is, as far as the desk knows."""

    name: str
    title: str
    state: Literal["trouble", "no trouble known"]
    problems: tuple[str, ...]
    """Ids of its open problems."""


class Status(Answer):
    """How everything is."""

    sentence: str
    """The whole in a sentence."""
    problems: tuple[ProblemView, ...]
    services: tuple[ServiceStatus, ...]


def status_router(problems: Documents[KnownProblem], charter: Callable[[], Charter]) -> APIRouter:
    """`GET /v1/status`."""
    router = APIRouter(prefix="/v1/status", tags=["status"])

    @router.get("", summary="Is it down?")
    async def show_status(
        request: Request, caller: Annotated[Principal, Depends(require(Role.EMPLOYEE, *STAFF))]
    ) -> Status:
        """Open problems, oldest first, and every service with what is known of it."""
        rows = await problems.find_brief({"open": True}, order="since", limit=MAX_PROBLEMS)
        seen = sight(request, caller)
        states = (row.state for row in rows if row.state is not None)
        return _status(charter(), [item for item in states if not seen.hides(item.service)], seen)

    return router


def _status(charter: Charter, problems: list[KnownProblem], seen: Sight) -> Status:
    titles = {service.name: service.title for service in charter.services}
    troubled: dict[str, list[str]] = defaultdict(list)
    for problem in problems:
        troubled[problem.service].append(problem.id)
    names = [titles.get(name, name) for name in troubled]
    overall = message("status.trouble", services=names) if names else message("status.none")
    return Status(
        sentence=sentence(overall),
        problems=tuple(_view(problem, titles) for problem in problems),
        services=tuple(
            ServiceStatus(
                name=service.name,
                title=service.title,
                state="trouble" if service.name in troubled else "no trouble known",
                problems=tuple(troubled.get(service.name, ())),
            )
            for service in charter.services
            if service.lifecycle in ("live", "retiring") and not seen.hides(service.name)
        ),
    )


def _view(problem: KnownProblem, titles: dict[str, str]) -> ProblemView:
    return ProblemView(
        id=problem.id,
        service=problem.service,
        service_title=titles.get(problem.service, problem.service),
        title=sentence(problem.title),
        message=sentence(problem.message) if problem.message else "",
        people=problem.people,
        since=problem.since,
        updated_at=problem.updated_at,
    )

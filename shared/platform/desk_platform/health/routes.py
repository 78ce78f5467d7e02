"""`/health/{startup,live,ready}`: 200 or 503, and what is known.

Anybody who gets here is told what works and since when. Why it does not (hosts, ports, errors of
libraries, lines of the charter) is for operators, and in the log.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from desk_platform.health.progress import Progress
from desk_platform.health.register import Answer, Component, Dependency, Health

IsOperator = Callable[[Request], Awaitable[bool]]
Describe = Callable[[str], str]


def health_router(health: Health, is_operator: IsOperator) -> APIRouter:
    """The three probes."""
    router = APIRouter(include_in_schema=False)

    @router.get("/health/startup")
    async def answer_startup(request: Request) -> JSONResponse:
        return _reply(health, health.answer_startup(), is_whole=await is_operator(request))

    @router.get("/health/live")
    async def answer_live(request: Request) -> JSONResponse:
        return _reply(health, health.answer_live(), is_whole=await is_operator(request))

    @router.get("/health/ready")
    async def answer_ready(request: Request) -> JSONResponse:
        return _reply(health, health.answer_ready(), is_whole=await is_operator(request))

    return router


def _reply(health: Health, answer: Answer, *, is_whole: bool) -> JSONResponse:
    tell: Describe = str if is_whole else hide
    body = {
        "status": "ok" if answer.is_ok else "not ok",
        "reasons": [reason if is_whole else what_of(reason) for reason in answer.reasons],
        "dependencies": [_describe_dependency(each, tell) for each in health.dependencies()],
        "components": [_describe_component(each, tell) for each in health.components()],
        "consumers": [_describe_progress(consumer, tell) for consumer in health.consumers()],
        "charter": _describe_charter(health, is_whole=is_whole),
    }
    headers = {"Cache-Control": "no-store"}
    return JSONResponse(body, status_code=200 if answer.is_ok else 503, headers=headers)


def what_of(reason: str) -> str:
    """What is wrong without why: `store does not answer` of `store does not answer: db-1:27017…`.

    All reasons of the register are written so.
    """
    return reason.partition(": ")[0]


def hide(why: str) -> str:
    """Whether there is one, and where it stands."""
    return "told to operators, and in the log" if why else ""


def _describe_dependency(dependency: Dependency, tell: Describe) -> dict[str, object]:
    return {
        "name": dependency.name,
        "up": dependency.is_up,
        "reason": tell(dependency.reason),
        "since": dependency.since.isoformat(),
        "last_ok": _iso(dependency.last_ok),
        "last_asked": _iso(dependency.last_asked),
    }


def _describe_component(component: Component, tell: Describe) -> dict[str, object]:
    return {
        "name": component.name,
        "state": component.state.value,
        "reason": tell(component.reason),
        "since": component.since.isoformat(),
        "required": component.is_required,
    }


def _describe_progress(progress: Progress, tell: Describe) -> dict[str, object]:
    marks, lag = progress.read_marks(), progress.lag
    return {
        "name": progress.name,
        "partitions": progress.assigned,
        "lag": None if lag is None else lag + progress.halted,
        "lag_age_seconds": round(progress.lag_age.total_seconds(), 1),
        "lag_unknown_since": _iso(progress.lag_at or progress.began_at) if lag is None else None,
        "halted": progress.halted,
        "last_poll": _iso(marks.polled_at),
        "last_fetch": _iso(marks.fetched_at),
        "last_commit": progress.last_commit.isoformat(),
        "paused": None if progress.pause_reason is None else tell(progress.pause_reason),
    }


def _describe_charter(health: Health, *, is_whole: bool) -> dict[str, object] | None:
    status = health.organisation()
    if status is None:
        return None
    refused: dict[str, object] | None = None
    if status.refused_since is not None:
        problems = list(status.problems) if is_whole else []
        refused = {"since": status.refused_since.isoformat(), "problems": problems}
    return {
        "version": status.version,
        "loaded_at": status.loaded_at.isoformat(),
        "refused": refused,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()

"""`/health/{startup,live,ready}`: 200 or 503, with the reasons and all that is known."""

from datetime import datetime

from fastapi import APIRouter
from starlette.responses import JSONResponse

from desk_platform.health.progress import Progress
from desk_platform.health.register import Answer, Component, Dependency, Health


def health_router(health: Health) -> APIRouter:
    """The three probes."""
    router = APIRouter(include_in_schema=False)

    @router.get("/health/startup")
    async def answer_startup() -> JSONResponse:
        return _reply(health, health.answer_startup())

    @router.get("/health/live")
    async def answer_live() -> JSONResponse:
        return _reply(health, health.answer_live())

    @router.get("/health/ready")
    async def answer_ready() -> JSONResponse:
        return _reply(health, health.answer_ready())

    return router


def _reply(health: Health, answer: Answer) -> JSONResponse:
    body = {
        "status": "ok" if answer.is_ok else "not ok",
        "reasons": list(answer.reasons),
        "dependencies": [_describe_dependency(each) for each in health.dependencies()],
        "components": [_describe_component(component) for component in health.components()],
        "consumers": [_describe_progress(consumer) for consumer in health.consumers()],
        "charter": _describe_charter(health),
    }
    headers = {"Cache-Control": "no-store"}
    return JSONResponse(body, status_code=200 if answer.is_ok else 503, headers=headers)


def _describe_dependency(dependency: Dependency) -> dict[str, object]:
    return {
        "name": dependency.name,
        "up": dependency.is_up,
        "reason": dependency.reason,
        "since": dependency.since.isoformat(),
        "last_ok": _iso(dependency.last_ok),
        "last_asked": _iso(dependency.last_asked),
    }


def _describe_component(component: Component) -> dict[str, object]:
    return {
        "name": component.name,
        "state": component.state.value,
        "reason": component.reason,
        "since": component.since.isoformat(),
        "required": component.is_required,
    }


def _describe_progress(progress: Progress) -> dict[str, object]:
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
        "paused": progress.pause_reason,
    }


def _describe_charter(health: Health) -> dict[str, object] | None:
    status = health.organisation()
    if status is None:
        return None
    refused: dict[str, object] | None = None
    if status.refused_since is not None:
        refused = {"since": status.refused_since.isoformat(), "problems": list(status.problems)}
    return {
        "version": status.version,
        "loaded_at": status.loaded_at.isoformat(),
        "refused": refused,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()

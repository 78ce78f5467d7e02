"""The HTTP side of metrics: SLAs explained, figures, reports, goals."""

from desk_shared.http import AppParts, make_app
from fastapi import APIRouter, FastAPI

from desk_metrics.api.measures import measures_router
from desk_metrics.api.sla import sla_router
from desk_metrics.ports import MetricsDeps

__all__ = ["metrics_app"]


def metrics_app(parts: AppParts, deps: MetricsDeps, *more: APIRouter) -> FastAPI:
    """The application; `more` are routes that need more than these dependencies."""
    routers = [sla_router(deps), measures_router(deps), *more]
    return make_app("Experience desk: metrics", "1", routers, parts)

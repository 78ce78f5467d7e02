"""The HTTP side of metrics: SLAs explained, figures, reports, goals."""

from fastapi import APIRouter

from desk_metrics.api.measures import measures_router
from desk_metrics.api.sla import sla_router
from desk_metrics.ports import MetricsDeps

__all__ = ["metrics_routers"]


def metrics_routers(deps: MetricsDeps, *more: APIRouter) -> list[APIRouter]:
    """Its routes; `more` are those that need more than these dependencies."""
    return [sla_router(deps), measures_router(deps), *more]

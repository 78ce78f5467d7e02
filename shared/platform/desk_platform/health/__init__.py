"""Whether a service has started, is alive and can do its work, as reasons people can read."""

from desk_platform.health.meters import observe_health
from desk_platform.health.progress import Marks, Progress
from desk_platform.health.register import Component, Dependency, Health, State
from desk_platform.health.routes import health_router
from desk_platform.health.usage import UsageReport

__all__ = [
    "Component",
    "Dependency",
    "Health",
    "Marks",
    "Progress",
    "State",
    "UsageReport",
    "health_router",
    "observe_health",
]

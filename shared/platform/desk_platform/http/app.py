"""Builds a service's HTTP side: one way for errors, ids, sign-in, probes and documentation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from desk_contracts.names import API_VERSION
from fastapi import APIRouter, FastAPI, Request
from fastapi.telemetry import TelemetryConfig

from desk_platform.clock import Clock
from desk_platform.health import Health, health_router
from desk_platform.http.auth import is_operator
from desk_platform.http.body import Bodies, Uploads
from desk_platform.http.gate import Gate
from desk_platform.http.middleware import Edge
from desk_platform.http.openapi import DeskApp
from desk_platform.http.pages import pages_router
from desk_platform.http.principal import Authenticator, refuse_undeclared
from desk_platform.http.problems import install_problems
from desk_platform.http.rates import RateLimits
from desk_platform.organisation import Organisation
from desk_platform.precedence import Precedence
from desk_platform.settings import HttpSettings
from desk_platform.telemetry import Telemetry, metrics_router

# An event stays under 64 KiB; a ticket with its text, as JSON, needs less than this.
BODY_LIMIT = 1024 * 1024

# FastAPI would report the same requests again, to exporters it sets up from the environment.
_OWN_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


@dataclass(frozen=True, slots=True)
class AppParts:
    """What an application is made of."""

    health: Health
    telemetry: Telemetry
    authenticator: Authenticator
    clock: Clock
    bounds: HttpSettings = field(default_factory=HttpSettings)
    precedence: Precedence = field(default_factory=Precedence)
    body_limit: int = BODY_LIMIT
    uploads: Uploads | None = None
    # Who is a member of what, and what is confidential; without it nobody is asked.
    organisation: Callable[[], Organisation] | None = None


def make_app(title: str, routers: Sequence[APIRouter], parts: AppParts) -> FastAPI:
    """An application with every manner of the desk; routers bring their own `/v1`."""
    app = DeskApp(
        title=title,
        version=API_VERSION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        telemetry=_OWN_TELEMETRY,
    )
    app.state.authenticator = parts.authenticator
    app.state.clock = parts.clock
    app.state.organisation = parts.organisation
    app.state.limits = RateLimits(parts.bounds)
    app.state.longest_body = max(parts.body_limit, parts.uploads.limit if parts.uploads else 0)
    app.state.gate = gate = Gate(parts.bounds.concurrency, parts.precedence)
    install_problems(app)

    async def asks_operator(request: Request) -> bool:
        return await is_operator(parts.authenticator, request.headers)

    health = health_router(parts.health, asks_operator)
    own = (pages_router(app), health, metrics_router(parts.telemetry))
    for router in (*routers, *own):
        # Not include_router: its routes are matched twice, a fifth of a small call's whole cost.
        app.router.routes.extend(router.routes)
    refuse_undeclared(app)
    # Added last, so it stands outermost.
    app.add_middleware(
        Edge,
        telemetry=parts.telemetry,
        bodies=Bodies(parts.body_limit, uploads=parts.uploads),
        gate=gate,
        limits=app.state.limits,
    )
    return app

"""Builds a service's HTTP side: one way for errors, ids, sign-in, probes and documentation."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from desk_shared.clock import Clock
from desk_shared.health import Health, health_routes
from desk_shared.http.edge import Edge
from desk_shared.http.idempotency import (
    IdempotencyMiddleware,
    IdempotencyStore,
    Replayed,
    answer_replay,
)
from desk_shared.http.principal import Authenticator, OpenPolicy, policies_of
from desk_shared.http.problems import MEDIA_TYPE, Problem, install_problems
from desk_shared.telemetry import Telemetry, metrics_routes

# An event stays under 64 KiB; a ticket with its text, as JSON, needs less than this.
BODY_LIMIT = 1024 * 1024
_ERRORS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "What went wrong, and what to do (RFC 9457).",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


@dataclass(frozen=True, slots=True)
class AppParts:
    """What an application is made of; `idempotency` is needed once a route asks for a key."""

    health: Health
    telemetry: Telemetry
    authenticator: Authenticator
    clock: Clock
    idempotency: IdempotencyStore | None = None
    body_limit: int = BODY_LIMIT


Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class DeskApp(FastAPI):
    """FastAPI whose document tells of problems and of who may call what."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            components = document.setdefault("components", {})
            schemas = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            components.setdefault("schemas", {}).update(schemas.pop("$defs", {}))
            components["schemas"]["Problem"] = schemas
            components["securitySchemes"] = {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            }
            document["security"] = [{"bearer": []}]
            self._describe_policies(document["paths"])
        return self.openapi_schema or {}

    def _describe_policies(self, paths: dict[str, Any]) -> None:
        for route in iter_route_contexts(self.routes):
            dependant = getattr(route, "dependant", None)
            if not isinstance(dependant, Dependant):
                continue
            policies = policies_of(dependant)
            roles = sorted(
                {role for one in policies if not isinstance(one, OpenPolicy) for role in one.roles}
            )
            for method in route.methods or ():
                operation = paths.get(route.path_format or "", {}).get(method.lower())
                if operation is None:
                    continue
                if any(isinstance(one, OpenPolicy) for one in policies):
                    operation["security"] = []
                elif roles:
                    operation["x-desk-roles"] = roles


def make_app(
    title: str,
    version: str,
    routers: Sequence[APIRouter],
    parts: AppParts,
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """An application with every manner of the desk; routers bring their own `/v1`."""
    app = DeskApp(
        title=title,
        version=version,
        lifespan=lifespan,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
    )
    app.state.authenticator = parts.authenticator
    app.state.clock = parts.clock
    install_problems(app)
    for router in routers:
        app.include_router(router, responses=_ERRORS)
    app.include_router(health_routes(parts.health))
    app.include_router(metrics_routes(parts.telemetry))
    if parts.idempotency is not None:
        app.state.idempotency = parts.idempotency
        app.add_exception_handler(Replayed, answer_replay)
        app.add_middleware(IdempotencyMiddleware, store=parts.idempotency, clock=parts.clock)
    # Added last, so it stands outermost.
    app.add_middleware(Edge, telemetry=parts.telemetry, body_limit=parts.body_limit)
    return app

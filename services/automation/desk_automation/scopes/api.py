"""Limits of services over HTTP: what acts there now, and whether anything may."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from desk_charter import CharterSource
from desk_contracts.frozen import Frozen
from desk_platform.clock import Clock
from desk_platform.http import Principal, Role, require, sight
from desk_platform.store import Documents
from fastapi import APIRouter, Depends, Request

from desk_automation.scopes.decide import HOUR
from desk_automation.scopes.limits import limit_of, scope_of_service
from desk_automation.scopes.model import Limit, Scope

_may_see = require(Role.MEMBER, Role.OWNER, Role.OPERATOR)


class HealingLimitView(Frozen):
    """A service that has limits, and how much of them is used."""

    service: str
    """The service."""
    at_work: int
    """How many runs act there now."""
    at_once: int | None
    """How many may; null for any number."""
    started_within_hour: int | None
    """How many began within the last hour; null where no limit counts them."""
    per_hour: int | None
    """How many may; null for any number."""
    people: int | None
    """How many people what acts there concerns; null where nobody knows of some of it."""
    people_at_once: int | None
    """How many may be concerned; null for any number."""
    waiting: int
    """How many runs wait in line for a place; at 1,000 perhaps more."""
    breaker: Literal["none", "closed", "open", "half-open"]
    """open: nothing is repaired there. half-open: one run may try. none: it has no breaker."""
    failures: int
    """How many runs in a row did not heal, or nobody knows whether they did."""
    stopped_since: datetime | None
    """Since when the breaker is not closed; null while it is."""


class HealingLimits(Frozen):
    """All services with limits that the caller may know of."""

    items: tuple[HealingLimitView, ...]


@dataclass(frozen=True, slots=True)
class ScopesApi:
    """What the route reads."""

    charter: CharterSource
    scopes: Documents[Scope]
    count_waiting: Callable[[str], Awaitable[int]]
    """How many runs stand in the line of that scope."""
    clock: Clock


def scopes_router(api: ScopesApi) -> APIRouter:
    """The route about limits of services."""
    router = APIRouter(prefix="/v1", tags=["runbooks"])

    @router.get("/healing-limits", summary="How much may be repaired at once on each service")
    async def list_limits(
        request: Request, caller: Annotated[Principal, Depends(_may_see)]
    ) -> HealingLimits:
        """For staff: services whose entry has `healing`, over all runbooks."""
        seen = sight(request, caller)
        limits = [
            limit
            for service in api.charter.current.services
            if (limit := limit_of(service)) is not None
            and not seen.hides(service.name, service.owner)
        ]
        stored = await api.scopes.load([scope_of_service(limit.name) for limit in limits])
        now = api.clock.now()
        views = []
        for limit in limits:
            id = scope_of_service(limit.name)
            scope = None if (document := stored.get(id)) is None else document.state
            views.append(_view(limit, scope or Scope(), await api.count_waiting(id), now))
        return HealingLimits(items=tuple(views))

    return router


def _view(limit: Limit, scope: Scope, waiting: int, now: datetime) -> HealingLimitView:
    active = [repair for repair in scope.repairs if repair.is_active(now)]
    people = [repair.people for repair in active]
    begun = sum(repair.at > now - HOUR for repair in scope.repairs)
    breaker: Literal["none", "closed", "open", "half-open"] = "closed"
    if not limit.failures:
        breaker = "none"
    elif scope.opened_at is not None:
        breaker = "open" if now < scope.opened_at + limit.reopen_after else "half-open"
    return HealingLimitView(
        service=limit.name,
        at_work=len(active),
        at_once=limit.at_once,
        started_within_hour=None if limit.per_hour is None else begun,
        per_hour=limit.per_hour,
        people=None if None in people else sum(number or 0 for number in people),
        people_at_once=limit.people_at_once,
        waiting=waiting,
        breaker=breaker,
        failures=scope.failures,
        stopped_since=scope.stopped_at if limit.failures else None,
    )

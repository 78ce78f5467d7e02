"""Automation's HTTP side over an engine in memory, and people who call it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from desk_automation.matching.api import MatchingApi, RunbookRecords, StartApi, match_router
from desk_automation.promotion.api import PromotionApi, promotion_router
from desk_automation.rollouts.api import RolloutApi, rollout_router
from desk_automation.runs.api.approvals import approval_router
from desk_automation.runs.api.consents import consent_router
from desk_automation.runs.api.runs import run_router
from desk_automation.runs.api.views import RunsApi
from desk_automation.safety.api import StopApi, stop_router
from desk_automation.scopes.api import scopes_router
from desk_charter import CharterSource
from desk_platform.health import Health
from desk_platform.http import (
    AppParts,
    Cursors,
    Principal,
    Role,
    calls_without_key,
    find_undeclared_routes,
    make_app,
)
from desk_platform.lookout import Lookout
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry, unread_meters

from tests.support.automation_engine import KEPT, Engine

CHARTER = Path(__file__).parents[2] / "charter"
PEOPLE = (
    Principal("ana", frozenset({Role.MEMBER}), "workplace"),
    Principal("bo", frozenset({Role.MEMBER}), "workplace"),
    Principal("cem", frozenset({Role.MEMBER}), "network"),
    Principal("olga", frozenset({Role.OPERATOR})),
    Principal("eva", frozenset({Role.EMPLOYEE})),
)


@dataclass
class Desk:
    """The engine, and calls of people."""

    engine: Engine
    client: httpx.AsyncClient
    calls: int = 0

    async def get(self, path: str, person: str = "ana", **headers: str) -> httpx.Response:
        signed = {"authorization": f"Bearer {person}"} | headers
        return await self.client.get(path, headers=signed)

    async def post(
        self, path: str, person: str = "ana", *, json: object = None, key: str = ""
    ) -> httpx.Response:
        """A call of its own, or the same again under the same key."""
        self.calls += 1
        headers = {"authorization": f"Bearer {person}", "Idempotency-Key": key or f"k{self.calls}"}
        return await self.client.post(path, headers=headers, json=json)


@asynccontextmanager
async def open_desk(engine: Engine) -> AsyncIterator[Desk]:
    """All routes of automation over the engine."""
    charter = CharterSource(CHARTER, engine.clock)
    lookout = Lookout(engine.clock.now(), unread_meters())
    records = RunbookRecords(
        engine.statistics, engine.debts, engine.rollouts, engine.promotions.documents
    )
    matching = MatchingApi(charter, records, engine.runs, lookout, engine.clock)
    api = RunsApi(engine.runs, engine.journal, lambda: KEPT)
    routers = [
        run_router(api, Cursors(b"secret")),
        approval_router(api),
        consent_router(api),
        stop_router(StopApi(engine.stop_commands, engine.stops)),
        match_router(matching, StartApi(engine.policy, api)),
        scopes_router(engine.restraints.scopes_api(charter, engine.runs)),
        rollout_router(RolloutApi(charter, engine.collections.rollouts, engine.clock)),
        promotion_router(PromotionApi(charter, engine.promotions.commands, engine.clock)),
    ]
    parts = AppParts(
        Health(engine.clock), record_telemetry().telemetry, FakeAuthenticator(*PEOPLE), engine.clock
    )
    app = make_app("automation", routers, parts)
    assert find_undeclared_routes(app) == []
    assert calls_without_key(app) == []
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        yield Desk(engine, client)

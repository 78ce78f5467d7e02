"""Experience over HTTP: the worst first, people only for those who answer for them."""

from datetime import datetime

import httpx
import pytest
from desk_metrics.measures.api import MetricsDeps, experience_router, metrics_routers
from desk_platform.health import Health
from desk_platform.http import AppParts, Principal, Role, make_app
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry
from fastapi import FastAPI

from tests.support.metrics_feedback import after, answered, cleared, raised

CALLERS = (
    Principal("bo", frozenset({Role.MEMBER})),
    Principal("ola", frozenset({Role.OWNER})),
    Principal("ana", frozenset({Role.EMPLOYEE})),
)
WEEK = "from=2026-11-23&to=2026-11-29"


@pytest.fixture
async def app() -> FastAPI:
    desk = await after(
        raised("lt-1", 0), cleared("lt-1", 16.8), answered(5, 30, device="lt-2", service="vpn")
    )
    clock = desk.clock
    parts = AppParts(
        Health(clock), record_telemetry().telemetry, FakeAuthenticator(*CALLERS), clock
    )
    deps = MetricsDeps(desk.collections.tickets, desk.collections.buckets, lambda: desk.book, clock)
    return make_app("metrics", metrics_routers(deps, experience_router(deps)), parts)


async def ask(app: FastAPI, query: str, who: str = "bo") -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        headers = {"Authorization": f"Bearer {who}"}
        return await client.get(f"/v1/experience?{query}", headers=headers)


async def test_the_worst_come_first_and_the_limit_hides_no_count(app: FastAPI) -> None:
    body = (await ask(app, f"{WEEK}&of=device&limit=1")).json()
    assert [item["name"] for item in body["rows"]] == ["lt-1"]
    assert (body["rated"], body["mean"]) == (2, pytest.approx(75))
    assert body["rows"][0]["sentiment"] is None


async def test_people_are_shown_to_those_who_answer_for_them_only(app: FastAPI) -> None:
    assert (await ask(app, f"{WEEK}&of=person")).status_code == 403
    assert (await ask(app, f"{WEEK}&of=service", "ana")).status_code == 403
    (row,) = (await ask(app, f"{WEEK}&of=person", "ola")).json()["rows"]
    assert row["name"] == "ana"
    assert row["score"] == pytest.approx(50 + 50 / 6)


async def test_what_was_not_known_then_is_not_told(app: FastAPI) -> None:
    body = (await ask(app, f"{WEEK}&of=device&as_of=2026-11-23T12:00:00Z")).json()
    assert (body["rated"], body["rows"], body["mean"]) == (0, [], None)


@pytest.mark.parametrize("days", ["from=2026-11-24&to=2026-11-23", "from=2020-01-01&to=2026-01-01"])
async def test_days_that_are_none_are_refused(app: FastAPI, days: str) -> None:
    answer = await ask(app, days)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-days")


async def test_without_days_it_is_about_the_last_four_weeks(app: FastAPI) -> None:
    body = (await ask(app, "of=device")).json()
    start, end = (datetime.fromisoformat(body[name]) for name in ("start", "end"))
    assert (end - start).days == 28

"""Figures over HTTP: who may ask, in which form, and what is refused."""

import csv
import io
import subprocess
import sys
from datetime import UTC, datetime

import httpx
import pyarrow.parquet as pq
import pytest
from desk_contracts.events.tickets import Kind
from desk_metrics.measures.api import MetricsDeps, metrics_routers
from desk_metrics.sla.policies import PolicyBook
from desk_platform.health import Health
from desk_platform.http import AppParts, Principal, Role, make_app
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry
from fastapi import FastAPI

from tests.support.confidential import with_secrets
from tests.support.metrics_desk import Desk
from tests.support.metrics_measures import second
from tests.support.metrics_story import Story

NOW = datetime(2026, 12, 1, tzinfo=UTC)
CALLERS = (
    Principal("bo", frozenset({Role.MEMBER}), team="network"),
    Principal("ana", frozenset({Role.EMPLOYEE})),
)
WEEK = "from=2026-11-23&to=2026-11-29"


@pytest.fixture
async def app() -> FastAPI:
    desk = Desk(NOW, PolicyBook(()))
    await desk.tell(Story("09:00", service="mail").assigned("09:05", "=mail").events)
    vpn = Story("2026-11-24 09:00", service="vpn", kind=Kind.REQUEST).assigned("10:00", "network")
    await desk.tell(second(vpn.resolved("2026-11-24 11:00")))
    await desk.at(NOW)
    telemetry, clock = record_telemetry().telemetry, desk.clock
    parts = AppParts(Health(clock), telemetry, FakeAuthenticator(*CALLERS), clock)
    collections = desk.collections
    deps = MetricsDeps(
        collections.tickets, collections.buckets, lambda: desk.book, clock, people=50
    )
    return make_app("metrics", metrics_routers(deps), parts)


async def ask(app: FastAPI, query: str, who: str = "bo", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        headers |= {"Authorization": f"Bearer {who}"}
        return await client.get(f"/v1/measures?{query}", headers=headers)


async def test_figures_come_by_day_and_by_slice(app: FastAPI) -> None:
    body = (await ask(app, f"{WEEK}&by=service")).json()
    assert body["by"] == "service"
    rows = [(r["start"][:10], r["slice"], r["figures"]["contacts"]) for r in body["rows"]]
    assert rows[:4] == [
        ("2026-11-23", "mail", 1),
        ("2026-11-23", "vpn", 0),
        ("2026-11-24", "mail", 0),
        ("2026-11-24", "vpn", 1),
    ]
    assert len(rows) == 14


async def test_a_week_is_one_row_and_knows_the_people(app: FastAPI) -> None:
    (row,) = (await ask(app, f"{WEEK}&grain=week")).json()["rows"]
    assert row["figures"]["contacts"] == 2
    assert row["figures"]["contacts_per_person_per_day"] == pytest.approx(2 / 50 / 7)
    assert row["figures"]["lost_cost"] is None


async def test_as_of_hides_what_came_later(app: FastAPI) -> None:
    (row,) = (await ask(app, f"{WEEK}&grain=week&as_of=2026-11-23T12:00:00Z")).json()["rows"]
    assert (row["figures"]["contacts"], row["figures"]["backlog"]) == (1, 1)


@pytest.mark.parametrize("how", ["format", "accept"])
async def test_csv_has_the_same_figures_and_no_formulas(app: FastAPI, how: str) -> None:
    query = f"{WEEK}&grain=week&by=team" + ("&format=csv" if how == "format" else "")
    answer = await ask(app, query, **({"Accept": "text/csv"} if how == "accept" else {}))
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert [(row["slice"], row["arrivals"], row["mttr"]) for row in rows] == [
        ("'=mail", "1", ""),
        ("network", "1", "7200.0"),
    ]


async def test_repairs_are_not_told_of_a_team(app: FastAPI) -> None:
    """They belong to services, so of a team there is no figure: not a zero."""
    by_team = (await ask(app, f"{WEEK}&grain=week&by=team")).json()["rows"]
    assert {row["figures"]["auto_healed"] for row in by_team if row["slice"]} == {None}
    assert {row["figures"]["fixed_before_reported"] for row in by_team if row["slice"]} == {None}
    by_service = (await ask(app, f"{WEEK}&grain=week&by=service")).json()["rows"]
    assert None not in {row["figures"]["auto_healed"] for row in by_service}


@pytest.mark.parametrize("how", ["format", "accept"])
async def test_parquet_reads_back_as_the_json_answer(app: FastAPI, how: str) -> None:
    query = f"{WEEK}&by=team"
    body = (await ask(app, query)).json()
    media = "application/vnd.apache.parquet"
    answer = await ask(
        app,
        query + ("&format=parquet" if how == "format" else ""),
        **({"Accept": f"{media}, */*"} if how == "accept" else {}),
    )
    assert answer.headers["content-type"] == media
    table = pq.read_table(io.BytesIO(answer.content))
    assert (len(body["rows"]), table.num_rows) == (14, 14)
    for read, row in zip(table.to_pylist(), body["rows"], strict=True):
        assert read.pop("start") == datetime.fromisoformat(row["start"])
        assert read.pop("end") == datetime.fromisoformat(row["end"])
        assert read.pop("slice") == row["slice"]
        assert read == row["figures"]
    assert table.schema.metadata == {
        b"as_of": NOW.isoformat().encode(), b"by": b"team", b"grain": b"day",
    }  # fmt: skip


async def test_an_empty_answer_is_a_table_with_every_column(app: FastAPI) -> None:
    form = "by=team&format=parquet"
    empty = await ask(app, f"from=2026-11-01&to=2026-11-02&as_of=2026-11-03T00:00:00Z&{form}")
    full = await ask(app, f"{WEEK}&{form}")
    tables = [pq.read_table(io.BytesIO(item.content)) for item in (empty, full)]
    assert tables[0].column_names == tables[1].column_names
    assert len(tables[0].column_names) > 40


def test_the_service_starts_without_the_parquet_library() -> None:
    code = "import sys, desk_metrics.service; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_without_days_the_last_four_weeks_are_told(app: FastAPI) -> None:
    rows = (await ask(app, "")).json()["rows"]
    assert (len(rows), rows[-1]["start"][:10]) == (28, "2026-12-01")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("from=2026-11-29&to=2026-11-23", "days-upside-down"),
        ("from=1999-01-01&to=2026-11-23", "too-many-days"),
        ("from=9999-12-30&to=9999-12-31", "invalid-request"),
    ],
)
async def test_days_that_cannot_be_told_are_refused_with_a_sentence(
    app: FastAPI, query: str, code: str
) -> None:
    answer = await ask(app, query)
    assert answer.status_code == 422
    assert answer.json()["code"] == code


async def test_more_rows_than_anybody_reads_are_refused_and_weeks_help() -> None:
    desk = Desk(NOW, PolicyBook(()))
    for number in range(28):
        story = Story("2026-11-24 09:00", service=f"made-up-{number}")
        await desk.tell(second(story, f"ticket-{number}"))
    parts = AppParts(
        Health(desk.clock), record_telemetry().telemetry, FakeAuthenticator(*CALLERS), desk.clock
    )
    collections = desk.collections
    deps = MetricsDeps(collections.tickets, collections.buckets, lambda: desk.book, desk.clock)
    app = make_app("metrics", metrics_routers(deps), parts)
    days = "from=2024-11-15&to=2026-11-29&by=service"
    refused = await ask(app, days)
    assert (refused.status_code, refused.json()["code"]) == (422, "too-many-rows")
    answer = await ask(app, f"{days}&grain=week")
    assert answer.json()["rows"][-1]["slice"] == "made-up-9"


async def test_only_staff_may_ask(app: FastAPI) -> None:
    assert (await ask(app, WEEK, who="ana")).status_code == 403
    assert (await ask(app, WEEK, who="nobody")).status_code == 401


@pytest.mark.parametrize(("who", "sees"), [("bo", True), ("ida", False), ("olga", True)])
async def test_figures_of_a_confidential_service_are_for_its_team(who: str, sees: bool) -> None:
    charter = with_secrets(service="vpn")
    desk = Desk(NOW, PolicyBook(()))
    vpn = Story("2026-11-24 09:00", service="vpn").assigned("10:00", "network")
    await desk.tell(vpn.events)
    await desk.at(NOW)
    callers = FakeAuthenticator(
        *CALLERS,
        Principal("ida", frozenset({Role.MEMBER}), "identity"),
        Principal("olga", frozenset({Role.OWNER})),
    )
    parts = AppParts(
        Health(desk.clock), record_telemetry().telemetry, callers, desk.clock,
        organisation=lambda: charter,
    )  # fmt: skip
    collections = desk.collections
    deps = MetricsDeps(
        collections.tickets, collections.buckets, lambda: desk.book, desk.clock, people=50
    )
    app = make_app("metrics", metrics_routers(deps), parts)
    for more in ("", "&format=csv"):
        assert ("vpn" in (await ask(app, f"{WEEK}&by=service{more}", who)).text) is sees
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": f"Bearer {who}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://desk", headers=headers
    ) as client:
        ticket = vpn.events[0].subject
        read = await client.get(f"/v1/tickets/{ticket}/sla")
        assert read.status_code == (200 if sees else 404)
        by_code = await client.get("/v1/tickets/k7m2-q9pg/sla")
        assert by_code.json().get("ticket") == (ticket if sees else "K7M2-Q9PG")
        shown = await client.get("/v1/experience?from=2026-11-23&to=2026-11-29")
        assert sees or "vpn" not in shown.text

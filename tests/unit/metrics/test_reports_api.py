"""The ranking over HTTP and at the command line: who may ask, for when, and what is told."""

import io
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from desk_charter import load_charter
from desk_contracts import Event
from desk_contracts.events.tickets import Channel, Kind, TicketOpened
from desk_contracts.messages import catalogue
from desk_metrics.measures.api import MetricsDeps, metrics_routers
from desk_metrics.reports.api.services import reports_router
from desk_metrics.reports.commands import shown
from desk_metrics.reports.decide import WEEKLY, Reported
from desk_metrics.reports.periods import read_period
from desk_metrics.reports.responses import AskedProposal
from desk_metrics.reports.store import ANSWERS, REPORTED, OwnerResponses, Sources, rank_systems
from desk_metrics.sla.policies import PolicyBook
from desk_platform.health import Health
from desk_platform.http import AppParts, Principal, Role, make_app
from desk_platform.store import Stored
from desk_testing.fakes import FakeDocuments
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry
from fastapi import FastAPI
from rich.console import Console

from tests.support.confidential import with_secrets
from tests.support.metrics_demand import wanted
from tests.support.metrics_desk import Desk
from tests.support.metrics_measures import second
from tests.support.metrics_story import Story

NOW = datetime(2026, 12, 1, tzinfo=UTC)
CHARTER = load_charter(Path(__file__).parents[3] / "charter")
CALLERS = (
    Principal("bo", frozenset({Role.MEMBER}), team="network"),
    Principal("ana", frozenset({Role.EMPLOYEE})),
)


@pytest.fixture
async def desk() -> Desk:
    desk = Desk(NOW, PolicyBook(()))
    for number in range(12):
        life = Story("09:00", service="vpn").resolved("10:00")
        await desk.tell(second(life, f"ticket-{number}"))
    return desk


@pytest.fixture
def sources(desk: Desk) -> Sources:
    clock = desk.clock
    responses = OwnerResponses(FakeDocuments(REPORTED, clock), FakeDocuments(ANSWERS, clock))
    return Sources(
        desk.collections.buckets, desk.sums, desk.collections.changes, lambda: CHARTER, responses
    )


@pytest.fixture
def app(desk: Desk, sources: Sources) -> FastAPI:
    clock = desk.clock
    telemetry = record_telemetry().telemetry
    parts = AppParts(Health(clock), telemetry, FakeAuthenticator(*CALLERS), clock)
    deps = MetricsDeps(desk.collections.tickets, desk.collections.buckets, lambda: desk.book, clock)
    return make_app("metrics", metrics_routers(deps, reports_router(sources, clock)), parts)


async def ask(app: FastAPI, query: str = "", who: str = "bo") -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        headers = {"Authorization": f"Bearer {who}"}
        return await client.get(f"/v1/reports/systems?{query}", headers=headers)


async def test_the_worst_comes_first_with_its_proposal_and_reasons(app: FastAPI) -> None:
    body = (await ask(app)).json()
    # The day that it is asked on belongs to it.
    assert body["period"] == "2026-11-04/2026-12-01"
    worst = body["systems"][0]
    assert (worst["service"], worst["team"], worst["rank"]) == ("vpn", "network", 1)
    assert (worst["contacts"], worst["lost_minutes"], worst["score"]) == (12, 720, 900)
    assert (worst["proposal"], worst["reasons"][0]["code"]) == ("repair", "proposal.worst-system")
    assert len(body["systems"]) == 1
    assert len(body["unranked"]) == len(CHARTER.services) - 1
    assert all("rank" not in item and item["score"] == 0 for item in body["unranked"])
    assert "in_a_row" not in worst


async def test_the_document_has_the_fields_that_are_sent_and_no_others(app: FastAPI) -> None:
    body, components = (await ask(app)).json(), app.openapi()["components"]
    schema = components["schemas"]["Systems"]["properties"]
    for name in ("systems", "unranked"):
        item = schema[name]["items"]
        assert set(item["properties"]) == set(body[name][0])
        assert set(item["required"]) <= set(body[name][0])


@pytest.mark.parametrize(
    ("query", "contacts"),
    [("period=2026-W48", 12), ("period=2026-11", 12), ("period=2026-W44/2026-W47", 0)],
)
async def test_a_period_can_be_asked_for(app: FastAPI, query: str, contacts: int) -> None:
    systems = (await ask(app, query)).json()["systems"]
    assert sum(system["contacts"] for system in systems) == contacts


async def test_as_of_hides_what_came_later(app: FastAPI) -> None:
    query = "period=2026-W48&as_of=2026-11-23T08:30:00Z"
    worst = (await ask(app, query)).json()["systems"][0]
    assert (worst["contacts"], worst["lost_minutes"]) == (12, 0)


@pytest.mark.parametrize("period", ["yesterday", "2026-W99", "2026-W48/2026-W40"])
async def test_what_is_no_period_is_refused_with_a_sentence(app: FastAPI, period: str) -> None:
    answer = await ask(app, f"period={period}")
    assert (answer.status_code, answer.json()["code"]) == (422, "no-such-period")


@pytest.mark.parametrize("year", [1, 1980, 9998])
async def test_a_ticket_of_an_impossible_year_in_an_old_log_leaves_the_reports(
    desk: Desk, app: FastAPI, year: int
) -> None:
    """Versions before the window of times took it over as it was."""
    before = (await ask(app)).json()
    at = datetime(year, 6, 1, tzinfo=UTC)
    data = TicketOpened(
        code="K7M2-Q9PG",
        kind=Kind.INCIDENT,
        title="x",
        requester="ana",
        channel=Channel.EVENT,
        service="vpn",
    )
    await desk.tell([Event("odd", "/desk/intake", "odd", at, data, 1)])
    await desk.at(desk.clock.now())
    answer = await ask(app)
    assert answer.status_code == 200
    assert answer.json().keys() == before.keys()


async def test_only_staff_may_ask(app: FastAPI) -> None:
    assert (await ask(app, who="ana")).status_code == 403
    assert (await ask(app, who="nobody")).status_code == 401


async def test_where_each_report_stands_and_what_people_ask_for_is_told(
    app: FastAPI, sources: Sources, desk: Desk
) -> None:
    made = (AskedProposal("vpn", "repair", 2, 2, NOW), AskedProposal("mail", "leave", 1))
    await sources.responses.reported.write([Stored(id=WEEKLY, state=Reported(NOW, made))])
    await desk.tell([wanted(1, "A whiteboard app", "ana"), wanted(2, "a whiteboard app", "ben")])
    body = (await ask(app)).json()
    assert body["answers"] == {"vpn": "Not answered: 2 reports in a row since 1 December 2026."}
    assert body["demand"] == [{"what": "a whiteboard app", "people": 2, "times": 2}]
    assert "unanswered" not in body["systems"][0]
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(
        *shown(await rank_systems(sources, read_period("2026-W48"), NOW, catalogue("en")))
    )
    text = console.export_text()
    assert "Not answered: 2 reports in a row" in text
    assert "a whiteboard app" in text


async def test_the_command_line_shows_figures_and_reasons(sources: Sources) -> None:
    ranking = await rank_systems(sources, read_period("2026-W48"), NOW, catalogue("en"))
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(*shown(ranking))
    text = console.export_text()
    assert "Worst systems, 2026-W48" in text
    assert "vpn: repair" in text
    assert "100% of all the time that people lost was lost here" in text
    assert "Incidents that are still open are not in the lost minutes yet" in text
    assert not ranking.systems[0].is_before_known
    assert "not known" in text


@pytest.mark.parametrize(("who", "sees"), [("bo", False), ("olga", True)])
async def test_ranks_do_not_tell_how_many_services_are_hidden(
    desk: Desk, who: str, sees: bool
) -> None:
    charter, clock = with_secrets(service="vpn"), desk.clock
    responses = OwnerResponses(FakeDocuments(REPORTED, clock), FakeDocuments(ANSWERS, clock))
    collections = desk.collections
    sources = Sources(
        collections.buckets, desk.sums, collections.changes, lambda: charter, responses
    )
    callers = FakeAuthenticator(
        Principal("bo", frozenset({Role.MEMBER}), "identity"),
        Principal("olga", frozenset({Role.OWNER})),
    )
    parts = AppParts(
        Health(clock), record_telemetry().telemetry, callers, clock, organisation=lambda: charter
    )
    deps = MetricsDeps(collections.tickets, collections.buckets, lambda: desk.book, clock)
    app = make_app("metrics", metrics_routers(deps, reports_router(sources, clock)), parts)
    body = (await ask(app, who=who)).json()
    ranked = body["systems"]
    assert ([item["service"] for item in ranked] == ["vpn"]) is sees
    assert [item["rank"] for item in ranked] == list(range(1, len(ranked) + 1))
    assert {item["of"] for item in ranked} <= {len(ranked)}
    assert len(ranked) + len(body["unranked"]) == len(charter.services) - (not sees)

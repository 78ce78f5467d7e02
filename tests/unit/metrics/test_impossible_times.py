"""What earlier versions took over at moments that nothing can have happened at: every report can
still be read, and none says anything that comes of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from desk_charter import load_charter
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.changes import ChangeFinished, ChangeKind, ChangeStarted
from desk_contracts.events.tickets import (
    Channel,
    Kind,
    TicketAssigned,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketStarted,
)
from desk_contracts.message import verbatim
from desk_metrics.measures.api import MetricsDeps, experience_router, metrics_routers
from desk_metrics.measures.balance import Balance, Move
from desk_metrics.measures.gauges import TEAM, Gauges
from desk_metrics.planning.api import goals_router
from desk_metrics.planning.store import PlanningDeps
from desk_metrics.reports.api.page import page_router
from desk_metrics.reports.api.services import reports_router
from desk_metrics.reports.store import ANSWERS, REPORTED, OwnerResponses, Sources
from desk_metrics.sla.policies import PolicyBook
from desk_metrics.sla.worktime import micros
from desk_platform.health import Health
from desk_platform.http import AppParts, Principal, Role, make_app
from desk_testing.fakes import FakeDocuments
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry

from tests.support.metrics_desk import Desk
from tests.support.metrics_measures import second
from tests.support.metrics_story import Story

NOW = datetime(2026, 12, 1, tzinfo=UTC)
CHARTER = load_charter(Path(__file__).parents[3] / "charter")
OWNER = Principal("olga", frozenset({Role.OWNER, Role.OPERATOR}))
LATELY = datetime(2026, 11, 24, 9, tzinfo=UTC)
NEVER = [datetime(year, 6, 1, tzinfo=UTC) for year in (1, 1980, 1999, 9998)]
DAYS = "from=2026-11-20&to=2026-11-30"
# In seconds: nothing that is true of these days is longer.
A_MONTH = 31 * 24 * 3600
FAR = ["/v1/measures?from=2199-01-01&to=2199-12-31"]
QUESTIONS = [
    *FAR,
    f"/v1/measures?{DAYS}",
    f"/v1/measures?{DAYS}&by=team",
    f"/v1/measures?{DAYS}&by=service&grain=week",
    "/v1/measures?from=1970-01-01&to=1971-01-01",
    "/v1/experience?of=service",
    "/v1/experience?of=person",
    "/v1/reports/systems",
    "/v1/report",
    "/v1/goals",
    "/v1/staffing?team=network",
    "/v1/cohorts",
]


def life(ticket: str, *dated: tuple[datetime, Payload]) -> list[AnyEvent]:
    opening = TicketOpened(
        code="K7M2-Q9PG",
        kind=Kind.INCIDENT,
        title="x",
        requester="eve",
        channel=Channel.EVENT,
        service="vpn",
    )
    facts: list[tuple[datetime, Payload]] = [(dated[0][0], opening), *dated]
    return [
        Event(f"{ticket}/{n}", "/desk/intake", ticket, at, data, n)
        for n, (at, data) in enumerate(facts, start=1)
    ]


def odd() -> Iterator[AnyEvent]:
    """Lives that begin, are worked on, end and begin again at moments of no sense."""
    assigned = TicketAssigned(team="network", member="nina")
    started, solved = (
        TicketStarted(by="nina"),
        TicketResolved(by="nina", resolution=verbatim("done")),
    )
    again = TicketReopened(by="eve", reason="no")
    for never in NEVER:
        name = f"odd-{never.year}"
        yield from life(f"{name}-open", (never, assigned))
        yield from life(f"{name}-ended", (never, assigned), (never, started), (LATELY, solved))
        yield from life(f"{name}-late", (LATELY, assigned), (never, solved), (never, again))
        change = ChangeStarted(change=name, kind=ChangeKind.RELEASE, title="x")
        yield Event(f"{name}-begun", "/ci", "vpn", never, change)
        end = ChangeFinished(change=name, kind=ChangeKind.RELEASE, succeeded=True)
        yield Event(f"{name}-done", "/ci", "vpn", never + timedelta(hours=1), end)


async def desk_with(*more: AnyEvent) -> Desk:
    desk = Desk(NOW, PolicyBook(()))
    for number in range(12):
        story = Story("09:00", service="vpn").assigned("09:05", "network")
        await desk.tell(second(story if number == 3 else story.resolved("10:00"), f"t-{number}"))
    for event in more:
        await desk.tell([event])
    await desk.at(NOW)
    return desk


async def answers(desk: Desk) -> dict[str, httpx.Response]:
    clock, collections, sums = desk.clock, desk.collections, desk.sums
    telemetry = record_telemetry().telemetry
    parts = AppParts(
        Health(clock), telemetry, FakeAuthenticator(OWNER), clock, organisation=lambda: CHARTER
    )
    deps = MetricsDeps(
        collections.tickets, collections.buckets, lambda: desk.book, clock, people=50
    )
    responses = OwnerResponses(FakeDocuments(REPORTED, clock), FakeDocuments(ANSWERS, clock))
    sources = Sources(collections.buckets, sums, collections.changes, lambda: CHARTER, responses)
    planning = PlanningDeps(collections.buckets, sums, lambda: CHARTER, clock, people=50)
    routers = metrics_routers(
        deps,
        reports_router(sources, clock),
        experience_router(deps),
        page_router(sources, clock),
        goals_router(planning),
    )
    app = make_app("metrics", routers, parts)
    transport = httpx.ASGITransport(app)
    by_question = {}
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        client.headers["Authorization"] = "Bearer olga"
        for question in QUESTIONS:
            by_question[question] = await client.get(question)
        for media in ("text/csv", "application/vnd.apache.parquet"):
            accept = {"Accept": media}
            by_question[media] = await client.get(f"/v1/measures?{DAYS}", headers=accept)
    return by_question


def numbers(document: object) -> Iterator[float]:
    """Every number in an answer."""
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for item in document:
            yield from numbers(item)
    elif isinstance(document, int | float):
        yield document


async def test_every_report_can_be_read_and_says_nothing_absurd() -> None:
    plain_answers, odd_answers = (
        await answers(await desk_with()),
        await answers(await desk_with(*odd())),
    )
    for question, answer in odd_answers.items():
        assert answer.status_code == plain_answers[question].status_code, question
        if answer.headers["content-type"] == "application/json" and question not in FAR:
            assert max(numbers(answer.json()), default=0) < A_MONTH, question


async def test_gauges_show_nothing_absurd() -> None:
    desk, recorded = await desk_with(*odd()), record_telemetry()
    meter = recorded.telemetry.metrics.get_meter("t")
    gauges = Gauges(
        meter, desk.collections.buckets, desk.sums, desk.collections.tickets, desk.clock
    )
    await gauges.look()
    for name in ("desk.restore.mean", "desk.restore.p90", "desk.acknowledge.mean"):
        assert recorded.value(name, **{TEAM: "network"}) < A_MONTH


def test_a_balance_that_adds_up_moments_of_year_1_is_not_believed() -> None:
    """It is kept beside its bucket since before times were bounded."""
    came = micros(NEVER[0])
    assert not Balance(0, (Move("incident", "vpn", "", "", 1, came),)).is_believed
    assert not Balance(0, (Move("incident", "vpn", "", "", -1, -came),)).is_believed
    assert Balance(0, (Move("incident", "vpn", "", "", 2, 2 * micros(NOW)),)).is_believed

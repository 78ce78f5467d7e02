"""Answers to reports over HTTP: who may give them, to what, and what is refused in which words."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from desk_charter import load_charter
from desk_contracts import AnyEvent
from desk_contracts.events.reports import Answer, ResponseRecorded
from desk_metrics.measures.api import MetricsDeps, metrics_routers
from desk_metrics.reports.api.responses import AnswersDeps, answers_router
from desk_metrics.reports.decide import WEEKLY, Reported
from desk_metrics.reports.responses import AskedProposal
from desk_metrics.reports.store import ANSWERS, REPORTED, OwnerResponses
from desk_metrics.sla.policies import PolicyBook
from desk_platform.health import Health
from desk_platform.http import (
    AppParts,
    Principal,
    Role,
    calls_without_key,
    find_undeclared_routes,
    make_app,
)
from desk_platform.kafka import CommandQueue, Projection, UnitOfWork
from desk_platform.store import Stored
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry
from fastapi import FastAPI

from tests.support.metrics_desk import Desk

NOW = datetime(2026, 12, 2, 9, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
CHARTER = load_charter(Path(__file__).parents[3] / "charter")
CALLERS = (
    Principal("bo", frozenset({Role.MEMBER}), team="network"),
    Principal("mia", frozenset({Role.MEMBER}), team="workplace"),
    Principal("olga", frozenset({Role.OWNER})),
    Principal("otto", frozenset({Role.OPERATOR})),
    Principal("ana", frozenset({Role.EMPLOYEE})),
)
ACCEPTED = {"answer": "accepted", "plan": "A second gateway.", "target_date": "2026-12-20"}
REJECTED = {"answer": "rejected", "reason": "It is replaced soon."}


class Office:
    """The routes on fakes, after a report that asked about the VPN."""

    def __init__(self) -> None:
        self.desk = Desk(NOW, PolicyBook(()))
        clock, telemetry = self.desk.clock, record_telemetry().telemetry
        self.publisher = FakePublisher()
        answers = FakeDocuments(ANSWERS, clock)
        self.reported = FakeDocuments(REPORTED, clock)
        unit_of_work = UnitOfWork(
            Projection(answers), self.publisher, clock, telemetry.meters, cached=0
        )
        self.commands = CommandQueue(unit_of_work)
        deps = AnswersDeps(
            OwnerResponses(self.reported, answers), self.commands, lambda: CHARTER, clock
        )
        parts = AppParts(Health(clock), telemetry, FakeAuthenticator(*CALLERS), clock)
        collections = self.desk.collections
        metrics = MetricsDeps(
            collections.tickets, collections.buckets, lambda: self.desk.book, clock
        )
        self.app: FastAPI = make_app(
            "metrics", metrics_routers(metrics, answers_router(deps)), parts
        )

    async def ask_about(self, *made: AskedProposal) -> None:
        """As the last report left it."""
        report = (await self.reported.load([WEEKLY])).get(WEEKLY, Stored(id=WEEKLY))
        report.state = Reported(MONDAY, made)
        assert await self.reported.write([report]) == frozenset()

    async def call(
        self, body: object = None, who: str = "bo", service: str = "vpn", key: str = "k-1"
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        headers = {"Authorization": f"Bearer {who}"} | ({"Idempotency-Key": key} if key else {})
        path = f"/v1/reports/systems/{service}/answers"
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            if body is None:
                return await client.get(path, headers=headers)
            return await client.post(path, headers=headers, json=body)

    @property
    def events(self) -> list[AnyEvent]:
        return self.publisher.events()


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    office = Office()
    proposal = AskedProposal(
        "vpn", "repair", 1, 1, MONDAY + timedelta(hours=30), "2026-W45/2026-W48", 900.0
    )
    await office.ask_about(proposal, AskedProposal("mail", "leave", 1))
    yield office
    await office.commands.finish()


async def test_an_owner_answers_and_everybody_can_read_it(office: Office) -> None:
    before = (await office.call(who="otto")).json()
    assert before["status"] == "Not answered: 1 report in a row since 1 December 2026."
    answer = await office.call(ACCEPTED)
    assert answer.status_code == 201, answer.text
    recorded = answer.json()
    assert (recorded["period"], recorded["proposal"]) == ("2026-W45/2026-W48", "repair")
    assert (recorded["by"], recorded["target_date"]) == ("bo", "2026-12-20")
    assert "not reported again before 2026-12-20" in recorded["next"]
    after = (await office.call(who="otto")).json()
    assert after["status"].startswith("Accepted on 2 December 2026 by bo. Due 20 December 2026.")
    assert after["answers"] == [recorded]
    (event,) = office.events
    assert isinstance(event.data, ResponseRecorded)
    assert (event.subject, event.data.service, event.data.answer) == (
        "network",
        "vpn",
        Answer.ACCEPTED,
    )
    assert event.data.text == "A second gateway."


async def test_a_repeated_call_answers_once_whatever_has_passed_since(office: Office) -> None:
    first = await office.call(ACCEPTED)
    await office.ask_about(AskedProposal("vpn", "leave", 1, heard="something"))
    office.desk.clock.advance(timedelta(days=40))
    again = await office.call(ACCEPTED)
    assert (again.status_code, again.json()) == (201, first.json())
    assert len(office.events) == 1
    other = await office.call(REJECTED)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_second_answer_takes_the_place_of_the_first(office: Office) -> None:
    await office.call(ACCEPTED)
    done = await office.call({"answer": "done", "what": "It stands."}, key="k-2")
    assert done.status_code == 201
    body = (await office.call()).json()
    assert [item["answer"] for item in body["answers"]] == ["done", "accepted"]
    assert body["status"] == "Done on 2 December 2026 by bo. It said: “It stands.”"
    assert len(office.events) == 2


@pytest.mark.parametrize("who", ["bo", "olga"])
async def test_the_team_and_owners_may_answer(office: Office, who: str) -> None:
    assert (await office.call(REJECTED, who)).status_code == 201


@pytest.mark.parametrize("who", ["mia", "otto", "ana"])
async def test_nobody_else_may(office: Office, who: str) -> None:
    answer = await office.call(REJECTED, who)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert office.events == []


@pytest.mark.parametrize(
    ("service", "body", "status", "code", "words"),
    [
        ("unheard-of", REJECTED, 404, "not-found", "names no service 'unheard-of'"),
        ("wifi", REJECTED, 409, "nothing-asked", "proposed nothing for 'wifi'"),
        ("vpn", {**REJECTED, "period": "2026-W01"}, 409, "another-report", "2026-W45/2026-W48"),
        ("vpn", {**ACCEPTED, "target_date": "2026-12-02"}, 422, "day-is-past", "in the future"),
        ("vpn", {**ACCEPTED, "target_date": "2028-01-01"}, 422, "day-too-far", "first step"),
        ("vpn", {"answer": "accepted", "plan": "x"}, 422, "invalid-request", "see errors"),
        ("vpn", {"answer": "rejected", "reason": "  "}, 422, "invalid-request", "see errors"),
        ("vpn", {"answer": "maybe"}, 422, "invalid-request", "see errors"),
    ],
)
async def test_what_cannot_be_answered_is_refused_with_a_sentence(
    office: Office, service: str, body: object, status: int, code: str, words: str
) -> None:
    answer = await office.call(body, service=service)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert words in answer.json()["detail"]
    assert office.events == []


async def test_the_key_is_asked_for(office: Office) -> None:
    answer = await office.call(REJECTED, key="")
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")
    assert calls_without_key(office.app) == find_undeclared_routes(office.app) == []

"""The HTTP side: who may ask what, why a ticket went where it went, what is open."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from desk_contracts.events.problems import ProblemConfirmed, ProblemResolved
from desk_platform.health import Health
from desk_platform.http import (
    AppParts,
    Principal,
    Role,
    calls_without_key,
    find_undeclared_routes,
    make_app,
)
from desk_platform.store import Schema
from desk_platform.store.document import S
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry
from desk_triage.detection.model import DetectorState
from desk_triage.detection.store import SUBJECTS
from desk_triage.problems.members import Members
from desk_triage.problems.store import REGISTERS

from tests.support.triage_desk import CHARTER, TriageDesk, measured, opened

MIA, ANA = Principal("mia", frozenset({Role.MEMBER})), Principal("ana", frozenset({Role.EMPLOYEE}))
OWNER = Principal("olga", frozenset({Role.OWNER}))


def known_as(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


@dataclass
class Front:
    desk: TriageDesk
    client: httpx.AsyncClient


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    desk = TriageDesk()
    telemetry = record_telemetry().telemetry
    who = FakeAuthenticator(MIA, ANA, OWNER)
    parts = AppParts(Health(desk.clock), telemetry, who, desk.clock)
    app = make_app("triage", desk.routers(), parts)
    assert find_undeclared_routes(app) == []
    assert calls_without_key(app) == []
    transport = httpx.ASGITransport(app)
    headers = known_as("mia")
    async with httpx.AsyncClient(
        transport=transport, base_url="http://desk", headers=headers
    ) as client:
        yield Front(desk, client)


async def test_a_decision_is_explained(front: Front) -> None:
    ticket = opened("VPN does not connect")
    await front.desk.feed(ticket)
    answer = (await front.client.get(f"/v1/decisions/{ticket.subject}")).json()
    assert (answer["team"], answer["rule"], answer["deferred"]) == ("network", "vpn", False)
    assert answer["charter"] == CHARTER.version
    assert answer["explanation"][0]["text"].startswith("It is about remote access")
    for typed in (ticket.data.code, f" {ticket.data.code.lower()} "):
        assert (await front.client.get(f"/v1/decisions/{typed}")).json() == answer
        why = (await front.client.get("/v1/why", params={"subject": typed})).json()
        assert (why["subject"], why["looks"][0]["kind"]) == (ticket.subject, "decision")


async def test_employees_may_not_read_it_and_nobody_finds_what_is_not_there(front: Front) -> None:
    for path in ("/v1/decisions/x", "/v1/signals", "/v1/problems"):
        refused = await front.client.get(path, headers=known_as("ana"))
        assert refused.status_code == 403
    assert (await front.client.get("/v1/decisions/x")).status_code == 404


async def test_open_signals_are_listed_page_by_page(front: Front) -> None:
    for number in range(3):
        await front.desk.feed(measured(5, number, subject=f"laptop-{number}"))
    first = await front.client.get("/v1/signals", params={"limit": 2})
    subjects = [item["subject"] for item in first.json()["items"]]
    cursor = first.json()["next"]
    assert 'rel="next"' in first.headers["Link"]
    rest = await front.client.get("/v1/signals", params={"limit": 2, "cursor": cursor})
    subjects += [entry["subject"] for entry in rest.json()["items"]]
    assert sorted(set(subjects)) == ["laptop-0", "laptop-1", "laptop-2"]
    assert rest.json()["next"] is None
    bad = await front.client.get("/v1/problems", params={"cursor": cursor})
    assert bad.status_code == 400


async def test_a_member_ends_a_problem_and_a_repeat_is_harmless(front: Front) -> None:
    crowd = [opened("VPN does not connect", n * 0.1, person=f"person-{n}") for n in range(8)]
    await front.desk.feed(*crowd)
    (problem,) = (await front.client.get("/v1/problems")).json()["items"]
    assert (problem["repeats"], problem["withheld"]) == (0, 0), "no runbook points to it"
    assert (problem["tickets"], problem["people"], problem["status"]) == (8, 8, "proposed")
    path, key = f"/v1/problems/{problem['id']}/resolve", {"Idempotency-Key": "k"}
    refused = await front.client.post(path, json={}, headers=known_as("olga") | key)
    assert refused.status_code == 403
    for _ in range(2):
        answer = await front.client.post(path, json={"resolution": "Renewed."}, headers=key)
        assert answer.json() == {"id": problem["id"], "status": "resolved"}
    assert len(front.desk.emitted(ProblemResolved)) == 1
    other = await front.client.post(path, json={"resolution": "Other."}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    again = await front.client.post(path, json={}, headers={"Idempotency-Key": "k2"})
    unknown = await front.client.post("/v1/problems/nope/resolve", json={}, headers=key)
    assert (again.status_code, unknown.status_code) == (404, 404)
    assert (await front.client.get("/v1/problems")).json()["items"] == []


async def test_people_say_what_is_one_and_what_belongs_to_it(front: Front) -> None:
    crowd = [opened("VPN does not connect", n * 0.1, person=f"person-{n}") for n in range(9)]
    crowd.append(opened("VPN does not connect", 1, person="ana"))
    await front.desk.feed(*crowd)
    (problem,) = (await front.client.get("/v1/problems")).json()["items"]
    path = f"/v1/problems/{problem['id']}"
    members = (await front.client.get(f"{path}/members")).json()["members"]
    assert [member["ticket"] for member in members] == [ticket.subject for ticket in crowd]

    async def say(what: str, who: str = "mia", **body: object) -> int:
        headers = known_as(who) | {"Idempotency-Key": f"{what}-{who}-{body}"}
        answer = await front.client.post(f"{path}/{what}", json=body or None, headers=headers)
        return answer.status_code

    assert await say("confirm", "ana") == 403
    assert await say("confirm") == 200
    assert len(front.desk.emitted(ProblemConfirmed)) == 1
    # An employee says it of their own ticket only.
    assert await say("remove", "ana", tickets=[crowd[0].subject]) == 404
    assert await say("remove", "ana", tickets=[crowd[-1].subject]) == 200
    assert await say("remove", tickets=[]) == 422
    assert await say("split", tickets=[crowd[0].subject]) == 200
    both = (await front.client.get("/v1/problems")).json()["items"]
    assert [item["tickets"] for item in both] == [8, 1]
    assert await say("merge", into=both[1]["id"]) == 200
    path = f"/v1/problems/{both[1]['id']}"
    assert await say("reject") == 200
    assert (await front.client.get("/v1/problems")).json()["items"] == []
    assert (await front.client.get(f"{path}/members")).status_code == 404


def brief_of(schema: Schema[S], state: S) -> S:
    assert schema.brief is not None
    return schema.brief(state)


async def test_a_problem_is_listed_the_same_and_as_shortly_however_many_are_in_it(
    front: Front,
) -> None:
    crowd = [opened("VPN does not connect", n * 0.1, person=f"person-{n % 8}") for n in range(11)]
    await front.desk.feed(*crowd)
    (stored,) = await front.desk.register.find({"open": True})
    register = stored.state
    assert register is not None
    (listed,) = (await front.client.get("/v1/problems")).json()["items"]
    assert (listed["tickets"], listed["people"]) == (11, 8)
    members = tuple((f"ticket-{n}", f"person-{n % 7_000}") for n in range(20_000))
    large = register.problems[0].model_copy(update={"members": Members(members), "unlisted": 5})
    brief = brief_of(REGISTERS, register.model_copy(update={"problems": (large,)}))
    assert len(brief.model_dump_json()) < 1_500
    (shown,) = brief.problems
    assert (shown.tickets, shown.head_count) == (20_005, 7_000)


async def test_a_signal_is_listed_the_same_however_much_was_measured(front: Front) -> None:
    await front.desk.feed(*(measured(5, number) for number in range(3)))
    (stored,) = await front.desk.subjects.find({"open": True})
    subject = stored.state
    assert subject is not None
    samples = tuple((float(n), 1.0) for n in range(1_000))
    watches = tuple(
        watch.model_copy(update={"state": DetectorState(samples=samples)})
        for watch in subject.watches
    )
    brief = brief_of(SUBJECTS, subject.model_copy(update={"watches": watches}))
    assert brief.episodes == subject.episodes
    assert len(brief.model_dump_json()) < 1_500
    assert len((await front.client.get("/v1/signals")).json()["items"]) == len(subject.episodes)

"""`POST /v1/events` on a desk in memory: what is taken, what is refused, and who may ask."""

import json
from hashlib import sha256
from typing import Any

import httpx
import pytest
from desk_charter import Charter
from desk_charter.sources import OutsideSystem
from desk_contracts.ids import request_ticket_id

from tests.support.intake_world import Desk, make_desk

TOKEN, PORTAL, GONE, CALENDAR = "t" * 64, "p" * 64, "g" * 64, "c" * 64
BATCH, SINGLE = "application/cloudevents-batch+json", "application/cloudevents+json"


def digest(token: str) -> tuple[str]:
    return (sha256(token.encode()).hexdigest(),)


SYSTEMS = (
    OutsideSystem(
        name="zabbix",
        title="Zabbix",
        source="/monitor/zabbix",
        types=("desk.alert.fired.v1", "desk.telemetry.measured.v1", "desk.ticket.requested.v1"),
        token_sha256=digest(TOKEN),
        sign_in="zabbix",
    ),
    OutsideSystem(
        name="portal",
        title="Portal",
        source="/portal",
        types=("desk.ticket.requested.v1",),
        services=("vpn",),
        token_sha256=digest(PORTAL),
    ),
    OutsideSystem(
        name="calendar",
        title="Calendar",
        source="/calendar",
        types=("desk.change.planned.v1",),
        token_sha256=digest(CALENDAR),
    ),
    OutsideSystem(
        name="gone",
        title="Gone",
        source="/gone",
        types=("desk.ticket.requested.v1",),
        token_sha256=digest(GONE),
        sign_in="gone",
        revoked=True,
    ),
)


@pytest.fixture
def desk(charter: Charter) -> Desk:
    return make_desk(charter.model_copy(update={"sources": SYSTEMS}))


def event(id: str = "1", **more: object) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": id,
        "source": "/monitor/zabbix/eu",
        "type": "desk.ticket.requested.v1",
        "subject": "ann@desk.example",
        "time": "2026-03-02T08:00:00Z",
        "data": {"requester": "ann@desk.example", "title": "The VPN is away", "service": "vpn"},
        **more,
    }


async def post(
    desk: Desk, body: object, kind: str = SINGLE, token: str = TOKEN, **headers: str
) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": kind, **headers}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    async with httpx.AsyncClient(transport=desk.transport, base_url="http://desk") as client:
        return await client.post("/v1/events", content=content, headers=sent)


async def test_a_structured_event_is_published_under_its_own_source(desk: Desk) -> None:
    answer = await post(desk, event())
    assert answer.status_code == 202
    (result,) = answer.json()["results"]
    ticket = request_ticket_id("/monitor/zabbix/eu", "1")
    assert (result["accepted"], result["id"], result["ticket"]) == (True, "1", ticket)
    (published,) = desk.publisher.events()
    assert (published.topic, published.source) == ("desk.requests", "/monitor/zabbix/eu")
    assert desk.publisher.messages[0].key == b"ann@desk.example"


async def test_a_binary_event_is_the_same_event(desk: Desk) -> None:
    cloud_event = event()
    names = ("specversion", "id", "source", "type", "subject", "time")
    headers = {f"ce-{name}": str(cloud_event[name]) for name in names}
    headers["ce-subject"] = "J%C3%B6rg%20M%C3%BCller"
    answer = await post(desk, cloud_event["data"], "application/json", **headers)
    assert answer.status_code == 202, answer.text
    (published,) = desk.publisher.events()
    assert published.subject == "Jörg Müller"
    assert published.data.model_dump()["title"] == "The VPN is away"


async def test_of_a_batch_each_is_judged_by_itself(desk: Desk) -> None:
    wrong = [
        event("2", source="/monitor/zabbix-evil"),
        event("3", source="/portal"),
        event("4", type="desk.change.started.v1"),
        event("5", type="desk.nothing.known.v1"),
        event("6", data="text"),
        event("7", source="/desk/intake"),
        17,
        event("", subject="ann"),
    ]
    answer = await post(desk, [event("1"), *wrong, event("9")], BATCH)
    assert answer.status_code == 207
    body = answer.json()
    assert (body["accepted"], body["refused"]) == (2, len(wrong))
    codes = [item.get("code") for item in body["results"]]
    assert codes[0] is None
    assert codes[-1] is None
    assert codes[1:3] == ["foreign-source", "foreign-source"]
    assert codes[4] == "unknown-type"
    assert "desk.ticket.requested.v1" in body["results"][4]["detail"]
    assert [item["index"] for item in body["results"]] == list(range(len(wrong) + 2))
    assert [item.id for item in desk.publisher.events()] == ["1", "9"]


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"source": "/portal"}, 403, "foreign-source"),
        ({"source": "/monitor/zabbix-evil"}, 403, "foreign-source"),
        ({"source": "/monitor/zabbix/../../desk/intake"}, 403, None),
        ({"source": "/desk/intake"}, 403, None),
        ({"type": "desk.nothing.known.v1"}, 422, "unknown-type"),
        ({"data": None}, 422, "bad-data"),
        ({"data": [1]}, 422, "bad-data"),
        ({"id": None}, 422, "missing-attribute"),
        ({"source": None}, 422, "missing-attribute"),
    ],
)
async def test_one_event_that_is_refused_is_a_problem_with_its_own_code(
    desk: Desk, changed: dict[str, object], status: int, code: str | None
) -> None:
    answer = await post(desk, event() | changed)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert code is None or problem["code"] == code
    assert problem["results"][0]["code"] == problem["code"]
    assert desk.publisher.messages == []


async def test_a_type_of_the_desk_itself_is_not_published(desk: Desk) -> None:
    data = {"by": "ann"}
    answer = await post(desk, event(type="desk.ticket.closed.v1", data=data, sequence="7"))
    assert answer.status_code == 403
    assert answer.json()["code"] == "not-allowed-for-source"
    assert desk.publisher.messages == []


async def test_a_system_speaks_for_its_services_only(desk: Desk) -> None:
    data = {"requester": "ann", "title": "No pay", "service": "payroll"}
    answer = await post(desk, event(source="/portal", data=data), token=PORTAL)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed-for-source")
    assert (await post(desk, event(source="/portal"), token=PORTAL)).status_code == 202


@pytest.mark.parametrize(
    ("token", "headers", "status", "code"),
    [
        ("", {}, 401, "unauthenticated"),
        ("wrong" * 10, {}, 401, "invalid-token"),
        ("short", {}, 401, "invalid-token"),
        (GONE, {}, 403, "source-revoked"),
        ("", {"X-Desk-User": "gone", "X-Desk-Roles": "employee"}, 403, "source-revoked"),
        ("", {"X-Desk-User": "ann", "X-Desk-Roles": "operator"}, 403, "unknown-publisher"),
    ],
)
async def test_who_is_no_system_of_the_charter_publishes_nothing(
    desk: Desk, token: str, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await post(desk, event(), token=token, **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert ("www-authenticate" in answer.headers) is (status == 401)
    assert desk.publisher.messages == []


async def test_a_system_may_come_with_its_sign_in(desk: Desk) -> None:
    headers = {"X-Desk-User": "zabbix", "X-Desk-Roles": "employee"}
    assert (await post(desk, event(), token="", **headers)).status_code == 202


async def test_a_token_opens_nothing_else(desk: Desk) -> None:
    async with httpx.AsyncClient(transport=desk.transport, base_url="http://desk") as client:
        answer = await client.get("/v1/tickets", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 401


async def test_one_identity_twice_in_a_call_is_published_once_or_told(desk: Desk) -> None:
    other = event("1", data={"requester": "bob", "title": "Other"})
    answer = await post(desk, [event("1"), event("1"), other], BATCH)
    assert answer.status_code == 207
    assert [item.get("code") for item in answer.json()["results"]] == [None, None, "id-reused"]
    assert len(desk.publisher.messages) == 1


async def test_a_request_whose_identity_opened_another_ticket_is_told(desk: Desk) -> None:
    assert (await post(desk, event("1"))).status_code == 202
    await desk.hear_events(*desk.publisher.events())
    assert (await post(desk, event("1"))).status_code == 202
    answer = await post(desk, event("1", data={"requester": "bob", "title": "Other"}))
    assert (answer.status_code, answer.json()["code"]) == (422, "id-reused")


async def test_copies_that_are_only_written_differently_are_one_event(desk: Desk) -> None:
    copy = {**event("1"), "time": "2026-03-02T09:00:00+01:00"}
    answer = await post(desk, [event("1"), dict(reversed(copy.items()))], BATCH)
    assert answer.status_code == 202, answer.text
    assert len(desk.publisher.messages) == 1


async def test_a_time_outside_the_window_is_told_as_amended(desk: Desk) -> None:
    answer = await post(desk, event(time="0001-01-01T00:00:00Z"))
    assert answer.status_code == 202
    assert answer.json()["results"][0]["amended"] == ["time"]


async def test_what_the_bus_would_refuse_is_refused_here(desk: Desk) -> None:
    """A plan for a year that nobody can mean is found by the door, and not by the codec."""
    plan = {"change": "c-1", "kind": "release", "title": "R"} | {
        "starts": "9998-01-01T00:00:00Z",
        "ends": "9998-01-02T00:00:00Z",
    }
    cloud_event = event(source="/calendar", type="desk.change.planned.v1", subject="vpn", data=plan)
    answer = await post(desk, cloud_event, token=CALENDAR)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-time")


async def test_an_empty_batch_is_nothing_to_do(desk: Desk) -> None:
    answer = await post(desk, [], BATCH)
    assert (answer.status_code, answer.json()["results"]) == (202, [])


async def test_nothing_is_accepted_before_the_bus_has_it(desk: Desk) -> None:
    desk.publisher.is_down = True
    answer = await post(desk, [event("1"), event("2")], BATCH)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    desk.publisher.is_down = False
    assert (await post(desk, [event("1"), event("2")], BATCH)).status_code == 202


async def test_a_body_of_ten_megabytes_is_refused(desk: Desk) -> None:
    answer = await post(desk, b"[" + b" " * 10_000_000 + b"]", BATCH)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_headers_that_are_no_utf8_are_told(desk: Desk) -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "%ff",
        "ce-source": "/monitor/zabbix",
        "ce-type": "desk.ticket.requested.v1",
        "ce-subject": "ann",
    }
    answer = await post(desk, event()["data"], "application/json", **headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-header")


async def test_what_does_not_fit_is_made_to_fit_and_told(desk: Desk) -> None:
    data = {"requester": "ann", "title": "T" * 370}
    answer = await post(desk, event(data=data))
    assert answer.status_code == 202
    assert "title" in answer.json()["results"][0]["amended"]


async def test_an_event_without_a_time_is_taken(desk: Desk) -> None:
    cloud_event = event()
    del cloud_event["time"]
    assert (await post(desk, cloud_event)).status_code == 202


async def test_of_a_batch_only_the_event_that_says_a_thing_twice_is_refused(desk: Desk) -> None:
    twice = json.dumps(event("2")).replace('"title":', '"title": "Mail", "title":')
    body = f"[{json.dumps(event('1'))}, {twice}]".encode()
    answer = await post(desk, body, BATCH)
    assert answer.status_code == 207
    assert [item.get("code") for item in answer.json()["results"]] == [None, "repeated-name"]
    assert "/data/title" in answer.json()["results"][1]["detail"]
    alone = await post(desk, twice.encode())
    assert (alone.status_code, alone.json()["code"]) == (422, "repeated-name")
    assert [item.id for item in desk.publisher.events()] == ["1"]

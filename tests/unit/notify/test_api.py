"""Who may see what became of messages, and how pages follow each other."""

from datetime import timedelta

import httpx
import pytest
from desk_notify.deliveries.api import delivery_router
from desk_notify.deliveries.store import DELIVERIES
from desk_platform.clock import FakeClock
from desk_platform.health import Health
from desk_platform.http import AppParts, Cursors, Principal, Role, find_undeclared_routes, make_app
from desk_platform.store import Stored
from desk_testing.fakes import FakeDocuments
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry
from fastapi import FastAPI

from tests.support.notify_deliveries import dispatch
from tests.support.notify_desk import ANA, NOON

CALLERS = (
    Principal("operator", frozenset({Role.OPERATOR})),
    Principal("network-1", frozenset({Role.MEMBER}), team="network"),
    Principal(ANA, frozenset({Role.EMPLOYEE})),
)


@pytest.fixture
async def app() -> FastAPI:
    clock = FakeClock(NOON)
    documents = FakeDocuments(DELIVERIES, clock)
    for number, recipient in enumerate(("network", "network", "network", "identity", "network-1")):
        fields = {"message": f"m-{number}", "recipient": recipient}
        moment = {"happened_at": NOON + timedelta(minutes=number)}
        state = dispatch().model_copy(update=fields | moment)
        await documents.write([Stored(id=state.message, state=state)])
    parts = AppParts(
        Health(clock), record_telemetry().telemetry, FakeAuthenticator(*CALLERS), clock
    )
    return make_app("notify", [delivery_router(documents, Cursors(b"secret"))], parts)


async def ask(app: FastAPI, who: str, query: str = "") -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        headers = {"Authorization": f"Bearer {who}"}
        return await client.get(f"/v1/deliveries{query}", headers=headers)


def ids(response: httpx.Response) -> list[str]:
    return [item["id"] for item in response.json()["items"]]


async def test_an_operator_sees_everything_oldest_first(app: FastAPI) -> None:
    answer = await ask(app, "operator")
    assert ids(answer) == ["m-0", "m-1", "m-2", "m-3", "m-4"]
    assert answer.json()["items"][0]["deliveries"] == [
        {
            "channel": "mailto:net@desk.example",
            "state": "pending",
            "attempts": 0,
            "next_at": "2026-11-23T11:00:00Z",
            "changed_at": "2026-11-23T11:00:00Z",
            "reason": "",
        }
    ]


async def test_pages_follow_each_other_to_the_end(app: FastAPI) -> None:
    seen, query = [], "?recipient=network&limit=2"
    first = await ask(app, "operator", query)
    seen += ids(first)
    assert 'rel="next"' in first.headers["Link"]
    second = await ask(app, "operator", f"{query}&cursor={first.json()['next']}")
    seen += ids(second)
    assert seen == ["m-0", "m-1", "m-2"]
    assert second.json()["next"] is None


async def test_a_cursor_of_one_listing_is_no_key_to_another(app: FastAPI) -> None:
    first = await ask(app, "operator", "?recipient=network&limit=1")
    answer = await ask(app, "operator", f"?recipient=identity&cursor={first.json()['next']}")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("query", "status", "expected"),
    [
        ("", 200, ["m-0", "m-1", "m-2"]),
        ("?recipient=network", 200, ["m-0", "m-1", "m-2"]),
        ("?recipient=network-1", 200, ["m-4"]),
        ("?recipient=identity", 403, None),
    ],
)
async def test_a_member_sees_their_teams_messages_and_their_own(
    app: FastAPI, query: str, status: int, expected: list[str] | None
) -> None:
    answer = await ask(app, "network-1", query)
    assert answer.status_code == status
    assert expected is None or ids(answer) == expected


async def test_employees_have_no_business_here(app: FastAPI) -> None:
    assert (await ask(app, ANA)).status_code == 403


def test_every_route_says_who_may_call_it(app: FastAPI) -> None:
    assert find_undeclared_routes(app) == []


def test_a_delivery_is_listed_without_what_was_written_in_it() -> None:
    long = dispatch().model_copy(update={"body": "x" * 100_000})
    assert DELIVERIES.brief is not None
    assert DELIVERIES.brief(long) == dispatch().model_copy(update={"body": ""})

"""Every call of every service that changes something, repeated: it is answered as before, and its
key stands for nothing else.

Goes by the rows of who sees what, which every route has. A new route that needs a state of its own
says in `BEFORE` how it comes about.
"""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.http_rows import ROWS, TICKET, Row, fill
from tests.support.http_worlds import READERS, WORLDS, World

# An event is known by its source and id, or by what it says; an answer by its link; a check changes
# nothing. There is no key.
WITHOUT_KEY = {
    "POST /v1/account-recoveries",
    "POST /v1/account-recoveries/redeem",
    "POST /v1/chat/{chat}",
    "POST /v1/events",
    "POST /v1/surveys/{token}",
    "POST /v1/tickets/check",
    "POST /v1/webhooks/{webhook}",
}
RESOLVED = (f"POST {TICKET}/resolve", {"resolution": "x"})
RESOLVED_BY_STAFF = (f"POST {TICKET}/resolve", {"resolution": "x", "how": "member"})
BEGUN = (f"POST {TICKET}/start", None)
# Only tickets of one person are merged.
SECOND = ("POST /v1/tickets", {"title": "The same again"})
BEFORE: dict[str, tuple[tuple[str, dict[str, str] | None], ...]] = {
    f"POST {TICKET}/pause": (BEGUN,),
    f"POST {TICKET}/resume": (BEGUN, (f"POST {TICKET}/pause", {"waiting_for": "vendor"})),
    f"POST {TICKET}/reopen": (RESOLVED,),
    f"POST {TICKET}/close": (RESOLVED,),
    f"POST {TICKET}/confirm": (RESOLVED_BY_STAFF,),
    f"POST {TICKET}/feedback": (RESOLVED,),
    f"POST {TICKET}/merge": (SECOND,),
    "POST /v1/tickets/{other}/merge": (SECOND,),
    "POST /v1/resume": (("POST /v1/stop", {"reason": "x"}),),
}
WHO = ("max", "mia", "ana", "olga", "otto")
# The first row of each route; others of it differ in what they say, not in how they are repeated.
FIRST = {(row.service, row.route): row for row in reversed(ROWS)}.values()
# The rows' world has no request of the catalogue, no run that waits for a yes, and no runbook that
# is stopped or may be promoted; how these are repeated is in unit/intake and unit/automation.
WITHOUT_STATE = (
    *("POST /v1/catalogue/", "POST /v1/requests/"),
    *("POST /v1/runs/{id}/approve", "POST /v1/runs/{id}/decline"),
    *("POST /v1/runbooks/{runbook}/resume", "POST /v1/consents/"),
    *("POST /v1/runbooks/{runbook}/promote", "POST /v1/runbooks/{runbook}/demote"),
)
CALLS = [
    item
    for item in FIRST
    if not item.route.startswith(("GET", *WITHOUT_STATE)) and item.route not in WITHOUT_KEY
]


class Caller:
    """Asks one service, as one of the readers."""

    def __init__(self, row: Row, world: World, client: httpx.AsyncClient) -> None:
        self.row, self.client = row, client
        self.names = {name: ids[0] for name, ids in world.names.items()}

    async def ask(
        self, who: str, key: str, more: str = "", route: str = "", body: object = None
    ) -> httpx.Response:
        method, path = fill(route or self.row.route + self.row.query, self.names).split(maxsplit=1)
        sent = body if route else self.row.body
        content = b"" if sent is None else fill(json.dumps(sent), self.names).encode()
        # Without a body it is the address that says something else.
        # Where the call has no body, one that says nothing is another request all the same.
        given = content + more.encode() if content else b"{}" * bool(more)
        return await self.client.request(
            method,
            path,
            content=given,
            headers=self._headers(who, key),
        )

    def _headers(self, who: str, key: str) -> dict[str, str]:
        reader = READERS[who]
        assert reader is not None
        headers = {"Idempotency-Key": key, "If-Match": "*", "Content-Type": "application/json"}
        headers |= {"X-Desk-User": reader.subject, "X-Desk-Roles": ",".join(reader.roles)}
        headers |= {"X-Desk-Team": reader.team or ""}
        if self.row.service != "intake":
            headers["Authorization"] = f"Bearer {reader.subject}"
        return headers


@pytest.fixture
async def caller(row: Row) -> AsyncIterator[Caller]:
    world = await WORLDS[row.service]()
    transport = httpx.ASGITransport(world.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        new_caller = Caller(row, world, client)
        for number, (route, body) in enumerate(BEFORE.get(row.route, ())):
            for who in WHO:
                made = await new_caller.ask(who, f"before {number}", route=route, body=body)
                if who == "ana" and made.status_code == httpx.codes.CREATED:
                    new_caller.names["other"] = made.json()["id"]
        yield new_caller


async def first(caller: Caller, key: str = "k") -> tuple[str, httpx.Response]:
    """Somebody who may do it, and what they are told."""
    answers = []
    for who in WHO:
        answer = await caller.ask(who, key)
        if answer.is_success:
            return who, answer
        answers.append(f"{who}: {answer.status_code} {answer.text}")
    pytest.fail(f"{caller.row} passes for nobody; does BEFORE say what it needs? {answers}")


@pytest.mark.parametrize("row", CALLS, ids=str)
async def test_a_repeated_call_is_answered_alike_and_its_key_stands_for_nothing_else(
    caller: Caller,
) -> None:
    who, original = await first(caller)
    again = await caller.ask(who, "k")
    assert (again.status_code, again.text) == (original.status_code, original.text)
    other = await caller.ask(who, "k", more=" ")
    assert other.status_code == httpx.codes.UNPROCESSABLE_ENTITY, other.text
    assert other.json()["code"] == "idempotency-key-reused"
    after = await caller.ask(who, "k")
    assert (after.status_code, after.text) == (original.status_code, original.text)


@pytest.mark.parametrize("row", CALLS, ids=str)
async def test_several_calls_at_once_with_one_key_are_one(caller: Caller) -> None:
    by_who = [await asyncio.gather(*(caller.ask(who, "k") for _ in range(4))) for who in WHO]
    distinct = [{(answer.status_code, answer.text) for answer in answers} for answers in by_who]
    assert any(answers[0].is_success for answers in by_who)
    assert [len(item) for item in distinct] == [1] * len(WHO), distinct

"""Idempotency over HTTP: once done, the same answer; never twice; never somebody else's."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

import httpx
import pytest
from desk_shared.clock import FakeClock
from desk_shared.errors import DependencyDown, Rejected
from desk_shared.health import Health
from desk_shared.http import (
    AppParts,
    Fresh,
    IdempotentCall,
    Principal,
    StoredResponse,
    check_same,
    idempotent,
    keyed,
    make_app,
    require,
)
from desk_shared.http.idempotency import CLAIM_FOR, MAX_KEPT, read_key
from desk_shared.http.refusals import BadRequest
from desk_shared.http.testing import FakeAuthenticator, FakeIdempotencyStore
from desk_shared.telemetry.testing import recorded_telemetry
from fastapi import APIRouter, Depends, Response
from starlette.responses import StreamingResponse

START = datetime(2026, 1, 1, tzinfo=UTC)


class Desk:
    """An application whose one endpoint counts, and fails or waits as told."""

    def __init__(self) -> None:
        self.clock = FakeClock(START)
        self.store = FakeIdempotencyStore()
        self.done: list[str] = []
        self.fingerprints: dict[str, str] = {}
        self.failure: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()
        known = FakeAuthenticator(Principal("ana"), Principal("bo"))
        telemetry = recorded_telemetry().telemetry
        parts = AppParts(Health(self.clock), telemetry, known, self.clock, self.store)
        self.app = make_app("Desk", "1", [self._routes()], parts)

    def _routes(self) -> APIRouter:
        router = APIRouter(prefix="/v1", dependencies=[Depends(require())])

        @router.post("/orders/{name}", status_code=201)
        async def order(
            name: str, call: Annotated[IdempotentCall, Depends(idempotent)], response: Response
        ) -> dict[str, int]:
            self.entered.set()
            await self.gate.wait()
            if self.failure:
                raise self.failure
            self.done.append(call.seed)
            response.headers["location"] = f"/v1/orders/{name}/{len(self.done)}"
            return {"number": len(self.done)}

        @router.post("/streams", dependencies=[Depends(idempotent)])
        async def stream(size: int) -> StreamingResponse:
            self.done.append("stream")

            async def parts() -> AsyncIterator[bytes]:
                for _ in range(4):
                    yield b"x" * (size // 4)

            return StreamingResponse(parts())

        @router.post("/tickets", status_code=201)
        async def open_ticket(call: Annotated[IdempotentCall, Depends(keyed)]) -> dict[str, str]:
            check_same(call, self.fingerprints.setdefault(call.seed, call.fingerprint))
            return {"id": call.seed}

        return router


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(desk.app)
    headers = {"authorization": "Bearer ana", "idempotency-key": '"k1"'}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://desk", headers=headers
    ) as client:
        yield client


async def test_the_second_call_gets_the_first_ones_answer(
    desk: Desk, client: httpx.AsyncClient
) -> None:
    first = await client.post("/v1/orders/a", json={"x": 1})
    second = await client.post("/v1/orders/a", json={"x": 1})
    assert (first.status_code, first.json()) == (201, {"number": 1})
    assert (second.status_code, second.content) == (201, first.content)
    assert second.headers["location"] == first.headers["location"] == "/v1/orders/a/1"
    assert second.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert len(desk.done) == 1


async def test_quoted_and_bare_keys_are_the_same(desk: Desk, client: httpx.AsyncClient) -> None:
    await client.post("/v1/orders/a")
    await client.post("/v1/orders/a", headers={"idempotency-key": " k1 "})
    assert len(desk.done) == 1


@pytest.mark.parametrize("key", ["", " ", '""', '"k', '"a"b"', '"a\\b"', "x" * 256, '"é"'])
async def test_a_missing_or_unreadable_key_is_400(
    desk: Desk, client: httpx.AsyncClient, key: str
) -> None:
    raw = {b"idempotency-key": key.encode("latin-1")}
    answer = await client.post("/v1/orders/a", headers=raw)
    assert answer.status_code == 400
    assert answer.json()["code"].startswith("idempotency-key-")
    assert desk.done == []


async def test_another_request_under_the_key_is_422(desk: Desk, client: httpx.AsyncClient) -> None:
    await client.post("/v1/orders/a", json={"x": 1})
    for path, body in (("a", {"x": 2}), ("b", {"x": 1}), ("a?dry=1", {"x": 1})):
        answer = await client.post(f"/v1/orders/{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert len(desk.done) == 1


async def test_a_key_belongs_to_its_caller_and_route(desk: Desk, client: httpx.AsyncClient) -> None:
    await client.post("/v1/orders/a")
    await client.post("/v1/orders/a", headers={"authorization": "Bearer bo"})
    await client.post("/v1/streams?size=4")
    assert len(desk.done) == len(set(desk.done)) == 3


async def test_a_call_while_the_first_runs_is_409(desk: Desk, client: httpx.AsyncClient) -> None:
    desk.gate.clear()
    first = asyncio.create_task(client.post("/v1/orders/a"))
    await desk.entered.wait()
    second = await client.post("/v1/orders/a")
    desk.gate.set()
    assert (second.status_code, second.json()["code"]) == (409, "idempotency-in-progress")
    assert second.headers["retry-after"] == "1"
    assert (await first).status_code == 201
    assert (await client.post("/v1/orders/a")).json() == {"number": 1}


@pytest.mark.parametrize("failure", [Rejected("No."), DependencyDown("Away."), RuntimeError("bug")])
async def test_a_failed_call_may_be_tried_anew(
    desk: Desk, client: httpx.AsyncClient, failure: Exception
) -> None:
    desk.failure = failure
    assert (await client.post("/v1/orders/a")).status_code >= 409
    desk.failure = None
    again = await client.post("/v1/orders/a")
    assert (again.status_code, "idempotency-replayed" in again.headers) == (201, False)


async def test_a_caller_who_hangs_up_leaves_the_key_free(
    desk: Desk, client: httpx.AsyncClient
) -> None:
    desk.gate.clear()
    first = asyncio.create_task(client.post("/v1/orders/a"))
    await desk.entered.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    desk.gate.set()
    assert (await client.post("/v1/orders/a")).status_code == 201


async def test_after_a_crash_the_claim_expires_and_the_seed_is_the_same(
    desk: Desk, client: httpx.AsyncClient
) -> None:
    await client.post("/v1/orders/a")
    [seed] = desk.done
    entry = desk.store.entries[seed]
    desk.store.entries[seed] = type(entry)(entry.fingerprint, entry.fence, START + CLAIM_FOR)
    assert (await client.post("/v1/orders/a")).status_code == 409
    desk.clock.advance(CLAIM_FOR)
    assert (await client.post("/v1/orders/a")).status_code == 201
    assert desk.done == [seed, seed]


async def test_a_store_that_fails_at_the_end_does_not_take_the_answer_back(
    desk: Desk, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: Fresh, __: StoredResponse, ___: datetime) -> None:
        raise DependencyDown("The store does not answer.")

    monkeypatch.setattr(desk.store, "finish", fail)
    assert (await client.post("/v1/orders/a")).status_code == 201


async def test_streamed_answers_are_kept_whole_or_not_at_all(
    desk: Desk, client: httpx.AsyncClient
) -> None:
    first = await client.post("/v1/streams?size=4000")
    assert (await client.post("/v1/streams?size=4000")).content == first.content == b"x" * 4000
    assert desk.done == ["stream"]
    big = {"idempotency-key": "big"}
    size = MAX_KEPT * 2
    answer = await client.post(f"/v1/streams?size={size}", headers=big)
    assert len(answer.content) == size
    assert (await client.post(f"/v1/streams?size={size}", headers=big)).status_code == 409


async def test_a_call_that_is_its_own_record_needs_no_store(
    desk: Desk, client: httpx.AsyncClient
) -> None:
    first = await client.post("/v1/tickets", json={"x": 1})
    again = await client.post("/v1/tickets", json={"x": 1})
    assert first.json() == again.json()
    assert (await client.post("/v1/tickets", json={"x": 2})).status_code == 422
    assert (await client.post("/v1/tickets", headers={"idempotency-key": ""})).status_code == 400
    assert desk.store.entries == {}


async def test_refused_callers_claim_no_key(desk: Desk, client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/orders/a", headers={"authorization": "Bearer eve"})
    assert answer.status_code == 401
    assert desk.store.entries == {}


def test_quoted_keys_follow_structured_fields() -> None:
    assert read_key('"a\\"b\\\\c"') == 'a"b\\c'
    with pytest.raises(BadRequest):
        read_key(None)

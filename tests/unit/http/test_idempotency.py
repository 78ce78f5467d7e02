"""A call repeated under its key is known again; the key is of one caller, route and body."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

import httpx
import pytest
from desk_platform.clock import FakeClock
from desk_platform.health import Health
from desk_platform.http import (
    AppParts,
    IdempotentCall,
    Principal,
    check_same,
    make_app,
    require,
    require_key,
)
from desk_platform.http.idempotency import read_key
from desk_platform.http.openapi import KEY_HEADER
from desk_platform.http.refusals import BadRequest
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry
from fastapi import APIRouter, Depends, FastAPI

START = datetime(2026, 1, 1, tzinfo=UTC)


def made_app() -> FastAPI:
    """Calls are their own records: what is kept under a seed is what its first call sent."""
    router = APIRouter(prefix="/v1", dependencies=[Depends(require())])
    fingerprints: dict[str, str] = {}

    @router.post("/tickets/{name}", status_code=201)
    async def open_ticket(
        name: str, call: Annotated[IdempotentCall, Depends(require_key)], dry: int = 0
    ) -> dict[str, str]:
        check_same(call, fingerprints.setdefault(call.seed, call.fingerprint))
        return {"id": call.seed, "name": name, "dry": str(dry)}

    @router.post("/orders", status_code=201)
    async def order(call: Annotated[IdempotentCall, Depends(require_key)]) -> dict[str, str]:
        return {"id": call.seed}

    clock, authenticator = FakeClock(START), FakeAuthenticator(Principal("ana"), Principal("bo"))
    parts = AppParts(Health(clock), record_telemetry().telemetry, authenticator, clock)
    return make_app("Desk", [router], parts)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": "Bearer ana", "idempotency-key": '"k1"'}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(made_app()), base_url="http://desk", headers=headers
    ) as client:
        yield client


async def id_of(client: httpx.AsyncClient, path: str, **headers: str) -> str:
    answer = await client.post(path, headers=headers)
    assert answer.status_code == 201
    return str(answer.json()["id"])


async def test_quoted_and_bare_keys_are_the_same(client: httpx.AsyncClient) -> None:
    first = await id_of(client, "/v1/tickets/a")
    assert await id_of(client, "/v1/tickets/a", **{"idempotency-key": " k1 "}) == first
    assert await id_of(client, "/v1/tickets/a", **{"idempotency-key": "k2"}) != first


@pytest.mark.parametrize("key", ["", " ", '""', '"k', '"a"b"', '"a\\b"', "x" * 256, '"é"'])
async def test_a_missing_or_unreadable_key_is_400(client: httpx.AsyncClient, key: str) -> None:
    answer = await client.post("/v1/orders", headers={b"idempotency-key": key.encode("latin-1")})
    assert answer.status_code == 400
    assert answer.json()["code"].startswith("idempotency-key-")


async def test_another_request_under_the_key_is_422(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/tickets/a", json={"x": 1})).status_code == 201
    for path, body in (("a", {"x": 2}), ("b", {"x": 1}), ("a?dry=1", {"x": 1})):
        answer = await client.post(f"/v1/tickets/{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert (await client.post("/v1/tickets/a", json={"x": 1})).status_code == 201


async def test_a_key_belongs_to_its_caller_and_route(client: httpx.AsyncClient) -> None:
    ids = {
        await id_of(client, "/v1/tickets/a"),
        await id_of(client, "/v1/tickets/a", authorization="Bearer bo"),
        await id_of(client, "/v1/orders"),
    }
    assert len(ids) == 3


async def test_a_caller_who_is_not_known_is_asked_to_sign_in(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/orders", headers={"authorization": "Bearer eve"})
    assert answer.status_code == 401


@pytest.mark.parametrize("key", ["a", "~", "a b", 'a"b', '"a b"', r'"a\"b"', "x" * 255])
def test_the_document_takes_the_keys_that_are_taken(key: str) -> None:
    assert read_key(key)
    assert re.search(KEY_HEADER["schema"]["pattern"], key)


@pytest.mark.parametrize("key", ["", '"', '""', '"a', '"a"b"', "ä", "a\tb", r'"a\b"'])
def test_the_document_refuses_the_keys_that_are_refused(key: str) -> None:
    with pytest.raises(BadRequest):
        read_key(key)
    assert not re.search(KEY_HEADER["schema"]["pattern"], key)


def test_quoted_keys_follow_structured_fields() -> None:
    assert read_key('"a\\"b\\\\c"') == 'a"b\\c'
    with pytest.raises(BadRequest):
        read_key(None)

"""The application as a whole: problems, ids, traces, durations, caps and documentation."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

import httpx
import pytest
from desk_contracts.errors import Conflict, DependencyDown, DeskError, Invalid, NotFound, Rejected
from desk_platform.clock import FakeClock
from desk_platform.health import Health
from desk_platform.http import (
    PUBLIC,
    AppParts,
    IdempotentCall,
    Precondition,
    Principal,
    Role,
    TooManyRequests,
    UndeclaredRoutes,
    calls_without_key,
    find_undeclared_routes,
    make_app,
    precondition,
    refuse_undeclared,
    require,
    require_key,
)
from desk_platform.telemetry import current_context, names
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import RecordedTelemetry, record_telemetry
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.types import Message

ERRORS: dict[str, Exception] = {
    "rejected": Rejected("The ticket is closed.", code="ticket-closed", state="closed"),
    "not-found": NotFound("There is no such ticket."),
    "conflict": Conflict("It changed.", current='"2"'),
    "invalid": Invalid("No code.", code="bad-code", status="mine", key=SecretStr("hush")),
    "down": DependencyDown("The store does not answer.", retry_after=2.2, host="db-7.internal"),
    "fast": TooManyRequests("Too many calls; wait a moment."),
    "odd": DeskError("password is hush"),
    "bug": RuntimeError("password is hush"),
    "teapot": HTTPException(418, "short and stout"),
    "bare": HTTPException(409),
}


class NewTicket(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    people: int = Field(default=1, ge=1)


router = APIRouter(prefix="/v1")
employee = Depends(require(Role.EMPLOYEE))


@router.post("/tickets", status_code=201, dependencies=[employee, Depends(require_key)])
async def open_ticket(ticket: NewTicket) -> dict[str, str]:
    return {"title": ticket.title, **current_context()}


@router.put("/errors/all", dependencies=[Depends(PUBLIC), Depends(require_key)])
async def clear_errors() -> None: ...


@router.get("/errors/{name}", dependencies=[Depends(PUBLIC)])
async def fail(name: str) -> None:
    raise ERRORS[name]


@router.get("/desk", dependencies=[Depends(require(Role.OWNER, Role.OPERATOR))])
async def show_desk(limit: int = 5) -> int:
    return limit


@router.put("/desk")
async def change_desk(
    caller: Annotated[Principal, Depends(require())],
    expected: Annotated[Precondition, Depends(precondition)],
    call: Annotated[IdempotentCall, Depends(require_key)],
) -> str:
    expected.check(1)
    return f"{caller.subject} {call.seed}"


async def silent() -> Message:
    """A caller that has said all."""
    return {"type": "http.request", "body": b"", "more_body": False}


@pytest.fixture
def recorded() -> RecordedTelemetry:
    return record_telemetry("intake")


@pytest.fixture
def app(recorded: RecordedTelemetry) -> FastAPI:
    clock = FakeClock(datetime(2026, 1, 1, tzinfo=UTC))
    authenticator = FakeAuthenticator(
        Principal("ana", frozenset({Role.EMPLOYEE})),
        Principal("bo"),
        Principal("olga", frozenset({Role.OWNER})),
    )
    parts = AppParts(Health(clock), recorded.telemetry, authenticator, clock, body_limit=1000)
    return make_app("Intake", [router], parts)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    ana = {"authorization": "Bearer ana", "idempotency-key": '"k"'}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://desk", headers=ana
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("rejected", 409, "ticket-closed"),
        ("not-found", 404, "not-found"),
        ("conflict", 412, "precondition-failed"),
        ("invalid", 422, "bad-code"),
        ("down", 503, "dependency-down"),
        ("fast", 429, "too-many-requests"),
        ("odd", 500, "internal-error"),
        ("bug", 500, "internal-error"),
        ("teapot", 418, "im-a-teapot"),
        ("bare", 409, "conflict"),
    ],
)
async def test_every_error_is_a_problem(
    client: httpx.AsyncClient, name: str, status: int, code: str
) -> None:
    answer = await client.get(f"/v1/errors/{name}")
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["type"] == f"urn:desk:problem:{code}"
    assert body["instance"] == f"/v1/errors/{name}"
    assert body["title"]
    assert body["detail"]
    assert answer.headers["x-request-id"]
    assert "hush" not in answer.text


async def test_fields_are_told_but_never_replace_the_standard_members(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.get("/v1/errors/rejected")).json()["state"] == "closed"
    assert (await client.get("/v1/errors/invalid")).json()["status"] == 422


async def test_whoever_asks_in_german_is_refused_in_german(client: httpx.AsyncClient) -> None:
    german = {"Accept-Language": "de"}
    wrong = await client.post("/v1/tickets", json={"people": 0, "titel": "x"}, headers=german)
    assert wrong.headers["content-language"] == "de"
    assert wrong.json()["detail"].startswith("3 Stellen der Anfrage sind falsch")
    assert {item["pointer"]: item["detail"] for item in wrong.json()["errors"]} == {
        "/title": "Das fehlt.",
        "/people": "Schreiben Sie eine Zahl ab 1.",
        "/titel": "Dieses Feld gibt es nicht; lassen Sie es weg oder prüfen Sie die Schreibweise.",
    }
    missing = await client.get("/v1/nothing", headers=german)
    assert missing.json()["detail"].startswith("Unter dieser Adresse gibt es nichts")


async def test_what_may_work_later_says_when_and_not_where(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/errors/down")
    assert answer.headers["retry-after"] == "3"
    assert answer.json()["detail"].startswith("This cannot be done just now")
    assert "internal" not in answer.text
    assert "store" not in answer.text
    assert (await client.get("/v1/errors/fast")).headers["retry-after"] == "1"


async def test_unknown_addresses_and_methods_are_problems(client: httpx.AsyncClient) -> None:
    missing = await client.get("/v1/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
    wrong = await client.patch("/v1/tickets")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method-not-allowed")
    assert wrong.headers["allow"] == "POST"


async def test_an_address_says_all_methods_that_it_takes(client: httpx.AsyncClient) -> None:
    """Two routes share the first address; the second has its own, though it fits another's."""
    answers = [await client.delete(f"/v1/{path}") for path in ("desk", "errors/all", "errors/bug")]
    assert [answer.headers["allow"] for answer in answers] == ["GET, PUT", "PUT", "GET"]


async def test_a_broken_body_is_told_field_by_field(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/tickets", json={"people": 0, "titel": "hush"})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("3 things are wrong with the request")
    assert {item["pointer"]: item["detail"] for item in answer.json()["errors"]} == {
        "/title": "This is missing.",
        "/people": "Write a number of 1 or more.",
        "/titel": "There is no such field; leave it out or check its spelling.",
    }
    assert "hush" not in answer.text


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"", "application/json", 422),
        (b'{"title": "x"}', "text/plain", 422),
        (b"[1]", "application/json", 422),
        (b'{"title": "\xff"}', "application/json", 400),
    ],
)
async def test_what_is_no_json_object_is_a_problem(
    client: httpx.AsyncClient, body: bytes, kind: str, status: int
) -> None:
    answer = await client.post("/v1/tickets", content=body, headers={"content-type": kind})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_callers_need_a_token_and_then_the_role(client: httpx.AsyncClient) -> None:
    nobody = await client.get("/v1/desk", headers={"authorization": ""})
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, "Bearer")
    refused = await client.get("/v1/desk")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert "operator or owner" in refused.json()["detail"]


async def test_a_body_over_the_cap_is_refused_with_and_without_its_length(
    client: httpx.AsyncClient,
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    declared = await client.post("/v1/tickets", content=b"x" * 2000)
    untold = await client.post(
        "/v1/tickets", content=chunks(), headers={"content-type": "application/json"}
    )
    for answer in (declared, untold):
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_ids_are_taken_from_the_caller_or_made(client: httpx.AsyncClient) -> None:
    given = await client.post(
        "/v1/tickets",
        json={"title": "x"},
        headers={"x-request-id": "r-1", "x-correlation-id": "c-1"},
    )
    assert given.json() == {"title": "x", "request_id": "r-1", "correlation_id": "c-1"}
    assert given.headers["x-request-id"] == "r-1"
    made = await client.post("/v1/tickets", json={"title": "x"}, headers={"x-request-id": "a b\tc"})
    assert made.json()["request_id"] == made.json()["correlation_id"] != "a b\tc"


async def test_requests_leave_a_span_that_goes_on_with_the_callers_trace(
    client: httpx.AsyncClient, recorded: RecordedTelemetry
) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    await client.get(
        "/v1/errors/not-found", headers={"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
    )
    [span] = recorded.spans()
    assert span.name == "GET /v1/errors/{name}"
    context = span.get_span_context()
    assert context is not None
    assert f"{context.trace_id:032x}" == trace_id
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "url.path": "/v1/errors/not-found",
        "http.route": "/v1/errors/{name}",
        "http.response.status_code": 404,
    }


async def test_failures_name_their_error_on_span_and_metric(
    client: httpx.AsyncClient, recorded: RecordedTelemetry
) -> None:
    await client.get("/v1/errors/bug")
    await client.get("/v1/errors/down")
    kinds = [(span.attributes or {})["error.type"] for span in recorded.spans()]
    assert kinds == ["RuntimeError", "503"]
    assert recorded.value(names.HTTP_DURATION, error__type="RuntimeError") == 1


async def test_made_up_paths_and_methods_make_no_metric_series(
    client: httpx.AsyncClient, recorded: RecordedTelemetry
) -> None:
    for number in range(5):
        await client.request(f"BREW{number}", f"/v1/x{number}")
    assert recorded.value(names.HTTP_DURATION, http__request__method="_OTHER") == 5
    assert set(recorded.span_names()) == {"_OTHER"}


async def test_probes_and_metrics_are_served_and_not_traced(
    client: httpx.AsyncClient, recorded: RecordedTelemetry
) -> None:
    assert (await client.get("/health/live")).status_code == 200
    assert (await client.get("/metrics")).status_code == 200
    assert recorded.spans() == ()


async def test_an_answer_broken_off_half_way_is_not_mended(app: FastAPI) -> None:
    sent: list[str] = []

    async def break_off(_: object, __: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        raise RuntimeError("half way")

    async def send(message: Message) -> None:
        sent.append(str(message["type"]))

    app.mount("/half", break_off)
    scope = {"type": "http", "method": "GET", "path": "/half/x", "query_string": b"", "headers": []}
    with pytest.raises(RuntimeError):
        await app({**scope, "scheme": "http"}, silent, send)
    assert sent == ["http.response.start"]


def test_the_document_tells_of_problems_roles_and_headers(app: FastAPI) -> None:
    document = app.openapi()
    assert document["openapi"].startswith("3.1")
    post = document["paths"]["/v1/tickets"]["post"]
    assert set(post["responses"]) == {"201", "default"}
    assert post["x-desk-roles"] == ["employee"]
    assert [item["name"] for item in post["parameters"]] == ["Idempotency-Key"]
    put = document["paths"]["/v1/desk"]["put"]
    assert [item["name"] for item in put["parameters"]] == ["Idempotency-Key", "If-Match"]
    assert document["paths"]["/v1/errors/{name}"]["get"]["security"] == []
    assert document["security"] == [{"bearer": []}]
    assert {"Problem", "FieldProblem"} <= set(document["components"]["schemas"])
    assert "/metrics" not in document["paths"]
    assert "HTTPValidationError" not in json.dumps(document)


def test_every_route_here_declares_who_may_call_and_asks_for_a_key(app: FastAPI) -> None:
    assert find_undeclared_routes(app) == []
    assert calls_without_key(app) == []


def test_a_route_without_policy_or_key_is_found_even_when_included(app: FastAPI) -> None:
    inner = APIRouter()

    @inner.post("/open")
    async def do_anything() -> None: ...

    app.include_router(inner, prefix="/v1")
    app.mount("/files", FastAPI())
    assert find_undeclared_routes(app) == ["POST /v1/open", "* /files"]
    assert calls_without_key(app) == ["POST /v1/open"]
    with pytest.raises(UndeclaredRoutes, match=r"POST /v1/open; \* /files"):
        refuse_undeclared(app)


def test_an_application_with_an_open_route_is_never_made(recorded: RecordedTelemetry) -> None:
    inner = APIRouter(prefix="/v1")

    @inner.get("/tickets/{id}/secret")
    async def show_all(id: str) -> str:
        return id

    clock = FakeClock(datetime(2026, 1, 1, tzinfo=UTC))
    parts = AppParts(Health(clock), recorded.telemetry, FakeAuthenticator(), clock)
    with pytest.raises(UndeclaredRoutes, match=r"GET /v1/tickets/\{id\}/secret"):
        make_app("intake", [inner], parts)

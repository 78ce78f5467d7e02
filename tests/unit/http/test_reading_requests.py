"""What of a request is refused, and where in it; and the pages that show how to ask."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Literal

import httpx
import pytest
from desk_platform.clock import FakeClock
from desk_platform.health import Health
from desk_platform.http import PUBLIC, AppParts, Principal, Role, make_app, require
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

router = APIRouter(prefix="/v1")


class PartA(BaseModel):
    kind: Literal["a"]
    size: int


class PartB(BaseModel):
    kind: Literal["b"]
    name: str


class Parts(BaseModel):
    parts: list[Annotated[PartA | PartB, Field(discriminator="kind")]]
    notes: dict[str, str] = {}


@router.post("/parts", dependencies=[Depends(PUBLIC)])
async def send_parts(parts: Parts) -> int:
    return len(parts.parts)


@router.get("/desk", dependencies=[Depends(require(Role.OWNER))])
async def show_desk(limit: int = 5) -> int:
    return limit


@router.put("/desk", dependencies=[Depends(require())])
async def change_desk() -> None: ...


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    clock = FakeClock(datetime(2026, 1, 1, tzinfo=UTC))
    callers = FakeAuthenticator(
        Principal("ana", frozenset({Role.EMPLOYEE})), Principal("olga", frozenset({Role.OWNER}))
    )
    parts = AppParts(Health(clock), record_telemetry("intake").telemetry, callers, clock)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(make_app("Intake", [router], parts)),
        base_url="http://desk",
        headers={"authorization": "Bearer ana"},
    ) as client:
        yield client


OWNER = {"authorization": "Bearer olga"}


@pytest.mark.parametrize(
    ("query", "pointer", "detail"),
    [
        ("limit=x", "/limit", "Write a whole number here."),
        ("limits=3", "/limits", "There is no such parameter; did you mean limit? There are limit."),
        ("colour=red", "/colour", "There is no such parameter; there are limit."),
        ("limit=3&limit=4", "/limit", "This is given more than once; give it once."),
        ("a~/b", "/a~0~1b", "There is no such parameter; there are limit."),
    ],
)
async def test_a_bad_query_names_its_place(
    client: httpx.AsyncClient, query: str, pointer: str, detail: str
) -> None:
    answer = await client.get(f"/v1/desk?{query}", headers=OWNER)
    assert answer.status_code == 422
    expected = {"where": "query", "pointer": pointer, "detail": detail}
    assert answer.json()["errors"] == [expected]


async def test_parameters_are_looked_at_only_for_those_who_may_ask(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.get("/v1/desk?limits=3")).status_code == 403
    without = await client.put("/v1/desk?limit=3")
    assert without.json()["errors"][0]["detail"].endswith("this address has none.")


async def test_a_pointer_points_into_what_was_sent(client: httpx.AsyncClient) -> None:
    sent = {"parts": [{"kind": "a", "size": 1}, {"kind": "b", "name": 7}, {}], "notes": {"k": 1}}
    errors = (await client.post("/v1/parts", json=sent)).json()["errors"]
    assert {item["pointer"] for item in errors} == {"/parts/1/name", "/parts/2", "/notes/k"}
    assert {item["where"] for item in errors} == {"body"}
    missing = (await client.post("/v1/parts", json={"parts": [{"kind": "a"}]})).json()["errors"]
    assert [item["pointer"] for item in missing] == ["/parts/0/size"]


async def test_the_pages_show_every_call_and_load_nothing_from_elsewhere(
    client: httpx.AsyncClient,
) -> None:
    links = await client.get("/", headers={"authorization": ""})
    assert "POST /v1/parts" in links.text
    calls = await client.get("/docs", headers={"authorization": ""})
    for page in (links, calls):
        assert page.headers["content-type"].startswith("text/html")
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert not re.search(r"(src|href)=[\"'](https?:)?//", page.text)
    for asset in re.findall(r"(?:src|href)=\"(docs/[^\"#]+)\"", calls.text):
        sent = await client.get(f"/{asset}")
        assert (sent.status_code, len(sent.content) > 1_000) == (200, True), asset
    assert re.search(r'url: "openapi.json"|url: .openapi.json.', calls.text)
    assert (await client.get("/docs/other.js")).status_code == 422
    german = await client.get("/", headers={"accept-language": "de"})
    assert "Alle Aufrufe" in german.text


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP, identity", "x"])
async def test_an_encoded_body_is_refused_instead_of_misread(
    client: httpx.AsyncClient, encoding: str
) -> None:
    """JSON that is plain all the same would be taken, and a file be kept as another one."""
    body = {"parts": [{"kind": "a", "size": 1}]}
    answer = await client.post("/v1/parts", json=body, headers={"Content-Encoding": encoding})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")
    assert "plain" in answer.json()["detail"]
    plain = await client.post("/v1/parts", json=body, headers={"Content-Encoding": "identity"})
    assert plain.json() == 1


@pytest.mark.parametrize("kind", ["text/plain", "", "application/xml", "///"])
async def test_what_does_not_come_as_json_is_told_how_to_come(
    client: httpx.AsyncClient, kind: str
) -> None:
    headers = {"Content-Type": kind}
    answer = await client.post("/v1/parts", content=b'{"parts": []}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    details = [error["detail"] for error in answer.json()["errors"]]
    assert details == ["Send JSON here, with Content-Type: application/json."]
    headers["Content-Type"] = "application/json"
    for body in (b"[]", b'"x"'):
        answer = await client.post("/v1/parts", content=body, headers=headers)
        assert [error["detail"] for error in answer.json()["errors"]] == ["Send an object here."]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"parts": [], "parts": []}', "/parts"),
        (b'{"parts": [{"kind": "a", "size": 1}, {"kind": "b", "kind": "a"}]}', "/parts/1/kind"),
        (b'{"parts": [], "notes": {"a/b": "1", "\\u0061/b": "2"}}', "/notes/a~1b"),
        ('{"notes": {"ä": "", "ä": ""}}'.encode("utf-16"), "/notes/ä"),
        (b'[{"": 1, "": 2}]', "/0/"),
        (b'{"a\\ud800": 1, "a\\ud800": 2}', "/a?"),
    ],
)
async def test_a_name_that_is_there_twice_is_refused_with_its_place(
    client: httpx.AsyncClient, body: bytes, pointer: str
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/v1/parts", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "repeated-name")
    (wrong,) = answer.json()["errors"]
    assert (wrong["where"], wrong["pointer"]) == ("body", pointer)
    spoken = await client.post(
        "/v1/parts", content=body, headers=headers | {"Accept-Language": "de"}
    )
    assert "zweimal" in spoken.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    "body",
    [b'{"parts": [], "parts": [', b'{"a": 1, "a": 2} and more', b"[" * 60 + b'{"a":1,"a":2}'],
)
async def test_what_is_no_json_is_told_so_whatever_stands_in_it_twice(
    client: httpx.AsyncClient, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/v1/parts", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


async def test_a_name_may_come_again_in_another_object(client: httpx.AsyncClient) -> None:
    body = {"parts": [{"kind": "a", "size": 1}, {"kind": "a", "size": 2}], "notes": {"kind": "a"}}
    assert (await client.post("/v1/parts", json=body)).json() == 2

"""Whatever is posted to `/v1/events`: an answer that says what became of it, and nobody else's
source is ever published."""

import asyncio
import json
from hashlib import sha256

import httpx
from desk_charter import load_charter
from desk_charter.admission import Admission
from desk_charter.sources import OutsideSystem, is_covered
from desk_contracts import AnyEvent, Codec
from desk_local.paths import ROOT
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.support.intake_world import MONDAY, make_desk

TOKEN = "t" * 64
SYSTEM = OutsideSystem(
    name="zabbix",
    title="Zabbix",
    source="/monitor/zabbix",
    types=("desk.alert.fired.v1", "desk.ticket.requested.v1"),
    token_sha256=(sha256(TOKEN.encode()).hexdigest(),),
)
CHARTER = load_charter(ROOT / "charter").model_copy(update={"sources": (SYSTEM,)})
ANSWERS = {202, 207, 400, 403, 413, 415, 422}

SOURCES = some.sampled_from(
    [
        "/monitor/zabbix",
        "/monitor/zabbix/eu",
        "/monitor/zabbix-evil",
        "/monitor/zabbix/../other",
        "/desk/intake",
        "",
        "\u202e/monitor/zabbix",
    ]
)
JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner),
    max_leaves=5,
)
EVENTS = some.fixed_dictionaries(
    {
        "specversion": some.sampled_from(["1.0", "0.3"]) | JSON,
        "id": some.text(max_size=5) | JSON,
        "source": SOURCES | JSON,
        "type": some.sampled_from([*SYSTEM.types, "desk.ticket.closed.v1", "x"]),
        "subject": some.sampled_from(["ann", "\x00", "x" * 2_000]) | JSON,
        "data": some.just({"requester": "ann", "title": "Away"}) | JSON,
    }
)
SOUND = some.builds(
    lambda source, id: {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": "desk.ticket.requested.v1",
        "subject": "ann",
        "data": {"requester": "ann", "title": "Away"},
    },
    SOURCES,
    some.text("ab", min_size=1, max_size=2),
)
KINDS = some.sampled_from(
    [
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
        "application/json",
        "application/cloudevents+json; charset=utf-16",
        "text/plain",
        "",
    ]
)
BODIES = some.binary(max_size=200) | some.one_of(JSON, EVENTS, some.lists(EVENTS, max_size=4)).map(
    lambda value: json.dumps(value).encode()
)
NAMES = some.sampled_from(["ce-id", "ce-source", "ce-type", "ce-subject", "ce-time", "ce-x", "ce-"])
VALUES = some.sampled_from(
    [
        b"1",
        b"/monitor/zabbix",
        b"/monitor/other",
        b"desk.ticket.requested.v1",
        b"%ff",
        b"%",
        b'"',
        b"\xe9",
        b"Euro%20%E2%82%AC",
    ]
)
HEADERS = some.lists(some.tuples(NAMES.map(str.encode), VALUES), max_size=6)


async def _post(
    kind: str, headers: list[tuple[bytes, bytes]], body: bytes
) -> tuple[httpx.Response, list[AnyEvent]]:
    desk = make_desk(CHARTER)
    sent = [(b"authorization", f"Bearer {TOKEN}".encode()), (b"content-type", kind.encode())]
    async with httpx.AsyncClient(transport=desk.transport, base_url="http://desk") as client:
        answer = await client.post("/v1/events", content=body, headers=[*sent, *headers])
    decode, messages = Codec().decode, desk.publisher.messages
    return answer, [
        decode(message.key, message.value, message.headers, MONDAY) for message in messages
    ]


BATCHES = some.lists(SOUND | EVENTS, max_size=5).map(lambda value: json.dumps(value).encode())
Call = tuple[str, list[tuple[bytes, bytes]], bytes]
CALLS: some.SearchStrategy[Call] = some.tuples(KINDS, HEADERS, BODIES) | some.tuples(
    some.just("application/cloudevents-batch+json"), some.just([]), BATCHES
)


@settings(max_examples=100, deadline=None)
@given(CALLS)
def test_every_call_is_answered_and_publishes_its_senders_events_only(
    call: Call,
) -> None:
    answer, published = asyncio.run(_post(*call))
    assert answer.status_code in ANSWERS, answer.text
    body = answer.json()
    assert len(published) <= body.get("accepted", 0)
    assert all(is_covered(SYSTEM.source, event.source) for event in published)
    assert all(event.type in SYSTEM.types for event in published)
    # What was accepted here is let in by every consumer.
    assert not any(map(Admission(lambda: CHARTER), published))
    for item in body.get("results", ()):
        assert item["accepted"] or (item["code"] and item["detail"])

"""Outside systems by HTTP and by Kafka, on one intake: what is let in, and one that is revoked."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from desk_contracts import Codec, Event
from desk_contracts.events.requests import TicketRequested
from desk_contracts.ids import request_ticket_id
from desk_contracts.names import REQUESTS, TELEMETRY
from desk_contracts.topics import dead_topic
from desk_platform.kafka.records import REASON_CODE
from desk_platform.kafka.topic_reader import read_all
from desk_platform.settings import KafkaSettings
from desk_testing import eventually
from desk_testing.commands import run_desk
from desk_testing.processes import CHARTER, environment

from tests.support.intake_around import Bus, Intake

pytestmark = [pytest.mark.connected, pytest.mark.timeout(360)]

TOKEN = "a-token-that-is-random-elsewhere-" * 2
SOURCES = f"""\
sources:
  - name: zabbix
    title: Zabbix
    source: /monitor/zabbix
    types: [desk.ticket.requested.v1, desk.telemetry.measured.v1]
    kafka_user: zabbix
    token_sha256: [{sha256(TOKEN.encode()).hexdigest()}]
"""
BATCH, SINGLE = "application/cloudevents-batch+json", "application/cloudevents+json"


@pytest.fixture
async def strict(bus: Bus, kafka: str, store_url: str, tmp_path: Path) -> AsyncIterator[Intake]:
    """Intake that lets in nobody whom its own charter does not list, as in production."""
    charter = tmp_path / "charter"
    shutil.copytree(CHARTER, charter)
    (charter / "sources.yaml").write_text(SOURCES, encoding="utf-8")
    (charter / "webhooks.yaml").unlink()  # they belong to others
    env = environment(kafka, store_url, bus.prefix, charter, DESK_UNKNOWN_SOURCES="refuse")
    service = Intake("intake", env, tmp_path / "intake.log")
    await service.start()
    yield service
    service.stop()


def event(id: str, source: str = "/monitor/zabbix", **more: object) -> dict[str, Any]:
    data = {"requester": "ann@desk.example", "title": f"The VPN is away {id}"}
    return {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": "desk.ticket.requested.v1",
        "subject": "ann@desk.example",
        "time": datetime.now(UTC).isoformat(),
        "data": data,
        **more,
    }


async def post(
    intake: Intake, body: object, kind: str = SINGLE, token: str = TOKEN, **headers: str
) -> httpx.Response:
    sent = {"Content-Type": kind, "Authorization": f"Bearer {token}", **headers}
    async with httpx.AsyncClient(base_url=intake.url, timeout=60) as client:
        return await client.post("/v1/events", content=json.dumps(body), headers=sent)


def by_kafka(source: str, id: str) -> Event[TicketRequested]:
    data = TicketRequested(requester="bob@desk.example", title=f"From Kafka {id}")
    return Event(id, source, "bob@desk.example", datetime.now(UTC), data)


async def dead(bus: Bus, kafka: str, count: int) -> list[str]:
    topic = bus.prefix + dead_topic(REQUESTS, "intake")

    async def enough() -> list[str]:
        records = [raw async for raw in read_all(KafkaSettings(bootstrap=kafka), [topic])]
        codes = [(dict(raw.headers).get(REASON_CODE) or b"").decode() for raw in records]
        # A copy of a letter is harmless.
        codes = sorted(set(codes))
        return codes if len(codes) >= count else []

    return await eventually(enough, timeout=60)


async def audit(intake: Intake) -> str:
    """What `desk audit` says; metrics does not run here, so it is never content."""
    return (await asyncio.to_thread(run_desk, "audit", env=intake.env)).stdout


async def check_telemetry(intake: Intake, bus: Bus, kafka: str) -> None:
    """A measurement posted to intake is on telemetry's own topic, in its sender's name."""
    measured = {"subject_kind": "service", "name": "vpn.logins", "value": 1, "service": "vpn"}
    signal = event("m", type="desk.telemetry.measured.v1", subject="vpn", data=measured)
    assert (await post(intake, signal)).status_code == 202
    records = [
        raw async for raw in read_all(KafkaSettings(bootstrap=kafka), [bus.prefix + TELEMETRY])
    ]
    decoded = [Codec().decode(raw.key, raw.value, raw.headers) for raw in records]
    (measurement,) = {item.id: item for item in decoded}.values()
    assert (measurement.source, measurement.id, measurement.subject) == (
        "/monitor/zabbix",
        "m",
        "vpn",
    )


async def revoked(intake: Intake) -> None:
    """Until the source is refused; asked with a measurement, which leaves no trace in intake."""
    measured = {"subject_kind": "service", "name": "vpn.logins", "value": 1, "service": "vpn"}
    late = event("late", type="desk.telemetry.measured.v1", subject="vpn", data=measured)

    async def is_revoked() -> bool:
        answer = await post(intake, late)
        assert answer.status_code == 403, answer.text
        return bool(answer.json()["code"] == "source-revoked")

    await eventually(is_revoked, timeout=60)


async def test_who_is_known_is_heard_by_both_ways_until_it_is_revoked(
    strict: Intake, bus: Bus, kafka: str
) -> None:
    headers = {f"ce-{name}": str(text) for name, text in event("b").items() if name != "data"}
    headers["ce-subject"] = "J%C3%B6rg"
    long = event("l", data={"requester": "ann", "title": "Long", "description": "x" * 200_000})
    answers = [
        await post(strict, event("s")),
        await post(strict, event("b")["data"], "application/json", **headers),
        await post(strict, long),
        await post(strict, [event("x"), event("y", source="/monitor/other")], BATCH),
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 207], answers
    assert answers[2].json()["results"][0]["amended"] == ["description"]
    tickets = [answer.json()["results"][0]["ticket"] for answer in answers]
    assert tickets == [request_ticket_id("/monitor/zabbix", id) for id in ("s", "b", "l", "x")]
    await bus.publish([by_kafka("/monitor/zabbix", "k"), by_kafka("/monitor/zabbix-evil", "k")])
    for ticket in (*tickets, request_ticket_id("/monitor/zabbix", "k")):
        (opened,) = await bus.of(ticket, 1)
        assert opened.type == "desk.ticket.opened.v1"
    assert await dead(bus, kafka, 1) == ["unknown-source"]

    await check_telemetry(strict, bus, kafka)
    file = strict.charter / "sources.yaml"
    file.write_text(SOURCES + "    revoked: true\n", encoding="utf-8")

    await revoked(strict)
    await bus.publish([by_kafka("/monitor/zabbix", "later")])
    assert await dead(bus, kafka, 2) == ["source-revoked", "unknown-source"]
    report = await audit(strict)
    assert "2 refused requests, 0 unreadable records" in report
    assert "/monitor/zabbix-evil k: unknown-source" in report
    assert "neither a ticket nor a dead letter" not in report

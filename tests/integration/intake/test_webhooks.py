"""Calls of monitoring systems to intake as a process: on the bus once, under their own source."""

import hmac
import json
import shutil
import time
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from desk_contracts import AnyEvent, Codec
from desk_contracts.names import TELEMETRY
from desk_platform.kafka.topic_reader import read_all
from desk_platform.settings import KafkaSettings
from desk_testing.processes import CHARTER, environment

from tests.support.intake_around import Bus, Intake

pytestmark = [pytest.mark.connected, pytest.mark.timeout(240)]

TOKEN, SECRET = "a-token-that-is-random-elsewhere-" * 2, "kq3Jv9wXz7Lm2Rt5"
SOURCES = f"""\
sources:
  - name: monitoring
    title: Monitoring
    source: /monitoring
    types: [desk.alert.fired.v1, desk.alert.resolved.v1]
    token_sha256: [{sha256(TOKEN.encode()).hexdigest()}]
"""
WEBHOOKS = """\
webhooks:
  - {name: am, system: monitoring, form: alertmanager}
  - {name: grafana, system: monitoring, form: grafana, proof: hmac-sha256, timestamp_header: X-Time}
"""


@pytest.fixture
async def strict(bus: Bus, kafka: str, store_url: str, tmp_path: Path) -> AsyncIterator[Intake]:
    """Intake that lets in nobody whom its own charter does not list, with a mounted secret."""
    charter, secrets = tmp_path / "charter", tmp_path / "secrets"
    shutil.copytree(CHARTER, charter)
    (charter / "sources.yaml").write_text(SOURCES, encoding="utf-8")
    (charter / "webhooks.yaml").write_text(WEBHOOKS, encoding="utf-8")
    secrets.mkdir()
    (secrets / "grafana").write_text(SECRET + "\n")
    more = {"DESK_UNKNOWN_SOURCES": "refuse", "INTAKE_SIGNING_SECRETS": str(secrets)}
    service = Intake(
        "intake", environment(kafka, store_url, bus.prefix, charter, **more), tmp_path / "log"
    )
    await service.start()
    yield service
    service.stop()


def call(status: str) -> dict[str, Any]:
    alert = {
        "status": status,
        "labels": {"alertname": "LoginsFail", "service": "vpn", "severity": "critical"},
        "annotations": {"summary": "Logins fail"},
        "startsAt": "2026-11-20T08:00:00Z",
        "endsAt": "2026-11-20T09:00:00Z",
        "fingerprint": "c0ffee",
    }
    return {"version": "4", "status": status, "alerts": [alert]}


async def telemetry(bus: Bus, kafka: str) -> list[AnyEvent]:
    topic = bus.prefix + TELEMETRY
    records = [raw async for raw in read_all(KafkaSettings(bootstrap=kafka), [topic])]
    return [Codec().decode(raw.key, raw.value, raw.headers) for raw in records]


async def test_an_alert_fires_and_is_over_whoever_delivers_it_twice_and_unsigned_is_refused(
    strict: Intake, bus: Bus, kafka: str
) -> None:
    token = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=f"{strict.url}/v1/webhooks", timeout=60) as client:
        first = await client.post("/am", json=call("firing"), headers=token)
        strict.kill()
        await strict.start()
        again = await client.post("/am", json=call("firing"), headers=token)
        assert (first.status_code, again.status_code) == (202, 202), again.text
        assert first.json()["results"] == again.json()["results"]

        body, now = json.dumps(call("resolved")).encode(), str(int(time.time()))
        signature = hmac.new(SECRET.encode(), f"{now}:".encode() + body, sha256).hexdigest()
        signed = {"X-Grafana-Alerting-Signature": signature, "X-Time": now}
        json_type = {"Content-Type": "application/json"}
        bad = await client.post("/grafana", content=body + b"\n", headers=signed | json_type)
        assert (bad.status_code, bad.json()["code"]) == (401, "bad-signature")
        good = await client.post("/grafana", content=body, headers=signed | json_type)
        assert good.status_code == 202, good.text

    events = {event.id: event for event in await telemetry(bus, kafka)}
    assert [(event.type, event.source, event.subject) for event in events.values()] == [
        ("desk.alert.fired.v1", "/monitoring", "vpn"),
        ("desk.alert.resolved.v1", "/monitoring", "vpn"),
    ]
    assert SECRET not in strict.log.read_text()

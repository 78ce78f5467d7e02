"""`desk runbook backtest` on a real broker, with a record in the log that nobody can read."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from desk_cli.options import settings
from desk_contracts import AnyEvent, Codec, Event
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.names import SIGNALS
from desk_contracts.topics import BY_NAME
from desk_contracts.value_types import Severity, SubjectKind
from desk_platform.kafka import KafkaPublisher
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings
from desk_runbooks.commands import runbook_app
from typer.testing import CliRunner, Result

pytestmark = [pytest.mark.connected, pytest.mark.timeout(120)]

CHARTER = Path(__file__).parents[3] / "charter"
DEVICES = 12


@pytest.fixture
async def log(kafka: str, prefix: str) -> str:
    """A signal of each device over several partitions; every second one clears."""
    chosen = KafkaSettings(bootstrap=kafka)
    await apply_topics(chosen, [BY_NAME[SIGNALS]], prefix=prefix, partitions=3)
    events: list[AnyEvent] = []
    start = datetime.now(UTC) - timedelta(hours=6)
    for number in range(DEVICES):
        subject, episode, at = f"d-{number}", f"e-{number}", start + number * timedelta(minutes=10)
        raised = SignalRaised(
            episode=episode, detector="threshold", signal="disk-filling", title="x",
            severity=Severity.WARNING, subject_kind=SubjectKind.DEVICE, measurement="disk",
            value=4.0, threshold=10.0, attributes={"agent_url": "http://agent.example:9000"},
        )  # fmt: skip
        events.append(Event(f"r-{number}", "/desk/triage", subject, at, raised))
        if number % 2:
            data = SignalCleared(episode=episode, detector="t", signal="disk-filling", value=40.0)
            later = at + timedelta(minutes=2)
            events.append(Event(f"c-{number}", "/desk/triage", subject, later, data))
    codec = Codec()
    async with KafkaPublisher(chosen, "backtest", prefix) as publisher:
        await publisher.publish([codec.encode(event) for event in events])
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        await producer.send_and_wait(prefix + SIGNALS, b"no event", b"d-0")
    return prefix


async def test_the_log_of_the_brokers_is_played_back_from_all_partitions(
    log: str, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = await run(monkeypatch, kafka, log, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.output)
    assert (report["read"], report["unreadable"]) == (DEVICES, 1)
    assert (report["matched"], report["targets"]) == (DEVICES, DEVICES)
    assert report["natural"]["alone"] == DEVICES / 2
    assert report["natural"]["still_open"] == DEVICES / 2


async def test_a_desk_without_signals_is_refused(
    kafka: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = await run(monkeypatch, kafka, prefix)
    assert f"There is no topic '{prefix}{SIGNALS}'" in str(refused.exception)


async def run(monkeypatch: pytest.MonkeyPatch, kafka: str, prefix: str, *words: str) -> Result:
    """The command for a desk of its own."""
    monkeypatch.setenv("DESK_ENVIRONMENT", "local")
    monkeypatch.setenv("DESK_KAFKA", kafka)
    monkeypatch.setenv("DESK_TOPIC_PREFIX", prefix)
    settings.cache_clear()
    command = ["backtest", "clean-disk", "--charter", str(CHARTER), *words]
    try:
        return await asyncio.to_thread(CliRunner().invoke, runbook_app, command)
    finally:
        settings.cache_clear()

"""`desk runbook shadow` beside a log that grows, on a real broker: it says, and does nothing."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from desk_cli.options import settings
from desk_contracts import Codec, Event
from desk_contracts.events.signals import SignalRaised
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
START = datetime.now(UTC) - timedelta(minutes=5)


def crash(subject: str, number: int) -> Event[SignalRaised]:
    data = SignalRaised(
        episode=f"{subject}/{number}", detector="threshold", signal="app-crashed", title="It ended",
        severity=Severity.WARNING, subject_kind=SubjectKind.DEVICE, measurement="app.up",
        value=0.0, threshold=1.0, attributes={"agent_url": "http://agent.example:9000", "app": "m"},
    )  # fmt: skip
    at = START + number * timedelta(minutes=1)
    return Event(f"{subject}-{number}", "/desk/triage", subject, at, data)


async def test_what_would_start_is_said_and_nothing_is_written(
    kafka: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = KafkaSettings(bootstrap=kafka)
    await apply_topics(chosen, [BY_NAME[SIGNALS]], prefix=prefix, partitions=3)
    codec = Codec()
    async with KafkaPublisher(chosen, "shadow", prefix) as publisher:
        before = [crash(name, number) for name in ("whole", "short") for number in (0, 1)]
        await publisher.publish([codec.encode(event) for event in before])
        result = asyncio.create_task(run(monkeypatch, kafka, prefix))
        await publisher.publish([codec.encode(crash("whole", 2))])
        answer = await result
    assert answer.exit_code == 0, answer.output
    assert answer.output.count("would start run") == 1
    assert "whole: would start run" in answer.output
    assert "'count' since" in answer.output
    assert "first event whole-0" in answer.output
    assert "then: on whole, mode auto: restart" in answer.output
    assert "read: 5 events; would have started: 1" in answer.output
    assert await list_groups(kafka, prefix) == []
    assert await count_records(kafka, prefix) == 5


async def list_groups(kafka: str, prefix: str) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        return [name for name, *_ in await admin.list_consumer_groups() if prefix in name]
    finally:
        await admin.close()


async def count_records(kafka: str, prefix: str) -> int:
    """Of all topics of this desk."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    await consumer.start()
    try:
        names = [name for name in await consumer.topics() if name.startswith(prefix)]
        assert names == [prefix + SIGNALS]
        partitions = [TopicPartition(prefix + SIGNALS, number) for number in range(3)]
        return sum((await consumer.end_offsets(partitions)).values())
    finally:
        await consumer.stop()


async def run(monkeypatch: pytest.MonkeyPatch, kafka: str, prefix: str) -> Result:
    """The command for a desk of its own."""
    monkeypatch.setenv("DESK_ENVIRONMENT", "local")
    monkeypatch.setenv("DESK_KAFKA", kafka)
    monkeypatch.setenv("DESK_TOPIC_PREFIX", prefix)
    settings.cache_clear()
    command = ["shadow", "restart-crashing-app", "--charter", str(CHARTER), "--since", "1h"]
    try:
        return await asyncio.to_thread(CliRunner().invoke, runbook_app, [*command, "--for", "8s"])
    finally:
        settings.cache_clear()

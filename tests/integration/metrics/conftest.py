"""Real servers around metrics: its topics, its own charter, its process."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from desk_contracts.topics import SERVICES, all_topics
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings
from desk_testing.processes import CHARTER, environment

from tests.support.metrics_running import Bus, Metrics

_OTHERS = tuple(
    f".{name}.{end}" for name in SERVICES if name != "metrics" for end in ("retry", "dead")
)


@pytest.fixture
async def bus(kafka: str, prefix: str) -> AsyncIterator[Bus]:
    topics = [t for t in all_topics(["network"]) if not t.name.endswith(_OTHERS)]
    await apply_topics(KafkaSettings(bootstrap=kafka), topics, prefix=prefix, partitions=2)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    outputs = [f"{prefix}{name}" for name in ("desk.sla", "desk.solutions")]
    consumer = AIOKafkaConsumer(*outputs, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await producer.start()
    await consumer.start()
    bus = Bus(producer, consumer, prefix)
    await bus.tell_how_far(datetime.now(UTC) + timedelta(hours=1))
    yield bus
    await consumer.stop()
    await producer.stop()


@pytest.fixture
async def metrics(bus: Bus, kafka: str, store_url: str, tmp_path: Path) -> AsyncIterator[Metrics]:
    charter = tmp_path / "charter"
    shutil.copytree(CHARTER, charter)
    env = environment(kafka, store_url, bus.prefix, charter)
    service = Metrics("metrics", env, tmp_path / "metrics.log")
    try:
        await service.start()
        yield service
    finally:
        service.stop()

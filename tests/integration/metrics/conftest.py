"""Real servers around metrics: its topics, its own charter, its process."""

import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from desk_shared.bus.admin import apply_topics
from desk_shared.events.topics import SERVICES, all_topics
from desk_shared.local.ports import free_ports
from desk_shared.settings import KafkaSettings

from tests.integration.metrics.running import ROOT, Bus, Metrics

_OTHERS = tuple(
    f".{name}.{end}" for name in SERVICES if name != "metrics" for end in ("retry", "dead")
)


@pytest.fixture
async def bus(kafka: str, prefix: str) -> AsyncIterator[Bus]:
    topics = [t for t in all_topics(["network"]) if not t.name.endswith(_OTHERS)]
    await apply_topics(KafkaSettings(bootstrap=kafka), topics, prefix=prefix, partitions=2)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    consumer = AIOKafkaConsumer(
        f"{prefix}desk.promises", bootstrap_servers=kafka, auto_offset_reset="earliest"
    )
    await producer.start()
    await consumer.start()
    yield Bus(producer, consumer, prefix)
    await consumer.stop()
    await producer.stop()


@pytest.fixture
async def metrics(bus: Bus, kafka: str, mongo: str, tmp_path: Path) -> AsyncIterator[Metrics]:
    port = free_ports(1)[0]
    charter = tmp_path / "charter"
    shutil.copytree(ROOT / "charter", charter)
    env = os.environ | {
        "DESK_ENVIRONMENT": "local",
        "DESK_KAFKA": kafka,
        "DESK_MONGO": mongo,
        "DESK_TOPIC_PREFIX": bus.prefix,
        "DESK_DATABASE_PREFIX": bus.prefix,
        "DESK_CHARTER": str(charter),
        "METRICS_HTTP_HOST": "127.0.0.1",
        "METRICS_HTTP_PORT": str(port),
    }
    service = Metrics(env, port, tmp_path / "metrics.log")
    try:
        await service.start()
        yield service
    finally:
        service.end(signal.SIGTERM)

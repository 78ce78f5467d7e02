"""Real servers around automation: its topics, its process, a target."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from desk_contracts import names
from desk_contracts.topics import all_topics
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings
from desk_testing import eventually
from desk_testing.processes import environment

from tests.support.automation_desk import Automation, Bus, Target

TOPICS = {
    names.SIGNALS,
    names.CHANGES,
    names.TELEMETRY,
    names.AUTOMATION,
    names.CHECKPOINTS,
    names.TICKETS,
    names.ACTIONS,
    names.ACTION_RESULTS,
    names.ERASURES,
}


@asynccontextmanager
async def running(*replicas: Automation) -> AsyncIterator[list[Automation]]:
    """All of them run and read; ended whatever happens."""
    for replica in replicas:
        replica.launch()
    try:
        for replica in replicas:
            await eventually(replica.is_ready, timeout=240, interval=0.1)
        yield list(replicas)
    finally:
        for replica in replicas:
            replica.stop()


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    device = Target()
    await device.start()
    yield device
    await device.stop()


@pytest.fixture
async def bus(kafka: str, prefix: str) -> AsyncIterator[Bus]:
    topics = [
        topic
        for topic in all_topics([])
        if topic.name in TOPICS or topic.name.endswith((".automation.retry", ".automation.dead"))
    ]
    await apply_topics(KafkaSettings(bootstrap=kafka), topics, prefix=prefix, partitions=2)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", linger_ms=0)
    consumer = AIOKafkaConsumer(
        prefix + names.AUTOMATION, bootstrap_servers=kafka, auto_offset_reset="earliest"
    )
    await producer.start()
    await consumer.start()
    yield Bus(producer, consumer, prefix)
    await consumer.stop()
    await producer.stop()


@pytest.fixture
def service(kafka: str, store_url: str, bus: Bus, tmp_path: Path) -> Automation:
    """Not started yet."""
    env = environment(kafka, store_url, bus.prefix, AUTOMATION_LEASE="2")
    return Automation("automation", env, tmp_path / "automation.log")


@pytest.fixture
def second(service: Automation, tmp_path: Path) -> Automation:
    """Another replica of the same service."""
    return Automation("automation", service.env, tmp_path / "second.log")

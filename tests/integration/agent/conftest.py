"""A broker, a device in a folder, its agent as a process."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from desk_contracts import names
from desk_contracts.topics import BY_NAME
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings

from tests.support.agent_device import Folder
from tests.support.agent_process import AgentProcess, DeskSide

TOPICS = (names.TELEMETRY, names.ACTIONS, names.ACTION_RESULTS)


@pytest.fixture
async def desk_side(kafka: str, prefix: str) -> AsyncIterator[DeskSide]:
    settings = KafkaSettings(bootstrap=kafka)
    await apply_topics(settings, [BY_NAME[name] for name in TOPICS], prefix=prefix, partitions=3)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    consumer = AIOKafkaConsumer(
        prefix + names.TELEMETRY,
        prefix + names.ACTION_RESULTS,
        bootstrap_servers=kafka,
        auto_offset_reset="earliest",
    )
    await producer.start()
    await consumer.start()
    yield DeskSide(producer, consumer, prefix)
    await consumer.stop()
    await producer.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def agent(kafka: str, prefix: str, folder: Folder) -> Iterator[AgentProcess]:
    """Not started yet."""
    agent = AgentProcess(folder, folder.write_config(kafka, prefix))
    yield agent
    if not agent.is_dead:
        agent.kill()

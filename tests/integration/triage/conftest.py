"""Triage as a process on real servers, and the two ends of the bus it stands between."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from desk_contracts import AnyEvent, Codec
from desk_contracts.topics import all_topics
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings
from desk_testing.processes import ServiceProcess, environment


@dataclass
class Bus:
    """Publishes like an outside system and reads like another service."""

    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer
    prefix: str
    seen: list[AnyEvent] = field(default_factory=list)

    async def publish(self, events: Iterable[AnyEvent]) -> None:
        codec = Codec()
        sends = []
        for event in events:
            message = codec.encode(event)
            sends.append(
                await self.producer.send(
                    self.prefix + message.topic,
                    key=message.key,
                    value=message.value,
                    headers=list(message.headers),
                )
            )
        await asyncio.gather(*sends)

    async def read(self) -> list[AnyEvent]:
        """Everything that triage has published so far."""
        result = await self.consumer.getmany(timeout_ms=100)
        codec = Codec()
        for records in result.values():
            self.seen += [codec.decode(entry.key, entry.value, entry.headers) for entry in records]
        return self.seen


@pytest.fixture
async def bus(kafka: str, prefix: str) -> AsyncIterator[Bus]:
    every = all_topics(["network"])
    topics = [t for t in every if "triage" in {t.writer, *t.readers, *t.followers}]
    settings = KafkaSettings(bootstrap=kafka)
    await apply_topics(settings, topics, prefix=prefix, partitions=2)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    outputs = [prefix + name for name in ("desk.triage", "desk.signals", "desk.problems")]
    consumer = AIOKafkaConsumer(*outputs, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await producer.start()
    await consumer.start()
    yield Bus(producer, consumer, prefix)
    await consumer.stop()
    await producer.stop()


@pytest.fixture
async def triage(
    bus: Bus,  # noqa: ARG001  the topics are there before the service
    kafka: str,
    store_url: str,
    prefix: str,
    tmp_path: Path,
) -> AsyncIterator[ServiceProcess]:
    env = environment(kafka, store_url, prefix)
    service = ServiceProcess("triage", env, tmp_path / "triage.log")
    try:
        await service.start()
        yield service
    finally:
        service.stop()

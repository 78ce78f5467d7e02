"""Intake as a process on real servers, with an employee, a member and the bus around it."""

import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from desk_shared.bus.admin import apply_topics
from desk_shared.events.topics import all_topics
from desk_shared.settings import KafkaSettings

from tests.integration.intake.around import ROOT, Bus, Intake, Person


@pytest.fixture
async def bus(kafka: str, prefix: str) -> AsyncIterator[Bus]:
    topics = [one for one in all_topics(["network"]) if "notifications" not in one.name]
    settings = KafkaSettings(bootstrap=kafka)
    await apply_topics(settings, topics, prefix=prefix, partitions=2)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    consumer = AIOKafkaConsumer(
        prefix + "desk.tickets", bootstrap_servers=kafka, auto_offset_reset="earliest"
    )
    await producer.start()
    await consumer.start()
    yield Bus(producer, consumer, prefix)
    await consumer.stop()
    await producer.stop()


@pytest.fixture
async def intake(
    bus: Bus, kafka: str, mongo: str, prefix: str, tmp_path: Path
) -> AsyncIterator[Intake]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = os.environ | {
        "DESK_ENVIRONMENT": "local",
        "DESK_KAFKA": kafka,
        "DESK_MONGO": mongo,
        "DESK_TOPIC_PREFIX": bus.prefix,
        "DESK_DATABASE_PREFIX": prefix,
        "DESK_CHARTER": str(ROOT / "charter"),
        "INTAKE_HTTP_PORT": str(port),
        "INTAKE_CLOSE_AFTER": "2",
    }
    service = Intake(env, port, tmp_path / "intake.log")
    await service.start()
    yield service
    service.stop()


@pytest.fixture
async def ana(intake: Intake) -> AsyncIterator[Person]:
    """An employee."""
    headers = {"X-Desk-User": "ana", "X-Desk-Roles": "employee"}
    async with httpx.AsyncClient(base_url=intake.url, headers=headers) as client:
        yield Person(client)


@pytest.fixture
async def max_of_network(intake: Intake) -> AsyncIterator[Person]:
    """A member of the network team."""
    headers = {"X-Desk-User": "max", "X-Desk-Roles": "member", "X-Desk-Team": "network"}
    async with httpx.AsyncClient(base_url=intake.url, headers=headers) as client:
        yield Person(client)

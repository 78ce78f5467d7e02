"""Intake as a process on real servers, with an employee, a member and the bus around it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiosmtpd.controller import Controller
from desk_contracts.topics import all_topics
from desk_local.ports import free_ports
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings

from tests.support.intake_around import Bus, Intake, Person, run_intake
from tests.support.notify_channels import Mailbox


@pytest.fixture
async def bus(kafka: str, prefix: str) -> AsyncIterator[Bus]:
    topics = [topic for topic in all_topics(["network"]) if "notifications" not in topic.name]
    settings = KafkaSettings(bootstrap=kafka)
    await apply_topics(settings, topics, prefix=prefix, partitions=2)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    consumer = AIOKafkaConsumer(
        prefix + "desk.tickets", bootstrap_servers=kafka, auto_offset_reset="earliest"
    )
    await producer.start()
    await consumer.start()
    yield Bus(producer, consumer, prefix, kafka)
    await consumer.stop()
    await producer.stop()


@pytest.fixture
async def intake(bus: Bus, store_url: str, tmp_path: Path) -> AsyncIterator[Intake]:
    log, asks_everybody = tmp_path / "intake.log", {"INTAKE_SURVEY_SHARE": "1"}
    async with run_intake(bus, store_url, log, "2", **asks_everybody) as service:
        yield service


@pytest.fixture
async def ana(intake: Intake) -> AsyncIterator[Person]:
    """An employee."""
    headers = {"X-Desk-User": "ana", "X-Desk-Roles": "employee"}
    async with httpx.AsyncClient(base_url=intake.url, headers=headers, timeout=60) as client:
        yield Person(client)


@pytest.fixture
async def max_of_network(intake: Intake) -> AsyncIterator[Person]:
    """A member of the network team."""
    headers = {"X-Desk-User": "max", "X-Desk-Roles": "member", "X-Desk-Team": "network"}
    async with httpx.AsyncClient(base_url=intake.url, headers=headers, timeout=60) as client:
        yield Person(client)


@pytest.fixture
def mails() -> Iterator[tuple[Mailbox, int]]:
    [port] = free_ports(1)
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield mailbox, port
    controller.stop()

"""Real servers around notify: its topics, its process, a mail server."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from desk_contracts.topics import notification_topics
from desk_local.ports import free_ports
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings
from desk_testing.processes import environment

from tests.support.notify_running import TEAMS, Bus, MailServer, Notify, topics


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer(free_ports(1)[0])
    yield server
    server.stop()


@pytest.fixture
async def bus(kafka: str, prefix: str) -> AsyncIterator[Bus]:
    await apply_topics(KafkaSettings(bootstrap=kafka), topics(), prefix=prefix, partitions=1)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", linger_ms=0)
    outputs = [prefix + topic.name for topic in notification_topics(TEAMS)]
    consumer = AIOKafkaConsumer(*outputs, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await producer.start()
    await consumer.start()
    yield Bus(producer, consumer, prefix)
    await consumer.stop()
    await producer.stop()


@pytest.fixture
async def notify(
    kafka: str, store_url: str, prefix: str, bus: Bus, tmp_path: Path
) -> AsyncIterator[Notify]:
    assert bus.prefix == prefix
    service = Notify("notify", environment(kafka, store_url, prefix), tmp_path / "notify.log")
    yield service
    service.stop()


@pytest.fixture
def with_mail(mail_server: MailServer) -> dict[str, str]:
    """Settings that point at the mail server."""
    return {
        "NOTIFY_SMTP_HOST": "127.0.0.1",
        "NOTIFY_SMTP_PORT": str(mail_server.port),
        "NOTIFY_SMTP_SECURITY": "none",
        "NOTIFY_SMTP_CONNECTIONS": "2",
        "NOTIFY_SMTP_TIMEOUT": "20",
        "NOTIFY_MAIL_DOMAINS": "desk.example",
        "NOTIFY_MAIL_PER_HOUR": "1000",
    }

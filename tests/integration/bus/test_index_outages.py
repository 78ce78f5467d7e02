"""An index whose topic or brokers are away as it begins: it says so, and has all soon after."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from desk_contracts.codec import Codec
from desk_contracts.names import TICKETS
from desk_contracts.topics import CATALOGUE
from desk_local import LocalServers, local_servers
from desk_platform.clock import SystemClock
from desk_platform.health import Component, Health, State
from desk_platform.kafka import KafkaPublisher
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings
from desk_platform.similar import IndexedTicket, IndexReader, TextIndex, follow_ticket
from desk_platform.supervision import Supervisor, loop_component
from desk_testing import eventually
from desk_testing.telemetry import record_telemetry

from tests.support.triage_desk import opened

pytestmark = [pytest.mark.connected, pytest.mark.chaos, pytest.mark.timeout(300)]

NAME = "index of tickets"
# Longer than any pause between two tries, and far shorter than a request to aiokafka may take.
SOON = 15.0


class Reading:
    """The index of one topic, read by a supervised loop as in a service."""

    def __init__(self, kafka: str, prefix: str, folder: Path) -> None:
        self.settings, self.prefix = KafkaSettings(bootstrap=kafka), prefix
        self.health = Health(SystemClock())
        self.index = TextIndex(folder / "tickets.index", IndexedTicket)
        self.reader = IndexReader(
            NAME, TICKETS, self.settings, self.index, follow_ticket, self.health, prefix=prefix
        )

    async def run(self) -> None:
        meters = record_telemetry().telemetry.meters
        await Supervisor(SystemClock(), self.health, meters).keep(NAME, self.reader.run)

    def part(self, name: str) -> Component:
        return next(part for part in self.health.components() if part.name == name)

    async def make_topic(self) -> None:
        topics = [topic for topic in CATALOGUE if topic.name == TICKETS]
        await apply_topics(self.settings, topics, prefix=self.prefix, partitions=2)

    async def publish(self, *titles: str) -> None:
        messages = [Codec().encode(opened(title)) for title in titles]
        async with KafkaPublisher(self.settings, "intake", self.prefix) as publisher:
            await publisher.publish(messages)

    async def has_all(self, number: int) -> bool:
        parts = [self.part(NAME), self.part(loop_component(NAME))]
        assert all(part.state is State.READY for part in parts), parts
        return self.reader.is_complete and await self.index.count() == number


@pytest.fixture
async def own(tmp_path: Path, prefix: str) -> AsyncIterator[tuple[LocalServers, Reading]]:
    """A broker of its own, so that it can be killed."""
    async with local_servers(tmp_path / "servers", backend="sqlite", is_quick=True) as servers:
        reading = Reading(servers.kafka, prefix, tmp_path)
        yield servers, reading
        await reading.index.close()


async def test_a_topic_that_is_missing_is_no_empty_one(
    kafka: str, prefix: str, tmp_path: Path
) -> None:
    reading = Reading(kafka, prefix, tmp_path)
    running = asyncio.create_task(reading.run())
    await eventually(lambda: reading.part(NAME).state is State.DEGRADED, timeout=60)
    assert not reading.reader.is_complete
    await reading.make_topic()
    await reading.publish("The printer is on fire", "No mail since noon")
    await eventually(lambda: reading.has_all(2), timeout=60)
    running.cancel()


async def test_brokers_that_go_away_as_it_begins_delay_it_no_longer_than_they_are_away(
    own: tuple[LocalServers, Reading],
) -> None:
    servers, reading = own
    await reading.make_topic()
    await reading.publish("The printer is on fire")
    servers.broker.pause()
    running = asyncio.create_task(reading.run())
    _, waits = await asyncio.wait([running], timeout=5)
    assert waits
    servers.broker.resume()
    await eventually(lambda: reading.has_all(1), timeout=SOON)
    await asyncio.to_thread(servers.broker.kill)
    running.cancel()
    running = asyncio.create_task(reading.run())
    await eventually(lambda: reading.part(NAME).state is State.DEGRADED, timeout=60)
    await asyncio.to_thread(servers.broker.start)
    await reading.publish("No mail since noon")
    await eventually(lambda: reading.has_all(2), timeout=SOON)
    running.cancel()

"""Odd, wrong, hostile records on every open topic of the whole desk: nothing stops or vanishes."""

import asyncio
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from desk_charter import load_charter
from desk_contracts import AnyEvent
from desk_contracts.events.signals import SignalRaised
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.names import REQUESTS, SIGNALS, TICKETS
from desk_contracts.topics import DEAD, RETRY, SERVICES, all_topics
from desk_platform.kafka.admin import apply_topics
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.records import REASON_CODE, KafkaRecord
from desk_platform.kafka.topic_reader import list_topic_names, read_all
from desk_platform.settings import KafkaSettings
from desk_testing import eventually
from desk_testing.commands import run_desk
from desk_testing.processes import CHARTER, ServiceProcess, environment

from tests.support.odd_senders import Odd, odd_records

pytestmark = [pytest.mark.e2e, pytest.mark.connected, pytest.mark.timeout(720)]

NAME = "x-name"


@dataclass
class Desk:
    """Five services on topics of their own."""

    services: list[ServiceProcess]
    settings: KafkaSettings
    prefix: str

    async def send(self, records: list[Odd]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.settings.bootstrap)
        await producer.start()
        for record in records:
            headers = [*record.headers, (NAME, record.name.encode())]
            topic = self.prefix + record.topic
            await producer.send_and_wait(topic, record.value, record.key, headers=headers)
        await producer.stop()

    async def read(self, *topics: str) -> list[KafkaRecord]:
        names = [self.prefix + topic for topic in topics]
        return [raw async for raw in read_all(self.settings, names)]

    async def events(self, topic: str) -> list[AnyEvent]:
        door = RecordDecoder(prefix=self.prefix)
        return [door.read(raw) for raw in await self.read(topic)]

    async def has_caught_up(self) -> bool:
        """Every service ready and nothing left to read, retries included."""
        for service in self.services:
            answer = await service.get("/health/ready")
            assert answer.status_code == 200, (service.name, answer.text)
            assert all(item["lag"] == 0 for item in answer.json()["consumers"]), answer.text
        return True

    async def side(self, suffix: str) -> list[KafkaRecord]:
        names = await list_topic_names(self.settings)
        return await self.read(
            *(
                name.removeprefix(self.prefix)
                for name in sorted(names)
                if name.startswith(self.prefix) and name.endswith(suffix)
            )
        )

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return run_desk(*words, env=self.services[0].env)


@pytest.fixture
async def desk(kafka: str, store_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Desk]:
    settings = KafkaSettings(bootstrap=kafka)
    teams = [team.name for team in load_charter(CHARTER).teams]
    await apply_topics(settings, all_topics(teams), prefix=prefix, partitions=1)
    env = environment(kafka, store_url, prefix)
    services = [ServiceProcess(name, env, tmp_path / f"{name}.log") for name in SERVICES]
    await asyncio.gather(*(service.start() for service in services))
    yield Desk(services, settings, prefix)
    await asyncio.gather(*(asyncio.to_thread(service.stop) for service in services))


def name_of(raw: KafkaRecord) -> str:
    return (dict(raw.headers).get(NAME) or b"").decode()


async def _all_are_dead_that_should_be(desk: Desk, records: list[Odd]) -> bool:
    dead_letters = await desk.side(DEAD)
    codes = {
        (name_of(raw), (dict(raw.headers)[REASON_CODE] or b"").decode()) for raw in dead_letters
    }
    assert codes == {(record.name, record.outcome) for record in records if record.outcome}
    return True


async def _alerts_are_raised(desk: Desk) -> bool:
    signals = [event.data for event in await desk.events(SIGNALS)]
    raised = {signal.title for signal in signals if isinstance(signal, SignalRaised)}
    return raised >= {"LatencyHigh", "p99 is 9 s"}


async def test_no_record_of_an_outsider_stops_the_desk_or_vanishes_in_it(desk: Desk) -> None:
    records = odd_records()
    assert len(records) > 70
    await desk.send(records)
    wanted = {record.name for record in records if record.topic == REQUESTS and not record.outcome}

    async def opened() -> list[TicketOpened]:
        # By their ids: a copy on the bus is harmless.
        by_id = {event.id: event.data for event in await desk.events(TICKETS)}
        payloads = list(by_id.values())
        tickets = [item for item in payloads if isinstance(item, TicketOpened)]
        assert len(tickets) >= len(wanted)
        return tickets

    tickets = await eventually(opened, timeout=180)
    await eventually(desk.has_caught_up, timeout=180)

    assert len(tickets) == len(wanted)
    titles = Counter(ticket.title[:20] for ticket in tickets)
    assert titles["(no title)"] == 2
    assert sum(bool(ticket.amended) for ticket in tickets) > 15
    # A lag is told now and then: what was sent last may have come after it.
    await eventually(lambda: _all_are_dead_that_should_be(desk, records))
    await eventually(lambda: _alerts_are_raised(desk))
    assert await desk.side(RETRY) == []

    audit = await asyncio.to_thread(desk.command, "audit", "--verbose")
    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert f"{len(wanted)} tickets" in audit.stdout
    assert "0 lost, 0 doubled, 0 out of order, 0 gaps" in audit.stdout
    for record in records:
        code = record.outcome
        assert not code or f"{code}  {desk.prefix}{record.topic}/" in audit.stdout
    topics = sorted({record.topic for record in records})
    tail = await asyncio.to_thread(desk.command, "tail", "--from-start", *topics)
    assert tail.returncode == 0, tail.stderr

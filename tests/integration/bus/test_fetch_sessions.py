"""Fetch sessions on a real broker: each record comes once and in order, whatever ends a session."""

from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from desk_contracts.names import TICKETS
from desk_contracts.topics import CATALOGUE
from desk_platform.kafka.admin import apply_topics
from desk_platform.kafka.fetch_sessions import FetchSessions, SessionFetch
from desk_platform.kafka.topic_reader import follow
from desk_platform.settings import KafkaSettings

pytestmark = [pytest.mark.connected, pytest.mark.timeout(120)]

PARTITIONS, SESSION_NOT_FOUND = 3, 70


class Spy:
    """Between the sessions and aiokafka's client: notes the session of each answer and its error,
    and may ask for one that the broker does not know."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        sessions: FetchSessions = consumer._client.send.__self__
        self._send, sessions._send = sessions._send, self.send
        self.answers: list[tuple[int, int]] = []
        self.is_wrong = False

    async def send(self, node: int, request: Any, **more: object) -> Any:
        if isinstance(request, SessionFetch) and self.is_wrong:
            request._session.id += 1
            self.is_wrong = False
        response = await self._send(node, request, **more)
        if isinstance(request, SessionFetch):
            self.answers.append((response.session_id, response.error_code))
        return response


class Reading:
    """A topic of its own, who writes it and who follows it in sessions."""

    def __init__(self, prefix: str, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer) -> None:
        self.topic, self.consumer, self._producer = prefix + TICKETS, consumer, producer
        self.spy = Spy(consumer)
        self.partitions = [TopicPartition(self.topic, number) for number in range(PARTITIONS)]
        self.read: dict[int, list[bytes]] = defaultdict(list)
        self.written: dict[int, list[bytes]] = defaultdict(list)

    async def write(self, *numbers: int) -> None:
        for number in numbers:
            value = f"{len(self.written[number])}".encode()
            await self._producer.send_and_wait(self.topic, value, partition=number)
            self.written[number].append(value)

    async def catch_up(self) -> None:
        """Until as much has come as was written."""
        while sum(map(len, self.read.values())) < sum(map(len, self.written.values())):
            for partition, records in (await self.consumer.getmany(timeout_ms=5_000)).items():
                self.read[partition.partition] += [record.value for record in records]
        assert self.read == self.written


@pytest.fixture
async def reading(kafka: str, prefix: str) -> AsyncIterator[Reading]:
    settings = KafkaSettings(bootstrap=kafka)
    topics = [topic for topic in CATALOGUE if topic.name == TICKETS]
    await apply_topics(settings, topics, prefix=prefix, partitions=PARTITIONS)
    async with (
        AIOKafkaProducer(bootstrap_servers=kafka) as producer,
        follow(settings) as consumer,
    ):
        there = Reading(prefix, consumer, producer)
        consumer.assign(there.partitions)
        yield there


async def test_records_come_once_and_in_order(reading: Reading) -> None:
    await reading.write(0, 1, 2)
    await reading.catch_up()
    for _ in range(5):
        await reading.write(1)
        await reading.catch_up()
    await reading.write(2, 0, 2)
    await reading.catch_up()
    sessions = {session for session, _ in reading.spy.answers}
    assert len(sessions) == 1
    assert sessions != {0}


async def test_a_session_that_the_broker_does_not_know_begins_anew(reading: Reading) -> None:
    await reading.write(0, 1, 2)
    await reading.catch_up()
    reading.spy.is_wrong = True
    await reading.write(1, 2)
    await reading.catch_up()
    await reading.write(0, 1)
    await reading.catch_up()
    assert {error for _, error in reading.spy.answers} == {0, SESSION_NOT_FOUND}
    (first, _), *_, (last, _) = reading.spy.answers
    assert last not in {0, first}


async def test_what_was_sought_comes_again(reading: Reading) -> None:
    await reading.write(0, 0, 0, 1)
    await reading.catch_up()
    reading.consumer.seek(reading.partitions[0], 1)
    reading.read[0] = reading.read[0][:1]
    await reading.catch_up()


async def test_a_paused_partition_is_left_out_and_comes_back(reading: Reading) -> None:
    await reading.write(0, 1)
    await reading.catch_up()
    reading.consumer.pause(reading.partitions[1])
    await reading.write(1, 0)
    while len(reading.read[0]) < 2:
        for partition, records in (await reading.consumer.getmany(timeout_ms=5_000)).items():
            reading.read[partition.partition] += [record.value for record in records]
    assert len(reading.read[1]) == 1
    reading.consumer.resume(reading.partitions[1])
    await reading.catch_up()


async def test_what_has_no_news_is_known_to_have_been_asked_for(reading: Reading) -> None:
    await reading.write(0, 1, 2)
    await reading.catch_up()
    quiet = reading.partitions[2]
    before = reading.consumer.last_poll_timestamp(quiet)
    assert before is not None
    # The time is told in milliseconds, and a fetch of news can take less.
    while reading.consumer.last_poll_timestamp(quiet) == before:
        await reading.write(0)
        await reading.catch_up()
    after = reading.consumer.last_poll_timestamp(quiet)
    assert after is not None
    assert after > before
    assert reading.consumer.highwater(quiet) == 1

"""Fetch sessions: what a fetch says and leaves out, and that whatever is doubtful begins anew."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.fetch import (
    FetchRequest,
    FetchRequest_v11,
    FetchResponse_v4,
    FetchResponse_v11,
)
from aiokafka.protocol.metadata import MetadataRequest
from desk_platform.kafka.fetch_sessions import FetchSessions

SESSION_NOT_FOUND = 70
NODE = 1
FIRST, SECOND = TopicPartition("desk.tickets", 0), TopicPartition("desk.tickets", 1)
OTHER = TopicPartition("desk.sla", 0)


def fetch(*places: tuple[TopicPartition, int]) -> FetchRequest:
    topics: dict[str, list[tuple[int, int, int]]] = {}
    for (topic, number), offset in places:
        topics.setdefault(topic, []).append((number, offset, 1024))
    return FetchRequest(500, 1, 4096, 0, list(topics.items()))


class Consumer:
    """As much of aiokafka's as sessions look at."""

    def __init__(self, *assigned: TopicPartition) -> None:
        self._subscription = SubscriptionState()
        self._subscription.subscribe({partition.topic for partition in assigned})
        self._subscription.assign_from_subscribed(assigned)

    def timestamp(self, partition: TopicPartition) -> int | None:
        stamp: int | None = self._subscription.subscription.assignment.state_value(
            partition
        ).timestamp
        return stamp


class Broker:
    """Notes what it is asked, and answers with the session that it is told."""

    def __init__(self, newest: int = 11) -> None:
        self.requests: list[Any] = []
        self.newest, self.session, self.error, self.is_away = newest, 7, 0, False
        self.consumer = Consumer(FIRST, SECOND, OTHER)
        self.sessions = FetchSessions(self.consumer, self.send)

    async def send(self, _node: int, request: Any) -> Any:
        if self.is_away:
            raise KafkaConnectionError("the connection is broken")
        self.requests.append(request.prepare({1: (4, self.newest), 3: (0, 1)}))
        if self.newest < FetchRequest_v11.API_VERSION:
            return FetchResponse_v4(0, [])
        return FetchResponse_v11(0, self.error, self.session, [])

    async def fetch(self, *places: tuple[TopicPartition, int]) -> tuple[int, int]:
        await self.sessions.send(NODE, fetch(*places))
        return self.requests[-1].session_id, self.requests[-1].session_epoch

    @property
    def lines(self) -> Sequence[tuple[str, int, int]]:
        """The lines of the last request, each with its offset."""
        return [
            (topic, line[0], line[2]) for topic, lines in self.requests[-1].topics for line in lines
        ]

    @property
    def forgotten(self) -> Sequence[tuple[str, list[int]]]:
        return list(self.requests[-1].forgotten_topics_data)


async def test_a_session_begins_with_all_and_goes_on_with_what_has_changed() -> None:
    broker = Broker()
    assert await broker.fetch((FIRST, 10), (SECOND, 20), (OTHER, 30)) == (0, 0)
    assert len(broker.lines) == 3
    assert await broker.fetch((FIRST, 10), (SECOND, 25), (OTHER, 30)) == (7, 1)
    assert broker.lines == [("desk.tickets", 1, 25)]
    assert broker.forgotten == []
    assert await broker.fetch((OTHER, 30), (SECOND, 25), (FIRST, 10)) == (7, 2)
    assert broker.lines == []


async def test_a_partition_that_is_not_asked_for_is_forgotten_and_told_again_later() -> None:
    broker = Broker()
    await broker.fetch((FIRST, 10), (SECOND, 20))
    await broker.fetch((FIRST, 10))
    assert broker.lines == []
    assert broker.forgotten == [("desk.tickets", [1])]
    await broker.fetch((FIRST, 10), (SECOND, 20))
    assert broker.lines == [("desk.tickets", 1, 20)]
    assert broker.forgotten == []


async def test_what_was_sought_is_told_anew() -> None:
    broker = Broker()
    await broker.fetch((FIRST, 10))
    await broker.fetch((FIRST, 3))
    assert broker.lines == [("desk.tickets", 0, 3)]


async def test_a_broker_that_has_forgotten_is_told_all_again() -> None:
    broker = Broker()
    await broker.fetch((FIRST, 10))
    broker.error = SESSION_NOT_FOUND
    await broker.fetch((FIRST, 10))
    broker.error, broker.session = 0, 8
    assert await broker.fetch((FIRST, 10)) == (0, 0)
    assert len(broker.lines) == 1
    assert await broker.fetch((FIRST, 10)) == (8, 1)


async def test_a_broker_without_room_for_sessions_is_told_all_each_time() -> None:
    broker = Broker()
    broker.session = 0
    for _ in range(2):
        assert await broker.fetch((FIRST, 10)) == (0, 0)
        assert len(broker.lines) == 1


async def test_a_fetch_without_an_answer_ends_the_session() -> None:
    broker = Broker()
    await broker.fetch((FIRST, 10))
    broker.is_away = True
    with pytest.raises(KafkaConnectionError):
        await broker.fetch((FIRST, 10))
    broker.is_away = False
    assert await broker.fetch((FIRST, 10)) == (0, 0)


async def test_an_old_broker_is_asked_without_sessions() -> None:
    broker = Broker(newest=4)
    for _ in range(2):
        await broker.sessions.send(NODE, fetch((FIRST, 10)))
        [(topic, [line])] = broker.requests[-1].topics
        assert (topic, line[:2]) == ("desk.tickets", (0, 10))


async def test_an_answer_says_of_every_partition_of_the_session_that_it_has_no_news() -> None:
    broker = Broker()
    assert broker.consumer.timestamp(FIRST) is None
    await broker.fetch((FIRST, 10), (SECOND, 20))
    assert broker.consumer.timestamp(FIRST) is not None
    assert broker.consumer.timestamp(SECOND) is not None
    assert broker.consumer.timestamp(OTHER) is None


async def test_other_requests_are_left_as_they_are() -> None:
    broker = Broker()
    request = MetadataRequest([])
    broker.newest = 4
    await broker.sessions.send(NODE, request)
    assert broker.requests[-1].API_KEY == MetadataRequest.API_KEY


async def test_nothing_is_fetched_before_it_is_due() -> None:
    broker = Broker()
    broker.sessions.are_due.clear()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(broker.fetch((FIRST, 10)), timeout=0.05)
    assert broker.requests == []
    broker.sessions.are_due.set()
    assert await broker.fetch((FIRST, 10)) == (0, 0)

"""The end of a topic: read while somebody follows it, and not when nobody does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest
from desk_contracts.codec import Codec
from desk_contracts.errors import Transient
from desk_contracts.names import TICKETS
from desk_contracts.topics import CATALOGUE
from desk_platform.clock import FakeClock
from desk_platform.health import Component, Health, State
from desk_platform.kafka import KafkaPublisher
from desk_platform.kafka.admin import apply_topics
from desk_platform.kafka.topic_tail import PRELOADED, TopicTail
from desk_platform.settings import KafkaSettings
from desk_platform.tasks import cancel_tasks
from desk_testing import eventually

from tests.support.triage_desk import opened

pytestmark = [pytest.mark.connected, pytest.mark.timeout(120)]


class Following:
    """A tail of a topic of its own, the clock under our hands, and what it handed over."""

    def __init__(self, kafka: str, prefix: str) -> None:
        self.settings, self.prefix = KafkaSettings(bootstrap=kafka), prefix
        self.clock = FakeClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
        self.health = Health(self.clock)
        self.tail = TopicTail(self.settings, TICKETS, self.clock, self.health, prefix=prefix)
        self.heard: list[str] = []
        self.tail.hand_over = lambda batch: self.heard.extend(it.event.subject for it in batch)

    async def publish(self, count: int) -> list[str]:
        """The ids of so many new tickets."""
        events = [opened(f"The printer on floor {number} is on fire") for number in range(count)]
        async with KafkaPublisher(self.settings, "intake", self.prefix) as publisher:
            await publisher.publish([Codec().encode(event) for event in events])
        return [event.subject for event in events]

    def part(self) -> Component:
        [part] = [it for it in self.health.components() if it.name == f"end of {TICKETS}"]
        return part

    def is_unread(self) -> bool:
        return self.part().state is State.UNKNOWN and "nobody follows" in self.part().reason


@pytest.fixture
async def following(kafka: str, prefix: str) -> AsyncIterator[Following]:
    follower = Following(kafka, prefix)
    topics = [topic for topic in CATALOGUE if topic.name == TICKETS]
    await apply_topics(follower.settings, topics, prefix=prefix, partitions=2)
    running = asyncio.create_task(follower.tail.run())
    yield follower
    await cancel_tasks(running)


async def test_it_is_read_while_somebody_follows_and_for_a_minute_more(
    following: Following,
) -> None:
    before = await following.publish(3)
    await eventually(following.is_unread, timeout=10)
    assert following.heard == []
    await following.tail.catch_up()
    assert sorted(following.heard) == sorted(before)
    assert following.part().state is State.READY

    is_followed = True
    following.tail.is_followed = lambda: is_followed
    following.clock.advance(timedelta(hours=1))
    during = await following.publish(2)
    await eventually(lambda: set(during) <= set(following.heard), timeout=30)

    is_followed = False
    await eventually(following.is_unread, timeout=30)
    await following.publish(1)
    assert len(following.heard) == 5


async def test_who_comes_after_a_rest_finds_the_end_and_loses_nothing(
    following: Following,
) -> None:
    await following.publish(1)
    await following.tail.catch_up()
    since = following.tail.position
    following.clock.advance(timedelta(minutes=2))
    await eventually(following.is_unread, timeout=30)
    missed = await following.publish(PRELOADED + 500)
    following.heard.clear()

    await following.tail.catch_up()
    assert len(following.heard) <= PRELOADED, "only the end is read before it counts as read"
    now = following.tail.position
    assert since.count_to(now) == len(missed)
    async with aclosing(following.tail.read_between(since, now)) as batches:
        read = [record.event.subject async for batch in batches for record in batch]
    assert sorted(read) == sorted(missed)


async def test_who_comes_while_the_brokers_are_away_is_told_so(prefix: str) -> None:
    follower = Following("127.0.0.1:1", prefix)
    running = asyncio.create_task(follower.tail.run())
    with pytest.raises(Transient):
        await follower.tail.catch_up()
    await cancel_tasks(running)
    assert follower.part().state is State.DEGRADED

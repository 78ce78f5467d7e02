"""How far a whole group has read: only what it has committed, over all partitions, counts."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import cast

from aiokafka import TopicPartition
from desk_platform.clock import FakeClock
from desk_platform.kafka.group_progress import LOOK_EVERY, GroupReading
from desk_platform.kafka.readers import Readers
from desk_platform.kafka.tracked_consumer import TrackedConsumer
from desk_platform.kafka.watermarks import Watermarks

from tests.support.bus_desk import START

SECOND = timedelta(seconds=1)
TICKETS = [TopicPartition("tickets", number) for number in range(3)]
LATER = TopicPartition("tickets.triage.retry", 0)


class Member:
    """A member of a group: what the brokers tell it of its topics and its group."""

    stopped: frozenset[str] = frozenset()

    def __init__(self, *partitions: TopicPartition) -> None:
        self.ends = dict.fromkeys(partitions, 10)
        self.begins = dict.fromkeys(partitions, 0)
        self.committed: dict[TopicPartition, int] = {}
        self.requests = 0

    def __call__(self) -> TrackedConsumer:
        return cast(TrackedConsumer, self)

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return {end.partition for end in self.ends if end.topic == topic} or None

    async def ends_at_once(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, int]:
        return {item: self.ends[item] for item in partitions}

    async def begins_at_once(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, int]:
        return {item: self.begins[item] for item in partitions}

    async def read_committed(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, int]:
        self.requests += 1
        return {item: self.committed.get(item, -1) for item in partitions}


class Group:
    """What a replica knows of its group: one that reads tickets, and one that tries them again."""

    def __init__(self) -> None:
        self.clock = FakeClock(START)
        self.tickets, self.later = Member(*TICKETS), Member(LATER)
        self.later.ends[LATER] = 0
        self.readers = Readers()
        self.reading = GroupReading(["tickets", LATER.topic], self.readers, self.clock)
        self.watermarks = Watermarks(self.reading, self.clock)

    def join(self) -> "Group":
        self.readers.add(["tickets", "else"], self.tickets)
        self.readers.add([LATER.topic], self.later)
        return self

    async def look(self) -> bool:
        """Whether it has heard until the start, a second later."""
        self.clock.advance(SECOND)
        await self.watermarks.advance([0])
        heard = self.watermarks.find_heard_until(0)
        return heard is not None and heard >= START


async def test_it_waits_for_the_partition_that_is_behind_whoever_holds_it() -> None:
    group = Group().join()
    group.tickets.committed = dict.fromkeys(TICKETS, 10) | {TICKETS[1]: 9}
    assert not await group.look()
    assert not await group.look()
    group.tickets.committed[TICKETS[1]] = 10
    assert await group.look()
    assert group.watermarks.find_heard_until(0) == START + SECOND


async def test_what_came_after_the_question_is_not_waited_for() -> None:
    group = Group().join()
    assert not await group.look()
    group.tickets.committed = dict.fromkeys(TICKETS, 10)
    group.tickets.ends = dict.fromkeys(TICKETS, 1_000)
    assert await group.look()


async def test_what_was_put_off_to_be_tried_again_is_unread() -> None:
    group = Group().join()
    group.tickets.committed = dict.fromkeys(TICKETS, 10)
    group.later.ends[LATER] = 1
    assert not await group.look()
    group.later.committed[LATER] = 1
    assert await group.look()


async def test_a_partition_that_was_never_written_or_whose_records_are_gone_holds_nothing() -> None:
    group = Group().join()
    group.tickets.ends[TICKETS[0]] = 0
    group.tickets.committed = {TICKETS[1]: 10, TICKETS[2]: 3}
    assert not await group.look()
    group.tickets.begins[TICKETS[2]] = 10
    assert await group.look()


async def test_while_a_reader_or_a_topic_is_unknown_nothing_is_heard() -> None:
    group = Group()
    assert group.watermarks.partition_of("any") is None
    group.readers.add(["tickets"], group.tickets)
    assert group.watermarks.partition_of("any") is None
    assert group.reading.unread_topics() == {LATER.topic}
    group.readers.add([LATER.topic], lambda: None)
    assert group.watermarks.partition_of("any") is None
    other = Group()
    other.readers.add(["tickets"], Member())
    other.readers.add([LATER.topic], other.later)
    assert other.watermarks.partition_of("any") is None
    assert Group().join().watermarks.partition_of("any") == 0


async def test_the_group_is_asked_once_an_interval_for_all_partitions_together() -> None:
    group = Group().join()
    await group.look()
    for _ in range(4):
        group.clock.advance(LOOK_EVERY / 4)
        await group.watermarks.advance([0])
    assert group.tickets.requests == 2


async def test_with_nothing_to_wait_for_nobody_is_asked() -> None:
    group = Group().join()
    group.tickets.ends = dict.fromkeys(TICKETS, 0)
    assert await group.look()
    assert (group.tickets.requests, group.later.requests) == (0, 0)

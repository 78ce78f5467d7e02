"""A member that comes or goes moves no more partitions of its group than it must."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from desk_platform.kafka.subscription import own_assignor
from desk_testing import eventually

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]

PARTITIONS = 12
GROUPS = ("one", "two", "three")


class Group:
    """The members of a consumer group that reads a topic of its own, all in this process."""

    def __init__(self, kafka: str, name: str) -> None:
        self._kafka, self.name = kafka, name
        self.members: list[AIOKafkaConsumer] = []
        self._reading: dict[AIOKafkaConsumer, asyncio.Task[None]] = {}

    async def join(self) -> None:
        member = AIOKafkaConsumer(
            self.name,
            bootstrap_servers=self._kafka,
            group_id=self.name,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=300,
            partition_assignment_strategy=(own_assignor(),),
        )
        await member.start()
        self.members.append(member)
        self._reading[member] = asyncio.create_task(self._read(member))

    async def leave(self) -> None:
        """The last one that came."""
        member = self.members.pop()
        reading = self._reading.pop(member)
        reading.cancel()
        await asyncio.wait([reading])
        await member.stop()

    async def held(self) -> list[frozenset[TopicPartition]]:
        """What each member has, as soon as all is shared evenly."""

        def shared() -> list[frozenset[TopicPartition]] | None:
            assignments = [frozenset(member.assignment()) for member in self.members]
            even = {len(item) for item in assignments} == {PARTITIONS // len(self.members)}
            return (
                assignments if even and len(frozenset().union(*assignments)) == PARTITIONS else None
            )

        assignments = await eventually(shared, timeout=60)
        assert assignments is not None
        return assignments

    @staticmethod
    async def _read(member: AIOKafkaConsumer) -> None:
        while True:
            await member.getmany(timeout_ms=200)


@pytest.fixture
async def groups(kafka: str, prefix: str) -> AsyncIterator[list[Group]]:
    created = [Group(kafka, f"{prefix}{name}") for name in GROUPS]
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(item.name, PARTITIONS, 1) for item in created])
    await admin.close()
    async with contextlib.AsyncExitStack() as ends:
        for group in created:
            for _ in range(2):
                await group.join()
                ends.push_async_callback(_left, group)
        yield created


async def _left(group: Group) -> None:
    if group.members:
        await group.leave()


async def test_a_third_member_and_its_leaving_move_the_least_in_each_of_several_groups(
    groups: list[Group],
) -> None:
    for group in groups:
        of_two = await group.held()
        await group.join()
        of_three = await group.held()
        for before, after in zip(of_two, of_three, strict=False):
            assert after <= before  # what it keeps is what it had
        await group.leave()
        again = await group.held()
        for before, after in zip(of_three, again, strict=False):
            assert before <= after

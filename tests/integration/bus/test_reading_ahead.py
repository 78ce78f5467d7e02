"""While a large batch is handled the next one is read, and does not overtake it."""

import asyncio
from collections.abc import Sequence

import pytest
from desk_contracts.errors import DependencyDown
from desk_platform.kafka import Received
from desk_platform.kafka.batch_processor import OnFailedRecords
from desk_platform.kafka.consumer import Consumer
from desk_testing import eventually
from desk_testing.opening import close_now

from tests.support.bus_desk import noted
from tests.support.bus_rig import Rig

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]

BATCH = 10
# Of one ticket, so in one partition.
EVENTS = [noted("t", number) for number in range(1, 6 * BATCH + 1)]
OFFSETS = list(range(len(EVENTS)))


class Doorkeeper:
    """A handler that finishes no batch before it is told to, and fails as often as it is told."""

    def __init__(self) -> None:
        self.handed: list[int] = []
        self.failures = 0
        self.is_open = asyncio.Event()
        # How far the reading was when each batch began, counted from the batch's first record.
        self.ahead: list[int] = []
        self.member: Consumer | None = None

    async def handle(self, batch: Sequence[Received], on_failed: OnFailedRecords) -> None:  # noqa: ARG002
        offsets = [received.raw.offset for received in batch]
        self.handed += offsets
        await self.is_open.wait()
        self.ahead.append(await self.position() - offsets[0])
        if self.failures:
            self.failures -= 1
            raise DependencyDown("the store is away", dependency="store")

    def forget(self) -> None: ...

    async def position(self) -> int:
        """Where the one partition is read on that has records."""
        consumer = None if self.member is None else self.member.current_consumer()
        assert consumer is not None
        positions = [await consumer.position(partition) for partition in consumer.assignment()]
        return int(max(positions))

    async def has_read(self, count: int) -> bool:
        return await self.position() == count


@pytest.fixture
async def doorkeeper(rig: Rig) -> Doorkeeper:
    """Its first batch is under way, the second one is read."""
    await rig.publish(EVENTS)
    doorkeeper = Doorkeeper()
    doorkeeper.member = await rig.join(doorkeeper, max_records=BATCH)
    await eventually(lambda: doorkeeper.has_read(2 * BATCH), timeout=60)
    return doorkeeper


async def test_one_batch_is_read_ahead_and_no_more(rig: Rig, doorkeeper: Doorkeeper) -> None:
    assert doorkeeper.handed == OFFSETS[:BATCH]
    assert not any((await rig.committed()).values())
    doorkeeper.is_open.set()
    await eventually(rig.is_committed, timeout=60)
    assert doorkeeper.handed == OFFSETS
    assert max(doorkeeper.ahead) == 2 * BATCH


async def test_what_was_read_ahead_waits_for_what_must_be_read_again(
    rig: Rig, doorkeeper: Doorkeeper
) -> None:
    doorkeeper.failures = 2
    doorkeeper.is_open.set()
    await eventually(rig.is_committed, timeout=60)
    assert doorkeeper.handed == [*OFFSETS[:BATCH], *OFFSETS[:BATCH], *OFFSETS]


async def test_who_stops_leaves_what_was_read_ahead_to_the_next(
    rig: Rig, doorkeeper: Doorkeeper
) -> None:
    assert doorkeeper.member is not None
    stopping = asyncio.create_task(close_now(doorkeeper.member))
    await asyncio.sleep(0)
    doorkeeper.is_open.set()
    await stopping
    rig.members.clear()
    assert doorkeeper.handed == OFFSETS[:BATCH]
    assert BATCH in (await rig.committed()).values()
    following = Doorkeeper()
    following.is_open.set()
    following.member = await rig.join(following, max_records=BATCH)
    await eventually(rig.is_committed, timeout=60)
    assert following.handed == OFFSETS[BATCH:]

"""What gathers from all partitions hears a moment only when the whole group has read that far."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import pytest
from desk_contracts.names import TICKETS
from desk_platform.kafka import BatchProcessor, Received
from desk_platform.kafka.batch_processor import OnFailedRecords
from desk_platform.kafka.group_progress import GroupReading
from desk_platform.kafka.producer import partition_number
from desk_platform.kafka.readers import Readers
from desk_platform.kafka.watermarks import Watermarks
from desk_testing import eventually

from tests.support.bus_desk import noted
from tests.support.bus_rig import PARTITIONS, RETRIES, Rig

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]

NAMES = [f"t{number}" for number in range(12)]


class Stuck:
    """A handler that does not come to an end of what is in it."""

    def __init__(self, inner: BatchProcessor) -> None:
        self.inner = inner
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.keys: set[str] = set()

    async def handle(self, batch: Sequence[Received], on_failed: OnFailedRecords) -> None:
        self.keys |= {received.event.subject for received in batch}
        await self.go_on.wait()
        await self.inner.handle(batch, on_failed)

    def forget(self) -> None:
        self.inner.forget()


class Pair:
    """Two members that share the partitions, and what the group is known to have read."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.first, self.other = (
            Stuck(BatchProcessor(rig.unit_of_work())),
            Stuck(BatchProcessor(rig.unit_of_work())),
        )

    async def join(self) -> None:
        members = [await self.rig.join(self.first), await self.rig.join(self.other)]
        later = await self.rig.join_retry(BatchProcessor(self.rig.unit_of_work()))
        self.current_consumer = [member.current_consumer for member in members]
        tickets, retries = self.rig.prefix + TICKETS, self.rig.prefix + RETRIES
        readers = Readers()
        readers.add([tickets], self.current_consumer[0])
        readers.add([retries], later.current_consumer)
        reading = GroupReading([tickets, retries], readers, self.rig.clock)
        self.watermarks = Watermarks(reading, self.rig.clock)
        await eventually(lambda: all(self.held(number) for number in (0, 1)), timeout=60)

    def held(self, number: int) -> set[int]:
        consumer = self.current_consumer[number]()
        return set() if consumer is None else {item.partition for item in consumer.assignment()}

    async def has_heard(self, moment: datetime) -> bool:
        await self.watermarks.advance([0])
        heard = self.watermarks.find_heard_until(0)
        return heard is not None and heard >= moment


async def test_a_member_that_is_behind_holds_the_others_too(rig: Rig) -> None:
    begun, pair = rig.clock.now(), Pair(rig)
    await pair.join()
    # A topic that nobody has written to yet is read to its end.
    await eventually(lambda: pair.has_heard(begun), timeout=60)
    behind = pair.held(1)
    lagging = {name for name in NAMES if partition_number(name.encode(), PARTITIONS) in behind}
    assert set() < lagging < set(NAMES)
    pair.other.go_on.clear()
    await rig.publish([noted(name, 1) for name in NAMES])
    written = rig.clock.now()
    await eventually(lambda: pair.other.keys, timeout=60)
    await eventually(
        lambda: rig.are_told({name: ("1",) for name in NAMES if name not in lagging}), timeout=20
    )
    for _ in range(20):
        assert not await pair.has_heard(written)
        await rig.committed()
    pair.other.go_on.set()
    await eventually(lambda: pair.has_heard(written), timeout=60)
    assert await rig.are_told(dict.fromkeys(NAMES, ("1",)))

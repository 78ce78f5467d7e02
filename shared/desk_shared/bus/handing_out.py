"""aiokafka's consumer, with a memory of what it handed out and what of that is handled.

Its position alone does not tell: it moves on when a batch is handed out, not when it is done.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from desk_shared.bus.records import KafkaRecord
from desk_shared.errors import DependencyDown

ASKED_WITHIN = timedelta(seconds=5)


class TrackedConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka has no types
    """Handed to FastStream as the consumer that it reads with."""

    def __init__(self, *topics: str, **arguments: Any) -> None:
        super().__init__(*topics, **arguments)
        self._handed_out: dict[TopicPartition, int] = {}
        self._handled: dict[TopicPartition, int] = {}
        self.assignment_number = 0

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """As aiokafka's; nothing runs between its moving the position and the note of it here."""
        found: dict[TopicPartition, list[ConsumerRecord]] = await super().getmany(
            *partitions, timeout_ms=timeout_ms, max_records=max_records
        )
        for partition, records in found.items():
            self._handed_out[partition] = records[-1].offset + 1
        return found

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """What was handed out from here on will be handed out again."""
        super().seek(partition, offset)
        self._handed_out[partition] = self._handled[partition] = offset

    def note_handled(self, records: Iterable[KafkaRecord]) -> None:
        """All records up to and with these are handled."""
        for record in records:
            self._handled[TopicPartition(record.topic, record.partition)] = record.offset + 1

    def begin_assignment(self) -> None:
        """Partitions were given away or taken; what comes of them is handed out anew."""
        self.assignment_number += 1
        self._handed_out.clear()
        self._handled.clear()

    async def committed_by_group(
        self, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """What the group has committed, other members' partitions too, in one request."""
        found = await self._coordinator.fetch_committed_offsets(list(partitions))
        return {partition: told.offset for partition, told in found.items()}

    async def has_handled(self, partition: TopicPartition, end: int) -> bool:
        """True if every record before `end` was handed out and is handled.

        The position also passes what is no record, such as the marks of transactions.
        """
        if partition not in self.assignment() or await self.position(partition) < end:
            return False
        handed_out = self._handed_out.get(partition)
        return handed_out is None or self._handled.get(partition) == handed_out


class TopicReading:
    """How far a member of a group has read one topic; see `watermarks.PartitionLog`.

    Until `read_by` names its consumer, and while that is not connected, nothing is known.
    """

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._consumer: Callable[[], TrackedConsumer | None] = lambda: None

    def read_by(self, consumer: Callable[[], TrackedConsumer | None]) -> None:
        """From now on this consumer reads it."""
        self._consumer = consumer

    def partition_count(self) -> int | None:
        consumer = self._consumer()
        known = None if consumer is None else consumer.partitions_for_topic(self._topic)
        return len(known) if known else None

    def held(self) -> set[int]:
        consumer = self._consumer()
        if consumer is None:
            return set()
        return {one.partition for one in consumer.assignment() if one.topic == self._topic}

    def assignment_number(self) -> int:
        consumer = self._consumer()
        return 0 if consumer is None else consumer.assignment_number

    async def end_offsets(self, partitions: Collection[int]) -> dict[int, int]:
        consumer = self._consumer()
        if consumer is None:
            return {}
        asked = [TopicPartition(self._topic, one) for one in partitions]
        async with within(ASKED_WITHIN, "the end of the log"):
            ends = await consumer.end_offsets(asked)
        return {partition.partition: end for partition, end in ends.items()}

    async def has_handled(self, partition: int, end: int) -> bool:
        consumer = self._consumer()
        if consumer is None:
            return False
        async with within(ASKED_WITHIN, "the position"):
            return await consumer.has_handled(TopicPartition(self._topic, partition), end)


@asynccontextmanager
async def within(span: timedelta, what: str) -> AsyncIterator[None]:
    """`DependencyDown` if the brokers do not tell us in time, or cannot."""
    try:
        async with asyncio.timeout(span.total_seconds()):
            yield
    except (KafkaError, TimeoutError) as error:
        text = f"the brokers do not tell {what}: {error!r}"
        raise DependencyDown(text, dependency="kafka") from error

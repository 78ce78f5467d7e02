"""How far one member of a group has read one topic."""

from collections.abc import Collection

from aiokafka import TopicPartition

from desk_platform.kafka.readers import Readers
from desk_platform.kafka.tracked_consumer import ASKED_WITHIN, within


class TopicReading:
    """How far a member of a group has read one topic; see `watermarks.PartitionLog`.

    While no consumer reads it, or that is not connected, nothing is known.
    """

    def __init__(self, topic: str, readers: Readers) -> None:
        self._topic, self._readers = topic, readers

    def partition_count(self) -> int | None:
        consumer = self._readers.consumer_of(self._topic)
        numbers = None if consumer is None else consumer.partitions_for_topic(self._topic)
        return len(numbers) if numbers else None

    def own_partitions(self) -> set[int]:
        consumer = self._readers.consumer_of(self._topic)
        if consumer is None:
            return set()
        return {
            partition.partition
            for partition in consumer.assignment()
            if partition.topic == self._topic
        }

    def assignment_number(self) -> int:
        consumer = self._readers.consumer_of(self._topic)
        return 0 if consumer is None else consumer.assignment_number

    async def end_offsets(self, partitions: Collection[int]) -> dict[int, int]:
        consumer = self._readers.consumer_of(self._topic)
        if consumer is None:
            return {}
        mine = [TopicPartition(self._topic, number) for number in partitions]
        async with within(ASKED_WITHIN, "the end of the log"):
            ends = await consumer.ends_at_once(mine)
        return {partition.partition: end for partition, end in ends.items()}

    async def has_handled(self, partition: int, end: int) -> bool:
        consumer = self._readers.consumer_of(self._topic)
        if consumer is None:
            return False
        async with within(ASKED_WITHIN, "the position"):
            return await consumer.has_handled(TopicPartition(self._topic, partition), end)

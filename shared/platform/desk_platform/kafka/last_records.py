"""Whether the records that were read last are still what they were.

A log that lost its end and was filled again, before anybody looked at its end, has other records at
the offsets that were read.
"""

from collections.abc import Collection, Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition

from desk_platform.kafka.connection import kafka_arguments
from desk_platform.kafka.records import KafkaRecord, time_of
from desk_platform.kafka.tracked_consumer import ASKED_WITHIN, within
from desk_platform.settings import KafkaSettings

# One record is wanted; brokers send at least a whole batch.
_LITTLE = 1024


class LastRecords:
    """Offset and time of the last record that was handled of each partition."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._last: dict[TopicPartition, tuple[int, int]] = {}

    def note(self, records: Iterable[KafkaRecord]) -> None:
        """All records up to and with these are handled."""
        last = {(record.topic, record.partition): record for record in records}
        for (topic, partition), record in last.items():
            self._last[TopicPartition(topic, partition)] = (record.offset, time_of(record))

    def forget(self) -> None:
        """Others may have read on."""
        self._last.clear()

    async def why_others(self, partitions: Collection[TopicPartition]) -> dict[str, str]:
        """By topic why other records must have taken the place of those that were read.

        What retention or compaction removed proves nothing, and neither does a shorter log.
        """
        expected = {
            partition: self._last[partition] for partition in partitions if partition in self._last
        }
        if not expected:
            return {}
        async with within(ASKED_WITHIN, "the records that were read last"):
            there = await self._read(expected)
        return {
            partition.topic: f"partition {partition.partition} has another record at {at} than was"
            " read there"
            for partition, (at, _) in expected.items()
            if partition in there and there[partition] != expected[partition]
        }

    async def _read(
        self, expected: dict[TopicPartition, tuple[int, int]]
    ) -> dict[TopicPartition, tuple[int, int]]:
        consumer = AIOKafkaConsumer(
            group_id=None,
            auto_offset_reset="latest",
            max_partition_fetch_bytes=_LITTLE,
            **kafka_arguments(self._settings),
        )
        try:
            await consumer.start()
            starts = await consumer.beginning_offsets(list(expected))
            ends = await consumer.end_offsets(list(expected))
            # What is not there any more would be waited for until the time is over, each time.
            waiting = {
                partition
                for partition, (at, _) in expected.items()
                if starts[partition] <= at < ends[partition]
            }
            consumer.assign(list(waiting))
            for partition in waiting:
                consumer.seek(partition, expected[partition][0])
            there: dict[TopicPartition, tuple[int, int]] = {}
            while waiting:
                for partition, records in (
                    await consumer.getmany(*waiting, timeout_ms=200)
                ).items():
                    waiting.discard(partition)
                    if records[0].offset == expected[partition][0]:
                        there[partition] = (records[0].offset, time_of(records[0]))
        finally:
            await consumer.stop()
        return there

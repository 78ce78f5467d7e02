"""Whether the records that were read last are still what they were.

A log that lost its end and was filled again, before anybody looked at its end, has other records at
the offsets that were read.
"""

from collections.abc import Collection, Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition

from desk_shared.bus.connection import kafka_arguments
from desk_shared.bus.handing_out import ASKED_WITHIN, within
from desk_shared.bus.records import KafkaRecord, time_of
from desk_shared.settings import KafkaSettings

# One record is wanted; brokers send at least a whole batch.
_LITTLE = 1024


class LastRecords:
    """Offset and time of the last record that was handled of each partition."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._last: dict[TopicPartition, tuple[int, int]] = {}

    def note(self, records: Iterable[KafkaRecord]) -> None:
        """All records up to and with these are handled."""
        last = {(one.topic, one.partition): one for one in records}
        for (topic, partition), one in last.items():
            self._last[TopicPartition(topic, partition)] = (one.offset, time_of(one))

    def forget(self) -> None:
        """Others may have read on."""
        self._last.clear()

    async def why_others(self, partitions: Collection[TopicPartition]) -> dict[str, str]:
        """By topic why other records must have taken the place of those that were read.

        What retention or compaction removed tells nothing, and neither does a shorter log.
        """
        asked = {one: self._last[one] for one in partitions if one in self._last}
        if not asked:
            return {}
        async with within(ASKED_WITHIN, "the records that were read last"):
            found = await self._read(asked)
        return {
            one.topic: f"partition {one.partition} has another record at {at} than was read there"
            for one, (at, _) in asked.items()
            if one in found and found[one] != asked[one]
        }

    async def _read(
        self, asked: dict[TopicPartition, tuple[int, int]]
    ) -> dict[TopicPartition, tuple[int, int]]:
        consumer = AIOKafkaConsumer(
            group_id=None,
            auto_offset_reset="latest",
            max_partition_fetch_bytes=_LITTLE,
            **kafka_arguments(self._settings),
        )
        try:
            await consumer.start()
            starts = await consumer.beginning_offsets(list(asked))
            ends = await consumer.end_offsets(list(asked))
            # What is not there any more would be waited for until the time is over, each time.
            waiting = {one for one, (at, _) in asked.items() if starts[one] <= at < ends[one]}
            consumer.assign(list(waiting))
            for one in waiting:
                consumer.seek(one, asked[one][0])
            found: dict[TopicPartition, tuple[int, int]] = {}
            while waiting:
                for one, records in (await consumer.getmany(*waiting, timeout_ms=200)).items():
                    waiting.discard(one)
                    if records[0].offset == asked[one][0]:
                        found[one] = (records[0].offset, time_of(records[0]))
        finally:
            await consumer.stop()
        return found

"""Reads topics from one end to the other, without a group and without leaving a trace."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer
from desk_contracts.errors import NotFound

from desk_platform.kafka.connection import kafka_arguments
from desk_platform.kafka.fetch_sessions import keep_sessions
from desk_platform.kafka.records import KafkaRecord
from desk_platform.settings import KafkaSettings

# A fetch is answered at once when there is a record; one that finds none costs both sides the same.
FOLLOWER_WAIT_MS = 2_000
# Where topics begin and end is asked behind a fetch that is under way, and a command asks at once.
READER_WAIT_MS = 50
# aiokafka looks five times a second what it could fetch. All that changes that wakes it besides.
LOOKS_EVERY_MS = 2_000
# Whoever takes longer with a batch has the other partitions fetched meanwhile.
TAKEN_WITHIN_SECONDS = 2.0


@asynccontextmanager
async def follow(kafka: KafkaSettings, **more: int) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group and without partitions yet, to wait for what comes."""
    arguments = {"fetch_max_wait_ms": FOLLOWER_WAIT_MS, "consumer_timeout_ms": LOOKS_EVERY_MS}
    consumer = AIOKafkaConsumer(
        group_id=None,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        **arguments | more,
        **kafka_arguments(kafka),
    )
    try:  # else each try to start would leave a client behind
        await consumer.start()
        keep_sessions(consumer)
        fetch_behind(consumer)
        yield consumer
    finally:
        await consumer.stop()


def fetch_behind(consumer: AIOKafkaConsumer) -> None:
    """Ask for more once all that came is taken.

    After a tenth of a second aiokafka would ask without the partitions whose records were not taken
    yet, and what comes of those would lie at the broker until that fetch is answered.
    """
    consumer._fetcher._prefetch_backoff = TAKEN_WITHIN_SECONDS  # noqa: SLF001 (nothing public sets it)


@asynccontextmanager
async def reader(kafka: KafkaSettings, topics: Sequence[str]) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer that has every partition of these topics; `NotFound` names a missing one."""
    missing = set(topics) - await list_topic_names(kafka)
    if missing:
        # Brokers do not name what a user may not read.
        hidden = f", or the user {kafka.username} may not read it" if kafka.username else ""
        raise NotFound(
            f"There is no topic '{min(missing)}'{hidden}. `desk topics list` names them all."
        )
    # Without a group the subscription assigns all partitions and leaves no trace.
    consumer = AIOKafkaConsumer(
        *topics,
        group_id=None,
        enable_auto_commit=False,
        fetch_max_wait_ms=READER_WAIT_MS,
        **kafka_arguments(kafka),
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def list_topic_names(kafka: KafkaSettings) -> set[str]:
    """The names of all topics on the brokers."""
    consumer = AIOKafkaConsumer(**kafka_arguments(kafka))
    try:  # else each try to start would leave a client behind
        await consumer.start()
        return set(await consumer.topics())
    finally:
        await consumer.stop()


async def read_all(
    kafka: KafkaSettings, topics: Sequence[str]
) -> AsyncGenerator[KafkaRecord, None]:
    """Every record from the first to the one that is last now, partition by partition."""
    async with reader(kafka, topics) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        starts = await consumer.beginning_offsets(consumer.assignment())
        for partition, start in starts.items():
            consumer.seek(partition, start)
        left = {partition for partition, end in ends.items() if end > starts[partition]}
        while left:
            batches = await consumer.getmany(*left, timeout_ms=1000, max_records=5000)
            for partition, records in batches.items():
                for record in records:
                    if record.offset < ends[partition]:
                        yield record
            # By position: what is last may be no record, but the mark of a transaction's end.
            left -= {
                partition
                for partition in left
                if await consumer.position(partition) >= ends[partition]
            }

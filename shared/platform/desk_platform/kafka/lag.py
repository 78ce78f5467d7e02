"""How far a member is behind the end of its partitions."""

from datetime import UTC, datetime, timedelta

from aiokafka import TopicPartition

from desk_platform.kafka.tracked_consumer import TrackedConsumer, within

# Each answer to a fetch tells the end of the log too, and idle fetches are answered within 2 s.
TOLD_WITHIN = timedelta(seconds=5)
ASKED_WITHIN = timedelta(seconds=2)


async def lag_of(consumer: TrackedConsumer) -> int:
    """Records between the ends of its partitions and its positions.

    Ends that no fetch told lately are asked for: a busy consumer fetches nothing while it has
    records to handle. Raises `DependencyDown` if the brokers do not say.

    Of topics that were replaced it knows neither: see `TopicGuard.unread`.
    """
    partitions = {
        partition for partition in consumer.assignment() if partition.topic not in consumer.stopped
    }
    oldest = (datetime.now(UTC) - TOLD_WITHIN).timestamp() * 1000
    ends: dict[TopicPartition, int] = {}
    for partition in partitions:
        answered_at, end = consumer.last_poll_timestamp(partition), consumer.highwater(partition)
        if answered_at is not None and answered_at >= oldest and end is not None:
            ends[partition] = end
    async with within(ASKED_WITHIN, "the end of the log"):
        if unknown := partitions - ends.keys():
            ends |= await consumer.ends_at_once(unknown)
        return sum(
            [max(0, end - await consumer.position(partition)) for partition, end in ends.items()]
        )

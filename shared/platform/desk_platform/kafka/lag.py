"""How far a member is behind the end of its partitions."""

from desk_platform.kafka.tracked_consumer import TrackedConsumer


async def lag_of(consumer: TrackedConsumer) -> int:
    """Records between the ends of its partitions and its positions, as far as it knows.

    Of topics that were replaced it knows neither: see `TopicGuard.unread`.
    """
    behind = 0
    for partition in consumer.assignment():
        if partition.topic in consumer.stopped:
            continue
        end = consumer.highwater(partition)
        if end is not None:
            behind += max(0, end - await consumer.position(partition))
    return behind

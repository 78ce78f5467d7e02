"""How far a member is behind the end of its partitions."""

from aiokafka import AIOKafkaConsumer


async def lag_of(consumer: AIOKafkaConsumer) -> int:
    """Records between the ends of its partitions and its positions, as far as it knows."""
    behind = 0
    for partition in consumer.assignment():
        end = consumer.highwater(partition)
        if end is not None:
            behind += max(0, end - await consumer.position(partition))
    return behind

"""Reading topics from now on, whatever they held before."""

from aiokafka import AIOKafkaConsumer


async def from_now_on(kafka: str, *topics: str, wait_ms: int = 20) -> AIOKafkaConsumer:
    """A started consumer of all their partitions, at their ends; whoever asked stops it."""
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=kafka, fetch_max_wait_ms=wait_ms)
    await consumer.start()
    await consumer.seek_to_end()
    for partition in consumer.assignment():
        await consumer.position(partition)
    return consumer

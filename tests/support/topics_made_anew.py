"""A topic that is deleted and created again under its name."""

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from desk_testing import eventually


async def make_anew(kafka: str, topic: str, partitions: int) -> None:
    """Returns when records go to the new one; there must be some in the old one.

    A broker says that a topic is gone before it has put it away. On a busy one the old topic takes
    what is published, and hands it out, for a moment longer.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    places = [TopicPartition(topic, number) for number in range(partitions)]

    async def is_created() -> bool:
        made = await admin.create_topics([NewTopic(topic, partitions, 1)])
        return all(error[1] == 0 for error in made.topic_errors)

    async def is_empty() -> bool:
        try:
            ends = await consumer.end_offsets(places)
        except KafkaError:
            return False
        return not any(ends.values())

    try:
        await admin.start()
        await consumer.start()
        await admin.delete_topics([topic])
        await eventually(is_created, timeout=30)
        await eventually(is_empty, timeout=30)
    finally:
        await consumer.stop()
        await admin.close()

"""The servers of a test run answer real clients."""

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import AsyncMongoClient

pytestmark = [pytest.mark.connected, pytest.mark.timeout(360)]


async def test_kafka_gives_back_what_was_sent(kafka: str, prefix: str) -> None:
    topic = f"{prefix}hello"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
        await producer.send_and_wait(topic, b"value", key=b"key")
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=kafka, group_id=f"{prefix}readers", auto_offset_reset="earliest"
    ) as consumer:
        record = await consumer.getone()
        await consumer.commit()
    assert (record.key, record.value) == (b"key", b"value")


async def test_the_store_keeps_a_document(mongo: str, prefix: str) -> None:
    async with AsyncMongoClient[dict[str, object]](mongo) as client:
        rows = client[f"{prefix}db"]["rows"]
        await rows.insert_one({"_id": "one", "version": 1})
        assert await rows.find_one({"_id": "one"}) == {"_id": "one", "version": 1}
        await client.drop_database(f"{prefix}db")

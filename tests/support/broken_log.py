"""What somebody with rights on the brokers can do to a log."""

from collections.abc import Sequence

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from desk_platform.kafka.connection import kafka_arguments
from desk_platform.kafka.records import KafkaRecord
from desk_platform.kafka.topic_reader import read_all
from desk_platform.settings import KafkaSettings


async def read_log(settings: KafkaSettings, topic: str) -> list[KafkaRecord]:
    """All of it."""
    return [record async for record in read_all(settings, [topic])]


async def append(settings: KafkaSettings, topic: str, records: Sequence[KafkaRecord]) -> None:
    """The same records once more, each in its partition."""
    async with AIOKafkaProducer(**kafka_arguments(settings)) as producer:
        for record in records:
            await producer.send_and_wait(
                topic,
                key=record.key,
                value=record.value,
                partition=record.partition,
                headers=list(record.headers),
            )


async def put_in_place(settings: KafkaSettings, topic: str, records: Sequence[KafkaRecord]) -> None:
    """Cut off all that there was, with these records instead."""
    before = await read_log(settings, topic)
    ends = {record.partition: record.offset + 1 for record in before}
    await append(settings, topic, records)
    admin = AIOKafkaAdminClient(**kafka_arguments(settings))
    await admin.start()
    try:
        cut = {TopicPartition(topic, n): RecordsToDelete(end) for n, end in ends.items()}
        await admin.delete_records(cut)
    finally:
        await admin.close()

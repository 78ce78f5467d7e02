"""Creates the topics of the catalogue and reports what differs; never deletes, never shrinks."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

from desk_shared.bus.connection import kafka_arguments
from desk_shared.events.topics import Topic
from desk_shared.settings import KafkaSettings


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply_topics` did and found."""

    created: tuple[str, ...]
    present: tuple[str, ...]
    differing: tuple[str, ...]


def topic_config(topic: Topic, replicas: int) -> dict[str, str]:
    """A topic's settings on the broker, from its declaration."""
    config = {
        "cleanup.policy": "compact" if topic.compacted else "delete",
        "retention.ms": "-1" if topic.kept is None else str(int(topic.kept.total_seconds() * 1000)),
        "retention.bytes": "-1",
        "max.message.bytes": str(topic.max_batch_bytes),
        "message.timestamp.type": "CreateTime",
    }
    if topic.writer == "outside":
        # When it arrived is the brokers' word.
        config["message.timestamp.type"] = "LogAppendTime"
    if replicas > 1:
        config["min.insync.replicas"] = "2"
    return config


async def apply_topics(
    settings: KafkaSettings,
    topics: Iterable[Topic],
    *,
    prefix: str = "",
    partitions: int | None = None,
    replicas: int = 1,
) -> Applied:
    """Create what is missing; a topic with another number of partitions is only reported.

    `partitions` is the most a topic gets (a laptop has 6). Raises aiokafka's errors.
    """
    declared = {prefix + topic.name: _Wanted(topic, partitions, replicas) for topic in topics}
    admin = AIOKafkaAdminClient(client_id="desk-topics", **kafka_arguments(settings))
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [name for name in declared if name not in existing]
        present = [name for name in declared if name in existing]
        await _create(admin, [declared[name].new(name) for name in missing])
        found = await admin.describe_topics(present) if present else []
    finally:
        await admin.close()
    await _until_led(settings, missing)
    counted = {one["topic"]: len(one["partitions"]) for one in found}
    differing = tuple(
        f"{name} has {count} partitions, {declared[name].partitions} are declared"
        for name, count in counted.items()
        if count != declared[name].partitions
    )
    return Applied(tuple(missing), tuple(present), differing)


class _Wanted:
    """One topic as it should be on these brokers."""

    def __init__(self, topic: Topic, most: int | None, replicas: int) -> None:
        self.partitions = min(topic.partitions, most or topic.partitions)
        self._replicas = replicas
        self._config = topic_config(topic, replicas)

    def new(self, name: str) -> NewTopic:
        return NewTopic(name, self.partitions, self._replicas, topic_configs=self._config)


async def _until_led(settings: KafkaSettings, names: list[str]) -> None:
    """A new topic is known before its partitions are led; wait, or its first users only fail."""
    if not names:
        return
    consumer = AIOKafkaConsumer(*names, group_id=None, **kafka_arguments(settings))
    await consumer.start()
    try:
        await consumer.end_offsets(consumer.assignment())
    finally:
        await consumer.stop()


async def _create(admin: AIOKafkaAdminClient, topics: list[NewTopic]) -> None:
    if not topics:
        return
    response = await admin.create_topics(topics)
    for name, code, *rest in response.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise RuntimeError(f"Kafka refused to create {name}: error {code} {rest}")

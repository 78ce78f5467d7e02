"""Creates the topics of the catalogue and reports what differs; never deletes, never shrinks."""

from collections.abc import Iterable
from dataclasses import dataclass

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
        "max.message.bytes": str(1024 * 1024),
        "message.timestamp.type": "CreateTime",
    }
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

    `partitions` overrides the catalogue's (a laptop has 6). Raises aiokafka's errors.
    """
    declared = {prefix + topic.name: topic for topic in topics}
    admin = AIOKafkaAdminClient(client_id="desk-topics", **kafka_arguments(settings))
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [name for name in declared if name not in existing]
        await _create(
            admin,
            [
                NewTopic(
                    name=name,
                    num_partitions=partitions or declared[name].partitions,
                    replication_factor=replicas,
                    topic_configs=topic_config(declared[name], replicas),
                )
                for name in missing
            ],
        )
        present = [name for name in declared if name in existing]
        found = await admin.describe_topics(present) if present else []
    finally:
        await admin.close()
    differing = tuple(
        f"{one['topic']} has {len(one['partitions'])} partitions, "
        f"{partitions or declared[one['topic']].partitions} are declared"
        for one in found
        if len(one["partitions"]) != (partitions or declared[one["topic"]].partitions)
    )
    return Applied(tuple(missing), tuple(present), differing)


async def _create(admin: AIOKafkaAdminClient, topics: list[NewTopic]) -> None:
    if not topics:
        return
    response = await admin.create_topics(topics)
    for name, code, *rest in response.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise RuntimeError(f"Kafka refused to create {name}: error {code} {rest}")

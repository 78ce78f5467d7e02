"""Creates the topics of the catalogue, and sees to it that those of before have its settings.

Never deletes a record and never moves a key: what would is only reported, with the command.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError
from desk_contracts.topics import Topic

from desk_platform.kafka.connection import kafka_arguments
from desk_platform.settings import KafkaSettings

# Whose time counts, and how large a batch may be: what was written before stays as it is.
_SAFE = frozenset({"message.timestamp.type", "max.message.bytes", "segment.ms"})
# Longer is safe, shorter removes records.
_RETENTION = frozenset({"retention.ms", "retention.bytes"})
# Where a setting comes from, in Kafka's answer: this one was set for the topic itself.
_OF_TOPIC = 1


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply_topics` did and found."""

    created: tuple[str, ...]
    present: tuple[str, ...]
    altered: tuple[str, ...]
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
    if topic.compacted:
        # What is written now is never compacted: its readers, who read all, would read a week.
        config["segment.ms"] = str(10 * 60 * 1000)
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
    """Create what is missing, and give what is there the declared settings where nothing is lost.

    `partitions` is the most a topic gets (a laptop has 6). Raises aiokafka's errors, and
    `RuntimeError` for what the brokers refuse.
    """
    declared = {prefix + topic.name: _Wanted(topic, partitions, replicas) for topic in topics}
    admin = AIOKafkaAdminClient(client_id="desk-topics", **kafka_arguments(settings))
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [name for name in declared if name not in existing]
        present = [name for name in declared if name in existing]
        await _create(admin, [declared[name].new(name) for name in missing])
        descriptions = await admin.describe_topics(present) if present else []
        altered, kept = await _align(admin, {name: declared[name].config for name in present})
    finally:
        await admin.close()
    await _wait_for_leaders(settings, missing)
    counted = {topic["topic"]: len(topic["partitions"]) for topic in descriptions}
    differing = [
        f"{name} has {count} partitions, {declared[name].partitions} are declared; changing a"
        " keyed topic moves its keys, so plan it"
        for name, count in counted.items()
        if count != declared[name].partitions
    ]
    return Applied(tuple(missing), tuple(present), tuple(altered), (*differing, *kept))


class _Wanted:
    """One topic as it should be on these brokers."""

    def __init__(self, topic: Topic, most: int | None, replicas: int) -> None:
        self.partitions = min(topic.partitions, most or topic.partitions)
        self._replicas = replicas
        self.config = topic_config(topic, replicas)

    def new(self, name: str) -> NewTopic:
        return NewTopic(name, self.partitions, self._replicas, topic_configs=self.config)


async def _wait_for_leaders(settings: KafkaSettings, names: list[str]) -> None:
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


@dataclass(frozen=True, slots=True)
class _Difference:
    """A setting of a topic of before that is not the declared one."""

    topic: str
    name: str
    has: str
    wanted: str

    @property
    def is_safe(self) -> bool:
        """Whether altering it neither removes a record nor stops a writer of ours."""
        if self.name in _RETENTION:
            return _length(self.wanted) > _length(self.has)
        return self.name in _SAFE

    @property
    def sentence(self) -> str:
        if self.is_safe:
            return f"{self.topic} had {self.name}={self.has} and has {self.wanted} now"
        return (
            f"{self.topic} has {self.name}={self.has}, {self.wanted} is declared; records could be"
            " removed or writers stopped, so it is left: kafka-configs.sh --bootstrap-server ..."
            f" --alter --entity-type topics --entity-name {self.topic}"
            f" --add-config {self.name}={self.wanted}"
        )


async def _align(
    admin: AIOKafkaAdminClient, declared: Mapping[str, Mapping[str, str]]
) -> tuple[list[str], list[str]]:
    """Alter what is safe to alter; says what was altered, and what differs still."""
    altered, differing, changed = list[str](), list[str](), list[ConfigResource]()
    topics = [ConfigResource(ConfigResourceType.TOPIC, name) for name in declared]
    for response in await admin.describe_configs(topics) if topics else ():
        for code, reason, _kind, topic, entries in response.resources:
            if code:
                differing.append(f"the settings of {topic} cannot be read: error {code} {reason}")
                continue
            values = {entry[0]: entry[1] for entry in entries}
            differences = [
                _Difference(topic, name, values.get(name, ""), wanted)
                for name, wanted in declared[topic].items()
                if values.get(name, "") != wanted
            ]
            differing += [setting.sentence for setting in differences if not setting.is_safe]
            safe = {setting.name: setting.wanted for setting in differences if setting.is_safe}
            if safe:
                # Altering replaces all that was set for the topic, so that is said again.
                own = {entry[0]: entry[1] for entry in entries if entry[3] == _OF_TOPIC}
                changed.append(ConfigResource(ConfigResourceType.TOPIC, topic, own | safe))
                altered += [setting.sentence for setting in differences if setting.is_safe]
    refused = await _alter(admin, changed)
    done = [sentence for sentence in altered if sentence.partition(" ")[0] not in refused]
    return done, differing + list(refused.values())


def _length(kept: str) -> float:
    """How much is kept; -1 is all of it, what nobody knows is nothing."""
    number = int(kept) if kept.removeprefix("-").isdigit() else 0
    return float("inf") if number < 0 else number


async def _alter(admin: AIOKafkaAdminClient, changed: Sequence[ConfigResource]) -> dict[str, str]:
    """By topic why the brokers refused."""
    return {
        topic: f"the settings of {topic} may not be altered: error {code} {reason}"
        for response in (await admin.alter_configs(list(changed)) if changed else ())
        for code, reason, _kind, topic in response.resources
        if code
    }

"""Rewrites topics without what was erased: every record is appended again, then the front is cut.

Topic ids and offsets stay those that readers have; ids and times of events stay as they were. It
can be killed anywhere and begun again: a record of its own marks where the copies begin, and each
copy says which record it is of. Services are stopped meanwhile, so nothing comes in between.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata
from desk_contracts.chain import RECEIPT, SealedRecord, seal_of
from desk_contracts.chain_keys import ChainKeys
from desk_contracts.errors import Rejected
from desk_contracts.redaction import Redactor
from desk_contracts.topics import BY_NAME, DEAD, OPEN_TOPICS, RETRY
from desk_platform.erasure.records import is_same, rewrite_record
from desk_platform.kafka.admin import topic_config
from desk_platform.kafka.connection import kafka_arguments
from desk_platform.kafka.records import SETTLES, KafkaRecord, time_of
from desk_platform.kafka.topic_ids import topic_ids
from desk_platform.kafka.topic_reader import read_all
from desk_platform.settings import KafkaSettings

from desk_cli.dead_letters import gather, place_of

# The key of the record before the first copy, and the header that names the original's offset.
MARK, COPY_OF = b"desk-log-rewrite", "desk-copy-of"
_MOST = 2_000
# A segment begins with the mark, so that all before it can be deleted as files.
_ROLL = {"segment.ms": "1"}
_CUTTABLE = {"cleanup.policy": "delete", "retention.ms": "-1"}
_OF_TOPIC = 1

Commits = Mapping[str, Mapping[TopicPartition, OffsetAndMetadata]]


@dataclass(frozen=True, slots=True)
class Content:
    """What stands in a partition: where it begins and ends, what is to go, and how far it is."""

    partition: TopicPartition
    begin: int
    end: int
    # Offset behind the last record that holds what is to go; nothing holds it if this is 0.
    until: int
    affected: int
    # Of an earlier rewrite that was not finished: its mark, and the last original it copied.
    mark: int | None = None
    copied: int = -1

    @property
    def originals_end(self) -> int:
        """Behind the last record that is copied."""
        return self.end if self.mark is None else self.mark


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What was done to one partition."""

    partition: TopicPartition
    affected: int
    copies: int
    is_cut: bool


class LogRewriter:
    """Works on the topics of one desk, while no service of it runs."""

    def __init__(
        self,
        settings: KafkaSettings,
        prefix: str,
        redactor: Redactor,
        admin: AIOKafkaAdminClient,
        producer: AIOKafkaProducer,
        chain_keys: ChainKeys | None = None,
    ) -> None:
        self._settings, self._prefix, self._redactor = settings, prefix, redactor
        self._chain_keys = chain_keys
        self._admin, self._producer = admin, producer

    async def rewrite(self, topics: Iterable[str]) -> list[Rewritten]:
        """Every partition that holds anything of it, or was left half done."""
        commits, done = await self._read_commits(), list[Rewritten]()
        for topic in sorted(topics):
            content = [
                item for item in await self._look(topic) if item.affected or item.mark is not None
            ]
            for item in content:
                self._refuse_unread(item, commits)
            if not content:
                continue
            if self._is_spent(topic):
                for item in content:
                    cut = {item.partition: RecordsToDelete(item.until)}
                    await self._admin.delete_records(cut)
                    done.append(Rewritten(item.partition, item.affected, 0, is_cut=True))
                continue
            # Settled dead letters are nobody's, and what settles them names places that copies do
            # not have.
            settled = frozenset[str]()
            if topic.endswith(DEAD):
                letters = gather([record async for record in read_all(self._settings, [topic])])
                settled = frozenset(
                    place for letter in letters if letter.settlement for place in letter.places
                )
            async with self._roll_segments(topic):
                for item in content:
                    done.append(await self._copy(item, commits, settled))
        return done

    def _is_spent(self, topic: str) -> bool:
        """Whether nothing of it is needed once it is read: what outside systems say, who also write
        meanwhile, and what waited for another try."""
        return topic.removeprefix(self._prefix) in OPEN_TOPICS or topic.endswith(RETRY)

    async def _read_commits(self) -> Commits:
        groups = [name for name, _ in await self._admin.list_consumer_groups()]
        return {
            group: await self._admin.list_consumer_group_offsets(group)
            for group in groups
            if group.startswith(self._prefix)
        }

    def _refuse_unread(self, content: Content, commits: Commits) -> None:
        for group, offsets in commits.items():
            place, commit = content.partition, offsets.get(content.partition)
            needed = content.until if self._is_spent(place.topic) else content.originals_end
            if commit is not None and 0 <= commit.offset < needed:
                raise Rejected(
                    f"{group} has not read {place.topic}/{place.partition} to"
                    f" its end ({needed - commit.offset} records to go): start it, let it read,"
                    " stop it, and purge again. Nothing of this topic was changed."
                )

    async def _look(self, topic: str) -> list[Content]:
        async with self._consumer() as consumer:
            client = consumer._client  # noqa: SLF001 (nothing public has it)
            numbers = (await topic_ids(client, [topic])).partitions[topic]
            places = [TopicPartition(topic, number) for number in sorted(numbers)]
            consumer.assign(places)
            begins = await consumer.beginning_offsets(places)
            ends = await consumer.end_offsets(places)
            return [
                await self._look_at(consumer, place, begins[place], ends[place]) for place in places
            ]

    async def _look_at(
        self, consumer: AIOKafkaConsumer, place: TopicPartition, begin: int, end: int
    ) -> Content:
        until, affected, copied = 0, 0, -1
        mark: int | None = None
        async for record in _read(consumer, place, begin, end):
            if record.key == MARK:
                mark = record.offset
            elif mark is not None:
                copied = max(copied, int(dict(record.headers).get(COPY_OF) or -1))
            elif not is_same(record, rewrite_record(self._redactor, record)):
                self._require_key(record)
                until, affected = record.offset + 1, affected + 1
        return Content(place, begin, end, until, affected, mark, copied)

    def _require_key(self, record: KafkaRecord) -> None:
        """An erasure without the key of the seal would look like a change for ever."""
        seal = seal_of(record)
        if seal is None or (self._chain_keys and self._chain_keys.find(seal.key_id)):
            return
        raise Rejected(
            f"{record.topic} has sealed transitions to erase: set AUTOMATION_CHAIN_KEY with the key"
            f" {seal.key_id}, as automation has it, else an audit takes them for changed. Nothing"
            " of this topic was changed."
        )

    async def _copy(self, content: Content, commits: Commits, settled: frozenset[str]) -> Rewritten:
        place, mark, count = content.partition, content.mark, 0
        if mark is None:
            marked = await self._producer.send_and_wait(
                place.topic, key=MARK, value=b"{}", partition=place.partition
            )
            mark = int(marked.offset)
        async with self._consumer() as consumer:
            consumer.assign([place])
            first = max(content.begin, content.copied + 1)
            async for record in _read(consumer, place, first, mark):
                if place_of(record) not in settled and SETTLES not in dict(record.headers):
                    await self._append(record)
                    count += 1
        await self._producer.flush()
        await self._move_groups(place, commits)
        await self._admin.delete_records({place: RecordsToDelete(mark + 1)})
        return Rewritten(place, content.affected, count, is_cut=False)

    async def _append(self, record: KafkaRecord) -> None:
        after = rewrite_record(self._redactor, record)
        headers = [header for header in after.headers if header[0] != COPY_OF]
        if not is_same(record, after):
            headers = self._renew_receipt(record, after, headers)
        await self._producer.send(
            record.topic,
            key=after.key,
            value=after.value,
            partition=record.partition,
            timestamp_ms=time_of(record),
            headers=[*headers, (COPY_OF, str(record.offset).encode())],
        )

    def _renew_receipt(
        self, before: KafkaRecord, after: SealedRecord, headers: Sequence[tuple[str, bytes]]
    ) -> list[tuple[str, bytes]]:
        """With a receipt of what was erased from a transition that was as it was sealed, or as the
        erasure before this one left it; what anybody else changed gets none."""
        seal, keys = seal_of(before), self._chain_keys
        kept = [header for header in headers if header[0] != RECEIPT]
        entry = keys.find(seal.key_id) if keys and seal else None
        if seal is None or entry is None:
            return kept
        key = entry.key
        if not (key.has_content(seal, before) or key.has_receipt(seal, before)):
            return kept
        return [*kept, (RECEIPT, key.make_receipt(seal, after).encode())]

    async def _move_groups(self, place: TopicPartition, commits: Commits) -> None:
        """Who has read all of it has read the copies."""
        for group, offsets in commits.items():
            if (commit := offsets.get(place)) is None or commit.offset < 0:
                continue
            async with self._consumer(group) as consumer:
                consumer.assign([place])
                end = (await consumer.end_offsets([place]))[place]
                await consumer.commit({place: OffsetAndMetadata(end, commit.metadata)})

    @asynccontextmanager
    async def _consumer(self, group: str | None = None) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            **kafka_arguments(self._settings),
        )
        try:
            await consumer.start()
            yield consumer
        finally:
            await consumer.stop()

    @asynccontextmanager
    async def _roll_segments(self, topic: str) -> AsyncIterator[None]:
        """The topic's own settings, but for those that let its front be deleted at once."""
        resource = ConfigResource(ConfigResourceType.TOPIC, topic)
        [answer] = await self._admin.describe_configs([resource])
        [(_, _, _, _, entries)] = answer.resources
        own = {entry[0]: entry[1] for entry in entries if entry[3] == _OF_TOPIC}
        if own.get("segment.ms") == _ROLL["segment.ms"]:
            # Left by one that was killed: the declared settings count.
            own = {name: value for name, value in own.items() if name != "segment.ms"}
            declared = BY_NAME.get(topic.removeprefix(self._prefix))
            own |= {} if declared is None else topic_config(declared, 1)
        await self._alter(topic, own | _CUTTABLE | _ROLL)
        yield
        await self._alter(topic, own)

    async def _alter(self, topic: str, config: dict[str, str]) -> None:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, config)
        [answer] = await self._admin.alter_configs([resource])
        for code, reason, *_ in answer.resources:
            if code:
                raise KafkaError(f"the settings of {topic} may not be altered: {reason}")


@asynccontextmanager
async def open_rewriter(
    settings: KafkaSettings,
    prefix: str,
    redactor: Redactor,
    kind: type[LogRewriter] = LogRewriter,
    chain_keys: ChainKeys | None = None,
) -> AsyncIterator[LogRewriter]:
    """With its connections to the brokers; a test may ask for one of another kind."""
    admin = AIOKafkaAdminClient(client_id="desk-rewrite", **kafka_arguments(settings))
    producer = AIOKafkaProducer(
        client_id="desk-rewrite", enable_idempotence=True, **kafka_arguments(settings)
    )
    try:
        await admin.start()
        await producer.start()
        yield kind(settings, prefix, redactor, admin, producer, chain_keys)
    finally:
        await producer.stop()
        await admin.close()


async def _read(
    consumer: AIOKafkaConsumer, place: TopicPartition, first: int, until: int
) -> AsyncIterator[KafkaRecord]:
    """The records from one offset up to another one."""
    consumer.seek(place, first)
    while await consumer.position(place) < until:
        batches = await consumer.getmany(place, timeout_ms=1_000, max_records=_MOST)
        for record in batches.get(place, ()):
            if record.offset < until:
                yield record

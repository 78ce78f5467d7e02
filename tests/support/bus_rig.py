"""The real consumer on a real broker and store, in this process, with a fold that tests know."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from desk_cli.adopt import Anew, compare
from desk_contracts import AnyEvent, Codec
from desk_contracts.names import TICKETS, TRIAGE
from desk_contracts.topics import BY_NAME, Topic, dead_topic, retry_topic
from desk_kernel import Context, Decision
from desk_platform.clock import SystemClock
from desk_platform.health import Health
from desk_platform.kafka import BatchHandler, BatchProcessor, KafkaPublisher, Projection, UnitOfWork
from desk_platform.kafka.admin import apply_topics
from desk_platform.kafka.consumer import Consumer
from desk_platform.kafka.records import ATTEMPT, ORIGIN, REASON, REASON_CODE, KafkaRecord
from desk_platform.kafka.subscription import Reading
from desk_platform.kafka.topic_reader import read_all
from desk_platform.settings import KafkaSettings, StoreSettings
from desk_platform.store import open_store
from desk_testing.opening import close_now, open_now
from desk_testing.telemetry import record_telemetry

from tests.support.bus_desk import STORIES, Story, tell

GROUP = "triage"
RETRIES, DEAD = retry_topic(TICKETS, GROUP), dead_topic(TICKETS, GROUP)
PARTITIONS = 3
# Members leave by themselves; a busy machine that is late with a heartbeat is no dead one.
SESSION = timedelta(seconds=10)

React = Callable[[Story | None, AnyEvent, Context], Decision[Story] | None]
Header = tuple[str, bytes | None]


@dataclass(frozen=True)
class Letter:
    """A dead letter, as far as tests look."""

    key: bytes | None
    code: str
    reason: str
    attempt: int
    origin: str


@dataclass
class Rig:
    """Topics with a prefix of their own, a producer of anything, and members of one group."""

    kafka: str
    store_url: str
    prefix: str
    codec: Codec = field(default_factory=Codec)
    members: list[Consumer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.settings = KafkaSettings(bootstrap=self.kafka)
        self.clock = SystemClock()
        self.health = Health(self.clock)
        self.telemetry = record_telemetry()
        self.store = open_store(StoreSettings(url=self.store_url), self.prefix + "bus")
        self.documents = self.store.documents(STORIES, self.clock.now)
        self.publisher = KafkaPublisher(self.settings, "bus-tests", self.prefix)
        self.producer = AIOKafkaProducer(
            bootstrap_servers=self.kafka, acks="all", max_request_size=2_000_000
        )

    async def open(self, partitions: int = PARTITIONS) -> None:
        sides = [Topic(name, "ticket id", "triage") for name in (RETRIES, DEAD)]
        topics = [BY_NAME[TICKETS], BY_NAME[TRIAGE], *sides]
        await apply_topics(self.settings, topics, prefix=self.prefix, partitions=partitions)
        await self.documents.prepare()
        await open_now(self.publisher)
        await self.producer.start()

    async def close(self) -> None:
        for member in self.members:
            await close_now(member)
        await self.producer.stop()
        await close_now(self.publisher)
        await self.store.stop()

    def unit_of_work(self, react: React = tell, *, ordered: bool = True) -> UnitOfWork[Story]:
        projection = Projection(
            self.documents, lambda event: [event.subject], react, ordered=ordered
        )
        meters = self.telemetry.telemetry.meters
        return UnitOfWork(projection, self.publisher, self.clock, meters, name="stories")

    async def join(
        self,
        handler: BatchHandler | None = None,
        *,
        topic: str = TICKETS,
        suffix: str = "",
        grace: timedelta = timedelta(seconds=20),
        is_guarded: bool = False,
        instance: str | None = None,
    ) -> Consumer:
        """One more member of the group."""
        member = Consumer(
            self.settings.model_copy(update={"instance": instance}),
            group=GROUP + suffix,
            owner=GROUP,
            topics=[topic],
            handler=handler or BatchProcessor(self.unit_of_work()),
            publisher=self.publisher,
            clock=self.clock,
            health=self.health,
            telemetry=self.telemetry.telemetry,
            topic_prefix=self.prefix,
            reading=Reading(session=SESSION, grace=grace),
            positions=self.store.positions() if is_guarded else None,
        )
        self.members.append(member)
        await open_now(member)
        return member

    @asynccontextmanager
    async def client(self) -> AsyncIterator[AIOKafkaConsumer]:
        """A client that reads nothing."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka)
        await consumer.start()
        yield consumer
        await consumer.stop()

    async def join_retry(self, handler: BatchHandler) -> Consumer:
        return await self.join(handler, topic=RETRIES, suffix=".retry")

    async def publish(self, events: Iterable[AnyEvent]) -> None:
        await self.publisher.publish([self.codec.encode(event) for event in events])

    async def send(
        self,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[Header] = (),
        partition: int | None = None,
    ) -> None:
        """Any record at all."""
        await self.producer.send_and_wait(
            self.prefix + TICKETS,
            value,
            key=key,
            headers=list(headers),
            partition=partition,
        )

    async def send_event(self, event: AnyEvent, **headers: bytes | None) -> None:
        """The event, with some headers of its binary form replaced."""
        message = self.codec.encode(event)
        changed = {**dict(message.headers), **headers}
        await self.send(message.key, message.value, list(changed.items()))

    async def stories(self) -> dict[str, tuple[str, ...]]:
        stored = await self.documents.find({}, limit=100_000)
        return {item.id: item.state.notes for item in stored if item.state is not None}

    async def are_told(self, expected: dict[str, tuple[str, ...]]) -> bool:
        actual = await self.stories()
        if actual != expected:
            wrong = {id for id in actual.keys() | expected if actual.get(id) != expected.get(id)}
            raise AssertionError(f"{len(wrong)} stories differ, {sorted(wrong)[:5]}")
        return True

    async def read(self, topic: str) -> list[KafkaRecord]:
        return [raw async for raw in read_all(self.settings, [self.prefix + topic])]

    async def derived(self) -> list[AnyEvent]:
        decode = self.codec.decode
        return [decode(raw.key, raw.value, raw.headers) for raw in await self.read(TRIAGE)]

    async def letters(self) -> list[Letter]:
        """Once each: a batch that is read again leaves copies, which are harmless."""
        return list(dict.fromkeys([_letter(raw) for raw in await self.read(DEAD)]))

    async def limit_letters(self, size: int) -> None:
        """The topic of dead letters takes no larger record than this."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            name, config = self.prefix + DEAD, {"max.message.bytes": str(size)}
            await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, config)])
        finally:
            await admin.close()

    async def committed(self, suffix: str = "", topic: str = TICKETS) -> dict[int, int | None]:
        """The group's offset of each partition."""
        reader, partitions = await self._reader(suffix, topic)
        try:
            return {item.partition: await reader.committed(item) for item in partitions}
        finally:
            await reader.stop()

    async def ends(self, suffix: str = "", topic: str = TICKETS) -> dict[int, int | None]:
        reader, partitions = await self._reader(suffix, topic)
        try:
            ends = await reader.end_offsets(partitions)
            return {partition.partition: end or None for partition, end in ends.items()}
        finally:
            await reader.stop()

    async def is_committed(self, suffix: str = "", topic: str = TICKETS) -> bool:
        """Every partition exactly to its end."""
        committed, ends = await self.committed(suffix, topic), await self.ends(suffix, topic)
        if committed != ends:
            raise AssertionError(f"committed {committed}, the ends are {ends}")
        return True

    async def _reader(
        self, suffix: str, topic: str
    ) -> tuple[AIOKafkaConsumer, list[TopicPartition]]:
        reader = AIOKafkaConsumer(
            bootstrap_servers=self.kafka,
            group_id=self.prefix + GROUP + suffix,
            enable_auto_commit=False,
        )
        await reader.start()
        return reader, [TopicPartition(self.prefix + topic, n) for n in range(PARTITIONS)]


def _letter(raw: KafkaRecord) -> Letter:
    headers = {name: (text or b"").decode(errors="replace") for name, text in raw.headers}
    return Letter(
        raw.key, headers[REASON_CODE], headers[REASON], int(headers[ATTEMPT]), headers[ORIGIN]
    )


async def adopt(rig: Rig) -> Sequence[Anew]:
    """As the command does, for this group."""
    positions = rig.store.positions()
    marks = [(GROUP, item) for item in await positions.all()]
    async with rig.client() as client:
        anew = await compare(marks, client)
    for item in anew:
        assert await positions.adopt(item.position, item.cluster, item.topic_id)
    return anew


def is_stopped(rig: Rig) -> bool:
    return any("was replaced" in reason for reason in rig.health.answer_ready().reasons)

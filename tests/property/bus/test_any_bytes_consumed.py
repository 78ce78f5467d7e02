"""Whatever bytes a topic has: its consumer goes on, and each record is handled or parked, once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from aiokafka import TopicPartition
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from desk_contracts import AnyEvent, Event, Message
from desk_contracts.events.tickets import Role, TicketCommented
from desk_contracts.names import REQUESTS, TICKETS
from desk_contracts.topics import dead_topic, retry_topic
from desk_kernel import Context, Decision
from desk_platform.clock import FakeClock
from desk_platform.health import Health
from desk_platform.kafka import BatchProcessor, Projection, Received, UnitOfWork
from desk_platform.kafka.batch_processor import OnFailedRecords
from desk_platform.kafka.consumer import Consumer
from desk_platform.kafka.records import ORIGIN, REASON_CODE
from desk_platform.settings import KafkaSettings
from desk_platform.store import Schema
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.telemetry import record_telemetry
from pydantic import BaseModel

from tests.support.odd_records import MAX_RECORD_BYTES, Header, OddRecord, good, odd_records

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
RECORDS, PARTS, BATCH = 50_000, 4, 500
Good = tuple[str, bytes, bytes, tuple[Header, ...]]
# Each event of the topic itself comes under so many ids.
OWN = 60


class Seen(BaseModel):
    """How many events a document had."""

    count: int = 0


@dataclass
class PartitionStub:
    """What the consumer reads from, as far as it asks."""

    topic: str
    sought: int = 0

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(self.topic, 0)}

    def seek(self, _partition: TopicPartition, _offset: int) -> None:
        self.sought += 1

    def current(self, records: Sequence[OddRecord]) -> Sequence[OddRecord]:
        """Its one partition is never taken away."""
        return records

    def note_handled(self, records: Sequence[OddRecord]) -> None:
        """Progress is not looked at here."""


@dataclass
class Rig:
    """The real consumer, unit of work and door; only broker and store are fakes."""

    topic: str
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    publisher: FakePublisher = field(default_factory=FakePublisher)
    batch: Sequence[Received] = ()
    handed: Counter[int] = field(default_factory=Counter)
    emitted: set[str] = field(default_factory=set)
    codes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        telemetry = record_telemetry("intake").telemetry
        self.documents = FakeDocuments(Schema("seen", Seen), self.clock)
        keys = lambda event: [event.subject]  # noqa: E731
        projection = Projection(self.documents, keys, self.react, ordered=self.topic == TICKETS)
        self.processor = BatchProcessor(
            UnitOfWork(projection, self.publisher, self.clock, telemetry.meters)
        )
        self.health = Health(self.clock)
        self.partition_stub = PartitionStub(self.topic)
        self.consumer = Consumer(
            KafkaSettings(bootstrap="nowhere:9092"),
            group="intake",
            topics=[self.topic],
            handler=self,
            publisher=self.publisher,
            clock=self.clock,
            health=self.health,
            telemetry=telemetry,
        )
        self.consumer._subscriber.consumer = self.partition_stub

    def react(self, state: Seen | None, event: AnyEvent, context: Context) -> Decision[Seen]:
        """Tells of each event once more, under a source of ours."""
        self.emitted.add(event.identity)
        note = TicketCommented(by="ana", role=Role.MEMBER, text="seen")
        echo = Event(event.identity, "/desk/intake", event.subject, context.now, note)
        return Decision(Seen(count=(state or Seen()).count + 1), (echo,))

    async def handle(self, batch: Sequence[Received], on_failed: OnFailedRecords) -> None:
        self.handed.update(item.raw.offset for item in batch)
        self.batch = batch
        await self.processor.handle(batch, on_failed)

    def forget(self) -> None:
        self.processor.forget()

    async def feed(self, records: Sequence[OddRecord]) -> None:
        """One batch, after which each of its records is accounted for."""
        pause = await self.consumer._round(records)
        assert pause is None, self.consumer._progress.pause_reason
        assert self.partition_stub.sought == 0, "the batch would be read again"
        reroute = Counter(self.rerouted_offsets())
        handed = Counter({record.offset: self.handed[record.offset] for record in records})
        assert set(reroute.values()) <= {1}
        assert set(handed.values()) <= {0, 1}
        assert {record.offset for record in records} == {*reroute, *(+handed)}
        for item in self.batch:
            assert item.raw.offset in reroute or await self.is_known(item)
        self.publisher.messages.clear()

    def rerouted_offsets(self) -> list[int]:
        """The offsets of what was parked; all that was published can be written to Kafka."""
        offsets = []
        for message in self.publisher.messages:
            check(message)
            if message.topic in (
                dead_topic(self.topic, "intake"),
                retry_topic(self.topic, "intake"),
            ):
                headers = dict(message.headers)
                self.codes[headers[REASON_CODE].decode()] += 1
                offsets.append(int(headers[ORIGIN].rpartition(b"/")[2]))
        return offsets

    async def is_known(self, record: Received) -> bool:
        """Done, now or as a copy before, or kept until those before it are there."""
        if record.identity in self.emitted:
            return True
        (document,) = (await self.documents.load([record.event.subject])).values()
        is_late = record.sequence is not None and record.sequence <= document.sequence
        return is_late or any(kept.value == record.raw.value for kept in document.buffered)


def copies(plain: Good, count: int) -> list[Good]:
    """The same event with other ids."""
    topic, key, value, headers = plain
    variants = []
    for number in range(count):
        other = dict(headers) | {"ce_id": b"id-%d" % number} if number else dict(headers)
        if number and "ce_sequence" in other:
            other["ce_sequence"] = b"%d" % (number // 2 + 1)
        variants.append((topic, key, value, tuple(other.items())))
    return variants


def check(message: Message) -> None:
    """Raises if aiokafka cannot write it, and fails if the broker would not take it."""
    batch = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, MAX_RECORD_BYTES)
    written = batch.append(0, 0, message.key, message.value, list(message.headers))
    assert written is not None
    assert batch.size() < MAX_RECORD_BYTES


@pytest.mark.timeout(360)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("topic", [REQUESTS, TICKETS])
async def test_any_record_is_handled_or_rerouted_once(topic: str, part: int) -> None:
    rig = Rig(topic)
    begin = [copy for plain in good() for copy in copies(plain, OWN if plain[0] == topic else 1)]
    batch: list[OddRecord] = []
    for number, record in enumerate(odd_records(begin, part, RECORDS // PARTS), 1):
        record.topic, record.offset = topic, number
        batch.append(record)
        if len(batch) == BATCH:
            await rig.feed(batch)
            batch = []
    assert not rig.consumer._budget.is_spent
    assert rig.codes["bug"] == 0
    assert all(code.replace("-", "").isalpha() for code in rig.codes)
    assert len(rig.codes) > 10, "the records are odd in too few ways"
    assert len(rig.emitted) > OWN / 2

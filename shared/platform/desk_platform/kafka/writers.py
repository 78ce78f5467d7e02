"""How far a topic's only writer has published: each of its replicas writes it, whoever waits reads.

A replica publishes its watermark twice a second, in one small record. One that was killed
publishes nothing more and keeps no lease: another one takes the lease, makes sure that nothing of
it is left, and publishes that in its place.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from desk_contracts import Codec, Event, names
from desk_contracts.errors import DependencyDown, Invalid
from desk_contracts.events.watermarks import WatermarkAdvanced
from desk_contracts.ids import new_id

from desk_platform.clock import Clock
from desk_platform.heartbeat import beat
from desk_platform.kafka.connection import renew_login
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.end_offsets import end_offsets
from desk_platform.kafka.producer import Publisher
from desk_platform.kafka.records import KafkaRecord
from desk_platform.kafka.retry import attempt_async
from desk_platform.kafka.topic_reader import follow
from desk_platform.kafka.tracked_consumer import ASKED_WITHIN, within
from desk_platform.kafka.unit_of_work import UnitOfWork
from desk_platform.kafka.writer_leases import RENEWED_EVERY, WriterLeases
from desk_platform.settings import KafkaSettings
from desk_platform.store.document import S
from desk_platform.store.leases import Leases
from desk_platform.telemetry import get_logger

log = get_logger()

# Verdicts wait for the later one of two replicas.
EVERY = timedelta(milliseconds=500)
LOOKED_EVERY = timedelta(milliseconds=500)
# Published again although nothing has changed: whoever is delayed is not gone.
AT_LEAST_EVERY = timedelta(seconds=2)
# A replica of which nothing is read while we read so many watermarks of our own is stopped, frozen,
# or cut off from the brokers. Counted rather than timed: while the brokers stand still nothing is.
MISSED = 20
# A store that answers has done what was sent to it before, or does so within this time.
LATE_WRITE = timedelta(seconds=1)
# A reading that is stuck begins anew before anybody is taken for silent.
ANSWERED_WITHIN_MS = 5_000
# A last watermark that does not arrive must not take the time of what stops after it.
GOODBYE_WITHIN = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Replica:
    """The last watermark of one replica of the writer."""

    until: datetime
    has_left: bool


class Writers:
    """The replicas that write one topic, by their watermarks."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._replicas: dict[str, Replica] = {}
        # How many watermarks were read in all, and the numbers of each replica's last ones.
        self._count = 0
        self._lately: dict[str, deque[int]] = {}
        self.is_complete = False

    def hear(self, replica: str, watermark: WatermarkAdvanced) -> None:
        """Note a watermark of one replica; one of another topic's writer is passed over."""
        if watermark.topic == self._topic:
            self._replicas[replica] = Replica(watermark.until, watermark.has_left)
            self._count += 1
            self._lately.setdefault(replica, deque(maxlen=MISSED)).append(self._count)

    def until(self) -> datetime | None:
        """All that was recorded before this moment is published; None as long as nobody knows.

        With every replica gone it stands still: nobody says what the next one will have recorded.
        """
        if not self.is_complete or not self._replicas:
            return None
        writing = [replica.until for replica in self._replicas.values() if not replica.has_left]
        return (
            min(writing) if writing else max(replica.until for replica in self._replicas.values())
        )

    def silent(self, apart_from: str) -> list[str]:
        """Replicas that have not said that they leave, and say nothing any more.

        Measured by what was read of `apart_from`, whoever asks: one that was itself frozen or cut
        off has read nothing, of itself included.
        """
        own = self._lately.get(apart_from)
        if own is None or len(own) < MISSED:
            return []
        return [
            name
            for name, replica in self._replicas.items()
            if not replica.has_left and self._lately[name][-1] < own[0]
        ]


class WritersReader:
    """Keeps `Writers` up to date from the topic, without a group: every replica reads all of it."""

    def __init__(self, settings: KafkaSettings, writers: Writers, *, prefix: str = "") -> None:
        self._settings, self._writers = settings, writers
        self._name = prefix + names.WATERMARKS
        self._door = RecordDecoder(prefix=prefix)

    async def run(self) -> None:
        """Read until cancelled; the reading begins anew if it is run again."""
        # What other replicas published meanwhile is not known until the end was reached again.
        self._writers.is_complete = False
        try:
            async with follow(self._settings, request_timeout_ms=ANSWERED_WITHIN_MS) as consumer:
                await self._read(consumer)
        except KafkaError as error:
            text = f"the brokers do not tell how far others have published: {error!r}"
            raise DependencyDown(text, dependency="kafka") from error

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        partition = TopicPartition(self._name, 0)
        consumer.assign([partition])
        async with within(ASKED_WITHIN, f"the end of {self._name}"):
            end = (await end_offsets(consumer._client, [partition]))[partition]  # noqa: SLF001
        while True:
            if await consumer.position(partition) >= end:
                self._writers.is_complete = True
            beat()
            renew_login(consumer._client, self._settings)  # noqa: SLF001 (nothing public has it)
            batches = await consumer.getmany(partition, timeout_ms=1_000)
            for record in batches.get(partition, ()):
                self._hear(record)

    def _hear(self, record: KafkaRecord) -> None:
        try:
            event = self._door.read(record)
        except Invalid as error:
            log.warning("watermark_unreadable", reason=str(error))
            return
        if isinstance(event.data, WatermarkAdvanced):
            self._writers.hear(event.subject, event.data)


@dataclass(slots=True)  # not frozen: an answer is noted
class _Question:
    """Whether something that was recorded by then still waits, and when the store first said no."""

    recorded_by: datetime
    denied_at: datetime | None = None


class WriterWatermark(Generic[S]):
    """Publishes how far this replica has published the events of one unit of work's documents."""

    def __init__(  # noqa: PLR0913, PLR0917 (what it stands between)
        self,
        topic: str,
        source: str,
        unit_of_work: UnitOfWork[S],
        publisher: Publisher,
        clock: Clock,
        writers: Writers,
        leases: Leases,
    ) -> None:
        self.replica = new_id()
        self._topic, self._source = topic, source
        self._open, self._documents = unit_of_work.open_moments, unit_of_work.documents
        self._open.close()
        self._leases = WriterLeases(topic, self.replica, leases, clock, self._open)
        self._publisher, self._clock, self._writers = publisher, clock, writers
        self._codec = Codec()
        self._published: datetime | None = None
        self._published_at = clock.now()
        # Since when an outcome is doubtful, and what is asked of it: one that is looked after, and
        # one for all that came later. So a trickle of them does not put off the first for ever.
        self._uncertain: list[tuple[datetime, _Question]] = []
        # Replicas that say nothing any more, and what is asked of them.
        self._silent: dict[str, _Question] = {}

    async def __aenter__(self) -> "WriterWatermark[S]":
        """Before anything is decided: whoever waits must know of this replica.

        Until then calls are refused. What one of them gave rise to would lie in the store while the
        other replicas publish a later watermark.
        """
        await self._begin()
        return self

    async def _begin(self) -> None:
        await self._leases.take()
        await self._publish(self.replica, self._reach(self._clock.now()))
        self._open.open(self._clock.now())

    async def __aexit__(self, *failure: object) -> None:
        """Publish the last watermark if all is out; else another replica will, when it is."""
        try:
            async with asyncio.timeout(GOODBYE_WITHIN.total_seconds()):
                error = await attempt_async(self._leave())
        except TimeoutError as late:
            error = late
        if error is not None:
            log.warning("writer_leaves_without_goodbye", reason=repr(error))

    async def _leave(self) -> None:
        await self.resolve_uncertain()
        await self.advance()
        if not self._uncertain and self._open.earliest() is None:
            self._open.close()
            await self._publish(self.replica, self._clock.now(), has_left=True)
            await self._leases.give_up()

    async def run(self) -> None:
        """Publish until cancelled. The store is not read here: whoever is slow is not silent."""
        while True:
            await self.advance()
            beat()
            await self._clock.sleep(EVERY)

    async def look(self) -> None:
        """Read what became of doubtful outcomes and of the silent, until cancelled."""
        while True:
            await self.resolve_uncertain()
            await self._speak_for_the_silent()
            beat()
            await self._clock.sleep(LOOKED_EVERY)

    async def hold(self) -> None:
        """Renew this replica's lease until cancelled; one that was lost begins as after a start."""
        while True:
            is_held = await self._leases.renew()
            if not (is_held and self._open.is_open):
                self._open.close()
                await self._begin()
            beat()
            await self._clock.sleep(RENEWED_EVERY)

    async def advance(self) -> None:
        """Publish how far it is, if that is further than before, and now and then anyway."""
        now = self._clock.now()
        until = self._reach(now)
        if (
            self._published is None
            or until > self._published
            or now - self._published_at >= AT_LEAST_EVERY
        ):
            await self._publish(self.replica, until)

    def _reach(self, now: datetime) -> datetime:
        """All that was recorded before this moment is published."""
        until = min(now, self._open.earliest() or now)
        self._take_uncertain(now)
        return min([until, *(since for since, _ in self._uncertain)])

    def _take_uncertain(self, now: datetime) -> None:
        """Since some time something may lie unpublished: no later watermark is published."""
        taken = self._open.take_uncertain()
        if taken is not None:
            later = [since for since, _ in self._uncertain[1:]]
            self._uncertain[1:] = [(min([taken, *later]), _Question(now))]

    async def resolve_uncertain(self) -> None:
        """The first doubtful outcome is clear when nothing of its time waits in the store."""
        self._take_uncertain(self._clock.now())
        if not self._uncertain:
            return
        first = self._uncertain[0]
        if await self._is_answered(first[1]):
            self._uncertain.remove(first)

    async def _speak_for_the_silent(self) -> None:
        """A replica that was killed has left once nothing of it waits in the store.

        Its lease is taken anew at each look, so that what is asked is asked while it records
        nothing.
        """
        silent = self._writers.silent(self.replica)
        self._silent = {
            replica: self._silent[replica] for replica in silent if replica in self._silent
        }
        for replica in silent:
            if await self._leases.of_silent(replica) is None:
                self._silent.pop(replica, None)
                continue
            question = self._silent.setdefault(replica, _Question(self._clock.now()))
            if not await self._is_answered(question):
                continue
            # The answer may have taken longer than the lease was for.
            if (lease := await self._leases.of_silent(replica)) is not None:
                log.warning("writer_replica_gone", replica=replica)
                await self._publish(replica, question.recorded_by, has_left=True)
                await self._leases.forget(lease)

    async def _is_answered(self, question: _Question) -> bool:
        """The store said no, and again a moment later.

        A store that stood still may answer us before it does what a killed replica, or a call that
        was given up, had sent to it earlier.
        """
        asked_at = self._clock.now()
        if await self._documents.has_unpublished(question.recorded_by):
            question.denied_at = None
            return False
        if question.denied_at is None:
            question.denied_at = self._clock.now()
        # By when it was asked: a slow answer shows how things were before.
        return asked_at - question.denied_at >= LATE_WRITE

    async def _publish(self, replica: str, until: datetime, *, has_left: bool = False) -> None:
        watermark = WatermarkAdvanced(topic=self._topic, until=until, has_left=has_left)
        event = Event(new_id(), self._source, replica, until, watermark)
        await self._publisher.publish([self._codec.encode(event)])
        if replica == self.replica:
            self._published, self._published_at = until, self._clock.now()

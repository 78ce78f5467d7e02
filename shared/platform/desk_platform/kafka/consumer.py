"""The one consumer rule. Every service reads the bus through this class and through nothing else.

Per batch: decode each record by itself, hand the batch to the handler (documents written, events
published), reroute what failed; soon after, commit exactly what was handled. Whatever raises, the
batch is read again: never a lost record, never a hot loop.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from time import perf_counter

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from desk_contracts import AnyEvent, Codec
from desk_contracts.errors import DependencyDown, Invalid, Transient
from desk_contracts.topics import RETRY
from faststream.kafka import KafkaMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber

from desk_platform.clock import Clock
from desk_platform.health import Health, State
from desk_platform.kafka.agreement import CommitNotes
from desk_platform.kafka.batch_processor import BatchHandler
from desk_platform.kafka.commits import HandledOffsets, Offsets
from desk_platform.kafka.consumer_meters import ConsumerMeters
from desk_platform.kafka.consumer_watch import ConsumerWatch
from desk_platform.kafka.dead_letter_budget import Budget
from desk_platform.kafka.decoded_records import DecodedRecords
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.last_records import LastRecords
from desk_platform.kafka.producer import Publisher
from desk_platform.kafka.records import Failure, KafkaRecord, Received, not_before
from desk_platform.kafka.retry import attempt_async, attempt_each, backoff
from desk_platform.kafka.side_topics import SideTopics
from desk_platform.kafka.subscription import (
    FEW_RECORDS,
    Reading,
    broker_of,
    connect,
    safe_arguments,
)
from desk_platform.kafka.topic_reader import fetch_behind
from desk_platform.kafka.topic_replacement import TopicGuard
from desk_platform.kafka.trace_context import find_traceparent, give_trace
from desk_platform.kafka.tracked_consumer import TrackedConsumer
from desk_platform.settings import KafkaSettings
from desk_platform.store.milestones import Milestones
from desk_platform.store.positions import Positions
from desk_platform.tasks import cancel_tasks
from desk_platform.telemetry import Telemetry, get_logger

log = get_logger()

# Rebalances wait for the batch in flight, below the group's rebalance timeout of 60 s.
REVOKE_GRACE = timedelta(seconds=30)
# After so many failures that are nobody's absence, the batch is tried record by record.
FAILURES_BEFORE_SPLIT = 3
# A retry topic is looked at again at least this often, so that a stop never waits long.
LONGEST_WAIT = timedelta(seconds=1)
# So often a consumer that is stopped says so again.
HALTED_PAUSE = timedelta(seconds=5)
# aiokafka would try to commit for ever while the brokers are away.
COMMITTED_WITHIN = timedelta(seconds=15)
USUALLY = Reading()

# Why an event is not let in, though it can be read; None if it is.
Admits = Callable[[AnyEvent], Invalid | None]


def admit_all(_event: AnyEvent) -> Invalid | None:
    """Nothing is kept out: for readers of topics that only the desk writes."""
    return None


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """One member of a consumer group, which reads as long as it is open.

    `pattern` instead of topics reads a family of topics; new ones are found within minutes.
    """

    def __init__(  # noqa: PLR0913 (what it stands between)
        self,
        settings: KafkaSettings,
        *,
        group: str,
        topics: Sequence[str],
        handler: BatchHandler,
        publisher: Publisher,
        clock: Clock,
        health: Health,
        telemetry: Telemetry,
        pattern: str = "",
        topic_prefix: str = "",
        codec: Codec | None = None,
        owner: str = "",
        reading: Reading = USUALLY,
        admits: Admits = admit_all,
        positions: Positions | None = None,
        milestones: Milestones | None = None,
        decoded: DecodedRecords | None = None,
    ) -> None:
        self.group, self._prefix, owner = group, topic_prefix, owner or group
        self._is_delayed = all(name.endswith(RETRY) for name in topics or [pattern])
        self._settings, self._clock = settings, clock
        self._handler = handler
        self._health, self._telemetry, self._admits = health, telemetry, admits
        self._meters = ConsumerMeters(telemetry.meters, group, owner)
        self._door = RecordDecoder(codec, topic_prefix, clock, decoded)
        last = LastRecords(settings)
        self._progress = health.consumer(group)
        self._busy, self._is_stopping, self._failures = asyncio.Lock(), False, 0
        self._budget, self._reading = Budget(settings.dead_letter_budget, clock), reading
        self._side = SideTopics(owner, topic_prefix, publisher, self._budget, self._meters, clock)
        self._offsets = HandledOffsets(group, clock, self._commit_now)
        self._guard = TopicGuard(group, positions, clock, health, telemetry.meters, last)
        self._notes = CommitNotes(group, milestones, clock, self._guard.save)
        self._broker = broker_of(settings, group)
        self._subscriber = self._subscribe(topics, pattern)
        self._subscriber(self._on_batch)

    def _subscribe(self, topics: Sequence[str], pattern: str) -> BatchSubscriber:
        subscriber: BatchSubscriber = self._broker.subscriber(
            *(self._prefix + topic for topic in topics),
            pattern=f"{re.escape(self._prefix)}{pattern}$" if pattern else None,
            **safe_arguments(
                self._prefix + self.group,
                self,
                self._reading,
                is_delayed=self._is_delayed,
                instance=self._settings.instance,
            ),
        )
        return subscriber

    async def __aenter__(self) -> "Consumer":
        """Join the group; raises aiokafka's `KafkaConnectionError` if no broker answers."""
        self._health.mark(f"consumer {self.group}", State.STARTING, "joining its group")
        try:
            await connect(self._broker)
            await self._broker.start()
            if (consumer := self.current_consumer()) is not None:
                fetch_behind(consumer)
                consumer.gathers_below = FEW_RECORDS if self._reading.linger else 0
        except BaseException:
            await self._broker.stop()  # else each try would leave a client behind
            raise
        watch = ConsumerWatch(self._settings, self._progress, self._guard, self._clock, self._busy)
        work = (*watch.loops(self.current_consumer), self._offsets.run())
        self._beside = [asyncio.create_task(loop) for loop in work]
        return self

    def current_consumer(self) -> TrackedConsumer | None:
        """What reads, and knows how far it has come; None while it is not connected."""
        consumer: TrackedConsumer | None = self._subscriber.consumer
        return consumer

    async def __aexit__(self, *failure: object) -> None:
        """Finish the batch in flight, commit, leave the group."""
        self._is_stopping = True
        await cancel_tasks(*self._beside)
        try:
            async with asyncio.timeout(self._reading.grace.total_seconds()), self._busy:
                pass
        except TimeoutError:
            log.warning("batch_outlives_stop", group=self.group)
        await self._offsets.flush_and_forget()
        await self._guard.leave()
        await self._broker.stop()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Let the batch in flight commit, but not for ever: the store's guard decides a tie."""
        self._progress.begin_joining()
        try:
            async with asyncio.timeout(REVOKE_GRACE.total_seconds()), self._busy:
                pass
        except TimeoutError:
            log.warning("batch_outlives_revocation", group=self.group)
        self._handler.forget()
        await self._offsets.flush_and_forget()
        self._begin_assignment()
        log.info("partitions_revoked", group=self.group, partitions=len(set(revoked)))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Read from the last commit on."""
        count = len(set(assigned))
        self._begin_assignment()
        self._progress.mark_assignment(count)
        if not self._budget.is_spent:
            self._health.mark(f"consumer {self.group}", State.READY, f"{count} partitions")
        log.info("partitions_assigned", group=self.group, partitions=count)

    async def _on_batch(self, message: KafkaMessage) -> None:
        async with self._busy:
            if self._is_stopping:
                return
            self._progress.begin_batch()
            try:
                pause = await self._round(message.raw_message)
            finally:
                self._progress.end_batch()
                # A batch is its own decoded body: else only the collector would free its records.
                message.clear_cache()
        if pause is None:
            pause = self._reading.pause_after(len(message.raw_message))
        if pause:
            await self._clock.sleep(pause)

    async def _round(self, records: Sequence[KafkaRecord]) -> timedelta | None:
        """One batch; returns how long to wait before the next poll if it must be read again."""
        consumer = self.current_consumer()
        if consumer is None:
            return None
        if self._guard.must_look(consumer):
            error = await attempt_async(self._guard.look(consumer))
            if error is not None:
                return self._step_back(records, consumer, error)
        return await self._read(consumer.current(records), consumer)

    async def _read(
        self, records: Sequence[KafkaRecord], consumer: TrackedConsumer
    ) -> timedelta | None:
        if self._budget.is_spent:
            return self._halt(records, consumer)
        ready, wait = self._ripe(records, consumer) if self._is_delayed else (records, None)
        error = await attempt_async(self._process(ready))
        if error is None:
            self._resume()
            return None if wait is None else min(wait, LONGEST_WAIT)
        if not self._budget.is_spent and not isinstance(error, Transient):
            log.error("batch_failed", group=self.group, exc_info=error)
            if self._failures + 1 >= FAILURES_BEFORE_SPLIT:
                error = await attempt_async(self._one_by_one(ready))
        if error is None:
            self._resume()
            return None
        if self._budget.is_spent:
            return self._halt(ready, consumer)
        return self._step_back(ready, consumer, error)

    async def _process(self, records: Sequence[KafkaRecord]) -> None:
        if not records:
            return
        started = perf_counter()
        batch, unreadable = self._decode(records)
        topic = records[0].topic
        causes = map(find_traceparent, batch)
        with self._telemetry.batch_span(topic, self.group, len(records), causes) as span:
            give_trace(batch, span)
            await self._handler.handle(batch, self._side.take)
            # Last: a batch that is read again, since the store is away, reroutes nothing twice.
            await self._side.take(unreadable)
        self._note_done(records)
        age = self._clock.now() - batch[0].event.time if batch else None
        self._meters.count_batch(records, age, perf_counter() - started)

    async def _one_by_one(self, records: Sequence[KafkaRecord]) -> None:
        """Something in this batch breaks the whole of it: find it and reroute it alone."""
        for record in records:
            error = await attempt_async(self._process([record]))
            if isinstance(error, DependencyDown):
                raise error
            if error is not None:
                await self._side.take([Failure(record, error)])
                self._note_done([record])

    def _begin_assignment(self) -> None:
        if (current_consumer := self.current_consumer()) is not None:
            current_consumer.begin_assignment()

    def _note_done(self, records: Sequence[KafkaRecord]) -> None:
        self._offsets.add(records)
        self._guard.note_handled(records)
        if (current_consumer := self.current_consumer()) is not None:
            current_consumer.note_handled(records)

    def _decode(self, records: Sequence[KafkaRecord]) -> tuple[list[Received], list[Failure]]:
        batch: list[Received] = []
        unreadable: list[Failure] = []
        for raw, event in attempt_each(self._door.read, records):
            if isinstance(event, Exception):
                unreadable.append(Failure(raw, event))
            elif (reason := self._admits(event)) is not None:
                unreadable.append(Failure(raw, reason))
            else:
                batch.append(Received(event, raw, self._guard.generation(raw.topic)))
        return batch, unreadable

    def _ripe(
        self, records: Sequence[KafkaRecord], consumer: AIOKafkaConsumer
    ) -> tuple[Sequence[KafkaRecord], timedelta | None]:
        """Records of a retry topic wait until their time; what is behind them waits too."""
        now = self._clock.now()
        early: dict[TopicPartition, int] = {}
        ready: list[KafkaRecord] = []
        wait: timedelta | None = None
        for record in records:
            partition = TopicPartition(record.topic, record.partition)
            due = not_before(record)
            if partition in early or (due is not None and due > now):
                early.setdefault(partition, record.offset)
                if due is not None:
                    wait = min(wait or due - now, max(due - now, timedelta(0)))
            else:
                ready.append(record)
        for partition, offset in early.items():
            consumer.seek(partition, offset)
        return ready, wait

    async def _commit_now(self, offsets: Offsets) -> None:
        consumer = self._subscriber.consumer
        if consumer is not None:
            # One partition that has gone to somebody else would have all the others refused.
            mine = consumer.assignment()
            offsets = {
                partition: offset for partition, offset in offsets.items() if partition in mine
            }
            await self._commit(offsets, consumer)

    async def _commit(self, offsets: Offsets, consumer: AIOKafkaConsumer) -> None:
        note = await self._notes.text(is_last=self._is_stopping)
        noted = {partition: (offset, note) for partition, offset in offsets.items()}
        try:
            with self._meters.measure_commit():
                async with asyncio.timeout(COMMITTED_WITHIN.total_seconds()):
                    await consumer.commit(noted)
        except (CommitFailedError, IllegalStateError) as error:
            # The partitions are somebody else's by now, who reads again what was done: harmless.
            log.warning("commit_refused", group=self.group, reason=repr(error))
        except (KafkaError, TimeoutError) as error:
            raise DependencyDown(f"the commit failed: {error!r}", dependency="kafka") from error
        else:
            self._progress.mark_commit()

    def _step_back(
        self, records: Sequence[KafkaRecord], consumer: TrackedConsumer, error: Exception
    ) -> timedelta:
        """Read the same records again after a pause."""
        if self._failures == 0:
            log.warning("consumer_pauses", group=self.group, reason=str(error))
        self._failures += 1
        self._progress.pause(str(error))
        self._health.mark(f"consumer {self.group}", State.DOWN, str(error))
        consumer.seek_back(records)
        return backoff(self._failures)

    def _halt(self, records: Sequence[KafkaRecord], consumer: TrackedConsumer) -> timedelta:
        """Read no further until somebody starts the service again: records stay where they are."""
        reason = self._budget.reason
        if self._progress.pause_reason != reason:
            log.error("consumer_stopped", group=self.group, reason=reason)
        self._progress.pause(reason)
        self._health.mark(f"consumer {self.group}", State.DOWN, reason)
        self._meters.show_stopped()
        consumer.seek_back(records)
        return HALTED_PAUSE

    def _resume(self) -> None:
        if self._failures:
            log.info("consumer_resumes", group=self.group, failures=self._failures)
            self._failures = 0
            self._progress.resume()
            self._health.mark(f"consumer {self.group}", State.READY, "")

"""The end of a topic, read by every replica for itself, without a group; and what lay before it.

Each replica sees all partitions, so a reader may go on at any of them from the position it has.
A replica that has no reader reads nothing.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from hashlib import blake2b

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from desk_contracts.errors import DependencyDown, Invalid, Rejected, Transient
from desk_contracts.message import message

from desk_platform.clock import Clock
from desk_platform.health import Health, State
from desk_platform.heartbeat import beat
from desk_platform.kafka.connection import renew_login
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.end_offsets import begin_offsets, end_offsets
from desk_platform.kafka.log_position import LogPosition
from desk_platform.kafka.recent_records import ReadEvent, RecentRecords
from desk_platform.kafka.records import KafkaRecord
from desk_platform.kafka.topic_ids import topic_ids
from desk_platform.kafka.topic_reader import follow
from desk_platform.kafka.tracked_consumer import ASKED_WITHIN, within
from desk_platform.settings import KafkaSettings
from desk_platform.telemetry import get_logger

log = get_logger()

# So much of the end is read for the first reader: whoever comes from another replica needs it.
PRELOADED = 2_000
# A reader that is further behind loads what it shows anew; to read all that would take longer.
MAX_BEHIND = 50_000
_MOST_RECORDS = 500
# While a fetch waits, records of a partition that it left out wait as well, and people watch.
_FETCH_WAIT_MS = 500
# Readers of what is no longer in memory, at once; others wait for them.
_MOST_READERS = 2
_LOOK_EVERY = timedelta(seconds=30)
# It is read so long after the last reader: streams end now and then, and browsers come back.
_GOES_ON_FOR = timedelta(minutes=1)
# Who comes first waits until it is read to its end, and no longer than this.
_READ_WITHIN_SECONDS = 10.0
# How often a tail that rests says that it is well.
_BEAT_SECONDS = 5.0

OnBatch = Callable[[Sequence[ReadEvent]], Awaitable[None]]


class LostPosition(Rejected):
    """What follows a position cannot be given: all that is shown must be loaded anew."""

    code = "lost-position"


class TopicTail:
    """One topic as it grows. `on_batch` hears of all new events, in order within a partition."""

    def __init__(
        self, settings: KafkaSettings, topic: str, clock: Clock, health: Health, *, prefix: str = ""
    ) -> None:
        self._settings, self._clock, self._health = settings, clock, health
        self._topic = prefix + topic
        self._component = f"end of {topic}"
        self._decoder = RecordDecoder(prefix=prefix)
        self._recent: RecentRecords | None = None
        self._position: LogPosition | None = None
        self._catching_up = asyncio.Semaphore(_MOST_READERS)
        self.prepare: OnBatch = _do_nothing
        """Called with a batch before it counts as read; it may fail, and is called again then."""
        self.hand_over: Callable[[Sequence[ReadEvent]], None] = lambda _: None
        """Called with the same batch in the moment in which `position` passes it."""
        self.on_reset: Callable[[], None] = lambda: None
        """Called when it turns out to be another topic than before."""
        self.is_followed: Callable[[], bool] = lambda: False
        """Whether anybody waits for what comes."""
        self._wanted, self._read = asyncio.Event(), asyncio.Event()
        self._goes_on_until = clock.now()
        health.expect(self._component, required=False)

    @property
    def position(self) -> LogPosition:
        """How far it is read; `Transient` where nobody has waited for `catch_up`."""
        if self._position is None:
            raise _log_away()
        return self._position

    async def catch_up(self) -> None:
        """Wait until it is read to where its end was, and have it read on for a while.

        `Transient` if the brokers do not give it in time.
        """
        self._goes_on_until = self._clock.now() + _GOES_ON_FOR
        self._wanted.set()
        try:
            async with asyncio.timeout(_READ_WITHIN_SECONDS):
                await self._read.wait()
        except TimeoutError as error:
            raise _log_away() from error

    async def run(self) -> None:
        """Read until cancelled, while anybody follows; run again, it goes on where it was."""
        try:
            while True:
                await self._rest()
                async with follow(self._settings, fetch_max_wait_ms=_FETCH_WAIT_MS) as consumer:
                    await self._follow(consumer)
        except (KafkaError, OSError, DependencyDown) as error:
            reason = f"the brokers do not give {self._topic}: {error!r}"
            self._health.mark(self._component, State.DEGRADED, reason)
            raise DependencyDown(reason, dependency="kafka") from error

    @property
    def _is_wanted(self) -> bool:
        return self.is_followed() or self._clock.now() < self._goes_on_until

    async def _rest(self) -> None:
        """Nothing is read until somebody comes, and what was read before is let go of."""
        while not self._is_wanted:
            self._recent = None
            self._wanted.clear()
            reason = f"nobody follows {self._topic}, so its end is not read"
            self._health.mark(self._component, State.UNKNOWN, reason)
            beat()
            with suppress(TimeoutError):
                async with asyncio.timeout(_BEAT_SECONDS):
                    await self._wanted.wait()

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        """From where it was, or from some records before the end, while anybody follows."""
        client = consumer._client  # noqa: SLF001 (nothing public has it)
        made, places = await self._look(consumer)
        async with within(ASKED_WITHIN, f"where {self._topic} begins and ends"):
            ends, begins = await end_offsets(client, places), await begin_offsets(client, places)
        if self._recent is None or self.position.made != made:
            self._begin(made, places, begins, ends)
        position = self.position
        if len(places) > len(position.offsets):  # a partition that is new is read from its start
            self._position = position.join(LogPosition(made, (0,) * len(places)))
        consumer.assign(places)
        for place in places:
            consumer.seek(place, self.position.at(place.partition))
        self._health.mark(self._component, State.READY)
        look_at = self._clock.now() + _LOOK_EVERY
        try:
            while self._is_wanted:
                beat()
                renew_login(client, self._settings)
                # By position: what is last may be no record, but the mark of a transaction's end.
                left = [place for place in places if await consumer.position(place) < ends[place]]
                if not left:
                    self._read.set()
                batches = await consumer.getmany(timeout_ms=1_000, max_records=_MOST_RECORDS)
                await self._take(batches)
                if self._clock.now() >= look_at:
                    look_at = self._clock.now() + _LOOK_EVERY
                    if await self._look(consumer) != (made, places):
                        return
        finally:
            self._read.clear()

    async def _look(self, consumer: AIOKafkaConsumer) -> tuple[str, list[TopicPartition]]:
        """Which making of the topic the brokers have, and its partitions."""
        named = await topic_ids(consumer._client, [self._topic])  # noqa: SLF001
        if self._topic not in named.topics:
            raise DependencyDown(f"the brokers have no {self._topic}", dependency="kafka")
        made = blake2b(f"{named.cluster}/{named.topics[self._topic]}".encode(), digest_size=6)
        numbers = sorted(named.partitions.get(self._topic, ()))
        return made.hexdigest(), [TopicPartition(self._topic, number) for number in numbers]

    def _begin(
        self,
        made: str,
        places: Sequence[TopicPartition],
        begins: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
    ) -> None:
        """Some records before the end, so that they are in memory."""
        if self._position is not None and self._position.made != made:
            log.warning("topic_is_another", topic=self._topic)
            self.on_reset()
        each = PRELOADED // max(1, len(places))
        offsets = tuple(max(begins[place], ends[place] - each) for place in places)
        self._position = LogPosition(made, offsets)
        self._recent = RecentRecords(self._position)

    async def _take(self, batches: Mapping[TopicPartition, Sequence[KafkaRecord]]) -> None:
        read = self._decode(batches)
        await self.prepare(read)
        if self._recent is None:
            raise TypeError("nothing is read before it is known where to begin")
        position = self.position
        for place, records in batches.items():
            if records:
                position = position.after(place.partition, records[-1].offset)
        # From here on no await: whoever asks for the position finds all before it handed over.
        fresh = [record for record in read if self._recent.add(record)]
        self._position = position
        self.hand_over(fresh)

    def _decode(self, batches: Mapping[TopicPartition, Sequence[KafkaRecord]]) -> list[ReadEvent]:
        events = []
        for place, records in batches.items():
            for record in records:
                try:
                    event = self._decoder.read(record)
                except Invalid as error:
                    # Whoever handles the topic in a group dead-letters it.
                    log.warning("event_unreadable", reason=str(error), offset=record.offset)
                    continue
                size = len(record.value or b"")
                events.append(ReadEvent(place.partition, record.offset, event, size))
        return events

    async def read_between(
        self, since: LogPosition, until: LogPosition
    ) -> AsyncGenerator[Sequence[ReadEvent], None]:
        """What lies between a position that a reader brings and one of ours, in batches.

        `LostPosition` if that cannot be known or would be too much.
        """
        if since.made != until.made or len(since.offsets) > len(until.offsets):
            raise LostPosition(message("live.other-log"), reason="other-log")
        is_ahead = any(at > until.at(number) for number, at in enumerate(since.offsets))
        if since.count_to(until) > MAX_BEHIND:
            raise LostPosition(message("live.too-far-behind"), reason="too-far-behind")
        if not is_ahead and self._recent is not None and self._recent.covers(since):
            yield self._recent.list_between(since, until)
            return
        try:
            async with self._catching_up, follow(self._settings) as consumer:
                async for batch in self._read_log(consumer, since, until):
                    yield batch  # the consumer is stopped wherever its reader goes
        except (KafkaError, OSError, DependencyDown) as error:
            raise _log_away() from error

    async def _read_log(
        self, consumer: AIOKafkaConsumer, since: LogPosition, until: LogPosition
    ) -> AsyncIterator[Sequence[ReadEvent]]:
        made, places = await self._look(consumer)
        client = consumer._client  # noqa: SLF001
        async with within(ASKED_WITHIN, f"where {self._topic} begins and ends"):
            ends, begins = await end_offsets(client, places), await begin_offsets(client, places)
        if made != since.made or any(since.at(p.partition) > ends[p] for p in places):
            raise LostPosition(message("live.other-log"), reason="other-log")
        if any(since.at(p.partition) < begins[p] for p in places):
            raise LostPosition(message("live.too-far-behind"), reason="too-far-behind")
        left = {p for p in places if since.at(p.partition) < until.at(p.partition)}
        consumer.assign(places)
        for place in places:
            consumer.seek(place, since.at(place.partition))
        identities = set[str]()
        while left:
            batches = await consumer.getmany(*left, timeout_ms=1_000, max_records=_MOST_RECORDS)
            fresh = []
            for record in self._decode(batches):
                # A copy of an event is no second one.
                if record.is_before(until) and record.event.identity not in identities:
                    identities.add(record.event.identity)
                    fresh.append(record)
            yield fresh
            # By position: what is last may be no record, but the mark of a transaction's end.
            left = {p for p in left if await consumer.position(p) < until.at(p.partition)}


def _log_away() -> Transient:
    return Transient(message("request.log-away"), code="log-away", retry_after=5.0)


async def _do_nothing(_batch: Sequence[ReadEvent]) -> None:
    """Nobody has to know before."""

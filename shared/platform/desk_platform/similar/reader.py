"""Keeps an index up to date from its topic, without a group: every replica reads all."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Generic, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError
from desk_contracts import AnyEvent
from desk_contracts.errors import DependencyDown, Invalid

from desk_platform.erasure import Erasures
from desk_platform.erasure.records import forget
from desk_platform.health import Health, State
from desk_platform.heartbeat import beat
from desk_platform.kafka.connection import renew_login
from desk_platform.kafka.decoded_records import DecodedRecords
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.end_offsets import begin_offsets, end_offsets
from desk_platform.kafka.records import KafkaRecord
from desk_platform.kafka.topic_ids import topic_ids
from desk_platform.kafka.topic_reader import follow
from desk_platform.kafka.tracked_consumer import ASKED_WITHIN, within
from desk_platform.settings import KafkaSettings
from desk_platform.similar.indexed import S
from desk_platform.telemetry import get_logger

log = get_logger()

_MOST_RECORDS = 2_000
# A write takes milliseconds, however little is in it: so long what comes is gathered for the next.
_GATHER_SECONDS = 2.0


class Followed(Protocol[S]):
    """What is made from a topic: it knows how far the topic was read for it."""

    async def open(self, topic: str) -> Mapping[int, int]: ...

    async def load(self, ids: Collection[str]) -> dict[str, S]: ...

    async def write(self, items: Iterable[S], positions: Mapping[int, int]) -> None: ...


class IndexReader(Generic[S]):
    """One topic, from where the index stands to its end and on.

    `follow` gives the document of a key after an event, or None if the event changes none. The name
    is that of its part in health; `decoded` is shared with other readers of the topic.
    """

    def __init__(  # noqa: PLR0913 (what it stands between)
        self,
        name: str,
        topic: str,
        settings: KafkaSettings,
        index: Followed[S],
        follow: Callable[[S | None, AnyEvent], S | None],
        health: Health,
        *,
        prefix: str = "",
        decoded: DecodedRecords | None = None,
    ) -> None:
        self._name, self._settings, self._index = name, settings, index
        self._follow, self._health = follow, health
        self._topic = prefix + topic
        self._door = RecordDecoder(prefix=prefix, decoded=decoded)
        self.is_open = False
        """Whether the index can be asked; it is opened when the brokers first answer."""
        self.erasures: Erasures | None = None
        """What they name is in no index: with each of them the index is made anew."""
        self.is_complete = False
        """Whether all is in the index that was on the topic when the reading began."""
        health.expect(self._name, required=False)

    async def run(self) -> None:
        """Read until cancelled; run again, it goes on where the index stands."""
        self.is_complete = False
        if self.erasures is not None:
            await self.erasures.read_to_end()
        try:
            async with follow(self._settings) as consumer:
                while True:
                    self.is_complete = False
                    await self._read(consumer)
        except KafkaError as error:
            reason = f"the brokers do not give {self._topic}: {error!r}"
            self._health.mark(self._name, State.DEGRADED, reason)
            raise DependencyDown(reason, dependency="kafka") from error
        except (DependencyDown, OSError) as error:
            self._health.mark(self._name, State.DEGRADED, str(error))
            raise

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        client = consumer._client  # noqa: SLF001 (nothing public has it)
        named = await topic_ids(client, [self._topic])
        if self._topic not in named.topics:
            # Nothing to read is not the same as an empty topic: the index keeps what it has.
            raise UnknownTopicOrPartitionError(self._topic)
        erased = self._name_erasures()
        made = f"{named.cluster}/{named.topics[self._topic]}{erased}"
        positions = await self._index.open(made)
        self.is_open = True
        places = [TopicPartition(self._topic, n) for n in named.partitions[self._topic]]
        consumer.assign(places)
        async with within(ASKED_WITHIN, f"where {self._topic} begins and ends"):
            ends, begins = await end_offsets(client, places), await begin_offsets(client, places)
        for place in places:
            # What the index has of a topic that was cut off meanwhile stays in it.
            at = positions.get(place.partition, 0)
            consumer.seek(place, min(max(at, begins[place]), ends[place]))
        while erased == self._name_erasures():
            if not self.is_complete:
                self._tell(
                    sum([end - await consumer.position(place) for place, end in ends.items()])
                )
            beat()
            renew_login(client, self._settings)
            batches = await consumer.getmany(timeout_ms=1_000, max_records=_MOST_RECORDS)
            if batches:
                await self._take_in(batches)
            if self.is_complete and sum(map(len, batches.values())) < _MOST_RECORDS:
                await asyncio.sleep(_GATHER_SECONDS)

    def _name_erasures(self) -> str:
        """What an index was made without: the same for the same erasures, in whatever order."""
        if self.erasures is None or not self.erasures.all:
            return ""
        together = "\n".join(sorted(self.erasures.all))
        return f"/{blake2b(together.encode(), digest_size=8).hexdigest()}"

    def _tell(self, missing: int) -> None:
        """Health says how many events are not in the index yet."""
        self.is_complete = missing <= 0
        if self.is_complete:
            self._health.mark(self._name, State.READY)
            log.info("index_complete", topic=self._topic)
        else:
            reason = f"{missing} events of {self._topic} are not read yet: more may be found"
            self._health.mark(self._name, State.DEGRADED, reason)

    async def _take_in(self, batches: Mapping[TopicPartition, Sequence[KafkaRecord]]) -> None:
        records = [record for batch in batches.values() for record in batch]
        events = [event for record in records if (event := self._decode(record)) is not None]
        if self.erasures is not None and self.erasures.all:
            redactor = self.erasures.redactor()
            # What others wrote in an erased ticket goes as well; elsewhere only what was erased.
            events = [
                forget(redactor, event) for event in events if event.subject not in redactor.tickets
            ]
        items = await self._index.load({event.subject for event in events})
        changed: dict[str, S] = {}
        for event in events:
            after = self._follow(items.get(event.subject), event)
            if after is not None:
                items[event.subject] = changed[event.subject] = after
        positions = {
            place.partition: batch[-1].offset + 1 for place, batch in batches.items() if batch
        }
        await self._index.write(changed.values(), positions)

    def _decode(self, record: KafkaRecord) -> AnyEvent | None:
        try:
            return self._door.read(record)
        except Invalid as error:
            # A group that handles it dead-letters it.
            log.warning(
                "event_unreadable", topic=self._topic, reason=str(error), offset=record.offset
            )
            return None

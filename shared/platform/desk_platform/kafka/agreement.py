"""Before a service begins: is its store as new as what its groups have committed?"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from desk_contracts import AnyEvent
from desk_contracts.errors import DependencyDown, Invalid

from desk_platform.clock import Clock
from desk_platform.kafka.connection import kafka_arguments
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.end_offsets import begin_offsets, end_offsets
from desk_platform.kafka.records import KafkaRecord
from desk_platform.kafka.topic_reader import follow
from desk_platform.settings import KafkaSettings
from desk_platform.store.milestones import Milestones
from desk_platform.telemetry import get_logger

log = get_logger()

# A store that was put back by less than this may pass unnoticed, if it was killed and not stopped.
NOTED_EVERY = timedelta(seconds=1)
_MARK = "milestone "
_TIMEOUT_MS = 2_000
SequenceOf = Callable[[str], Awaitable[int]]
WHAT_TO_DO = (
    "Nothing is read, done, sent or taken until it is as new again: run `desk audit`, then follow"
    " 'Backup and restore' in docs/operations.md"
)


@dataclass(frozen=True, slots=True)
class Committed:
    """What the brokers know of a group: how far it has read, and its last milestone."""

    offsets: Mapping[TopicPartition, int]
    milestone: int


@dataclass(frozen=True, slots=True)
class Older:
    """A group of which the brokers know more than the store."""

    group: str
    stored: int
    committed: int

    def __str__(self) -> str:
        return (
            f"the store is older than the brokers: {self.group} had noted {self.committed}"
            f" milestones when it committed last, and the store has {self.stored}"
        )


@dataclass(frozen=True, slots=True)
class Unwritten:
    """An event of the service's own that its store does not know of."""

    topic: str
    subject: str
    sequence: int
    stored: int

    def __str__(self) -> str:
        return (
            f"the store is older than the brokers: {self.topic} has number {self.sequence} of"
            f" {self.subject}, and the store ends at {self.stored}"
        )


class StoreIsOlder(DependencyDown):
    """It was put back without the brokers; only a person knows what was meant."""

    def __init__(self, older: Older | Unwritten) -> None:
        super().__init__(f"{older}. {WHAT_TO_DO}", dependency="store")


class CommitNotes:
    """What one member writes to the store before it commits, and beside its commits.

    `save` keeps how far it has read, so that brokers that lose their end later are found shorter.
    """

    def __init__(
        self,
        group: str,
        milestones: Milestones | None,
        clock: Clock,
        save: Callable[[], Awaitable[None]],
    ) -> None:
        self._group, self._milestones, self._clock = group, milestones, clock
        self._save = save
        self._noted_at: datetime | None = None
        self._text = ""

    async def text(self, *, is_last: bool) -> str:
        """For the next commit; the store has it first. The last one of a life is always new."""
        now = self._clock.now()
        if is_last or self._noted_at is None or now - self._noted_at >= NOTED_EVERY:
            # Together: stores make one write of what comes at once.
            notes = [] if self._milestones is None else [self._milestones.next(self._group)]
            _, *numbers = await asyncio.gather(self._save(), *notes)
            self._text = "".join(f"{_MARK}{number}" for number in numbers)
            self._noted_at = now
        return self._text


class Agreement:
    """What a service asks first: while its store is too old, nothing else begins.

    `groups` are those that it reads with, `writes` the topics that only it writes, and up to which
    number its store has a subject. `hold` keeps callers out, or lets them in again.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        milestones: Milestones,
        prefix: str,
        groups: Sequence[str],
        writes: Mapping[str, SequenceOf],
        hold: Callable[[bool], None],
    ) -> None:
        self._kafka, self._milestones, self._prefix = kafka, milestones, prefix
        self._groups, self._writes, self._hold = groups, writes, hold

    async def check(self) -> None:
        """Raises `StoreIsOlder` until it is not; may be asked again."""
        older = await self._what_is_older()
        self._hold(older is not None)
        if older is not None:
            error = StoreIsOlder(older)
            log.error("store_is_older", reason=error.message)
            raise error

    async def _what_is_older(self) -> Older | Unwritten | None:
        committed = await read_committed(self._kafka, self._groups, self._prefix)
        for group in find_older(committed, await self._milestones.all()):
            return group
        for topic, sequence_of in self._writes.items():
            for event in await read_last_events(self._kafka, self._prefix + topic, self._prefix):
                stored = await sequence_of(event.subject)
                if stored < (event.sequence or 0):
                    return Unwritten(topic, event.subject, event.sequence or 0, stored)
        return None


def find_older(committed: Mapping[str, Committed], stored: Mapping[str, int]) -> list[Older]:
    """Groups that had come further than the store knows."""
    return [
        Older(group, stored.get(group, 0), mark.milestone)
        for group, mark in sorted(committed.items())
        if mark.milestone > stored.get(group, 0)
    ]


async def read_last_events(kafka: KafkaSettings, topic: str, prefix: str) -> list[AnyEvent]:
    """The last one of each partition: whoever forgot any event forgot one of these."""
    decoder, records = RecordDecoder(prefix=prefix), list[KafkaRecord]()
    async with follow(kafka) as consumer:
        client = consumer._client  # noqa: SLF001 (nothing public has it)
        if not await client.add_topic(topic):
            raise DependencyDown(f"the brokers say nothing of {topic}", dependency="kafka")
        numbers = client.cluster.partitions_for_topic(topic) or ()
        places = [TopicPartition(topic, number) for number in numbers]
        ends, begins = await end_offsets(client, places), await begin_offsets(client, places)
        waiting = {place for place in places if ends[place] > begins[place]}
        # Not before: a question would stand behind a fetch that waits for what is to come.
        consumer.assign(waiting)
        for place in waiting:
            consumer.seek(place, ends[place] - 1)
        while waiting:
            batches = await consumer.getmany(timeout_ms=_TIMEOUT_MS)
            records += chain.from_iterable(batches.values())
            # By position: what is last may be no record, but the mark of a transaction's end.
            left = {place for place in waiting if await consumer.position(place) < ends[place]}
            if left == waiting:
                raise DependencyDown(
                    f"the brokers do not give the end of {topic}", dependency="kafka"
                )
            waiting = left
    events: list[AnyEvent] = []
    for record in records:
        # What is no event of the desk's is nothing that it wrote.
        with suppress(Invalid):
            events.append(decoder.read(record))
    return events


async def read_committed(
    kafka: KafkaSettings, groups: Iterable[str], prefix: str
) -> dict[str, Committed]:
    """What the brokers keep for each of these groups."""
    admin = AIOKafkaAdminClient(**kafka_arguments(kafka))
    try:
        await admin.start()
        by_group = {
            group: await admin.list_consumer_group_offsets(prefix + group) for group in groups
        }
    finally:
        await admin.close()
    return {
        group: Committed(
            {at: commit.offset for at, commit in commits.items() if commit.offset >= 0},
            max((milestone_of(commit.metadata) for commit in commits.values()), default=0),
        )
        for group, commits in by_group.items()
    }


def milestone_of(metadata: str | None) -> int:
    """0 where nothing was noted, or by somebody else."""
    number = (metadata or "").removeprefix(_MARK)
    return int(number) if metadata != number and number.isdecimal() else 0

"""aiokafka's consumer, with a memory of what it handed out and what of that is handled.

Its position alone does not say: it moves on when a batch is handed out, not when it is done.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaError
from desk_contracts.errors import DependencyDown

from desk_platform.health import Marks
from desk_platform.kafka.commits import first_offsets, next_offsets
from desk_platform.kafka.end_offsets import begin_offsets, end_offsets
from desk_platform.kafka.fetch_sessions import keep_sessions
from desk_platform.kafka.records import KafkaRecord

ASKED_WITHIN = timedelta(seconds=5)
# The longest that an idle consumer waits before it looks whether it is to stop.
IDLE_WAIT_MS = 2_000


class TrackedConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka has no types
    """Handed to FastStream as the consumer that it reads with."""

    def __init__(self, *topics: str, **arguments: Any) -> None:
        super().__init__(*topics, **arguments)
        self._fetches = keep_sessions(self)
        # After a batch of less than this nothing is fetched before the next poll: who gathers has
        # one fetch for all that came meanwhile, and not one for each partition that had something.
        self.gathers_below = 0
        self._handed_out: dict[TopicPartition, int] = {}
        self._handled: dict[TopicPartition, int] = {}
        self.assignment_number = 0
        # Topics that were replaced: nothing is concluded from their silence.
        self.stopped: frozenset[str] = frozenset()
        # Partitions of which aiokafka went back by itself, since the log is shorter than it was.
        self.went_back: set[TopicPartition] = set()
        self._met: list[AIOKafkaConnection] = []
        self._polled_at: datetime | None = None
        self._dry_since: datetime | None = None
        self._trouble = ""

    @property
    def cluster_client(self) -> AIOKafkaClient:
        """For questions that aiokafka's consumer does not ask."""
        return self._client

    def meet(self) -> None:
        """From now on it is noticed if one of today's connections is lost."""
        self._met = list(self._client._conns.values())  # noqa: SLF001 (nothing public says)

    @property
    def has_lost_a_broker(self) -> bool:
        """A connection ended: the broker may have been put back meanwhile."""
        return any(not connection.connected() for connection in self._met)

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """As aiokafka's; nothing runs between its moving the position and the note of it here.

        Who asks for any partition, and would ask again and again, waits here: a record that comes
        ends the wait at once, and an idle consumer need not wake a hundred times a second.
        """
        if timeout_ms and not partitions:
            timeout_ms = max(timeout_ms, IDLE_WAIT_MS)
        self._fetches.are_due.set()
        try:
            batches: dict[TopicPartition, list[ConsumerRecord]] = await super().getmany(
                *partitions, timeout_ms=timeout_ms, max_records=max_records
            )
        except KafkaError as error:
            self._note_poll(is_empty=False, trouble=repr(error))
            raise
        self._note_poll(is_empty=not batches)
        if batches and sum(map(len, batches.values())) < self.gathers_below:
            self._fetches.are_due.clear()
        for partition, records in batches.items():
            if records[0].offset < self._handed_out.get(partition, 0):
                self.went_back.add(partition)
            self._handed_out[partition] = records[-1].offset + 1
        return batches

    async def stop(self) -> None:
        """Leave the group: aiokafka would let a static member's partitions wait for its session.

        Whoever stops in peace does not come back at once, or under another name. Only one that
        crashes keeps what it had.
        """
        if isinstance(self._coordinator, GroupCoordinator):
            self._coordinator._group_instance_id = None  # noqa: SLF001 (nothing public leaves)
        await super().stop()

    def _note_poll(self, *, is_empty: bool, trouble: str = "") -> None:
        now = datetime.now(UTC)
        self._polled_at, self._trouble = now, trouble
        self._dry_since = (self._dry_since or now) if is_empty else None

    @property
    def marks(self) -> Marks:
        """What it knows of its own reading, for health."""
        reading = self.assignment() - self.paused()
        answers = [time for partition in reading if (time := self.last_poll_timestamp(partition))]
        fetched_at = datetime.fromtimestamp(max(answers) / 1000, UTC) if answers else None
        # Where all is paused, nothing is asked for.
        dry_since = self._dry_since if reading else None
        return Marks(self._polled_at, dry_since, fetched_at, self._trouble, self._has_ended)

    @property
    def _has_ended(self) -> bool:
        """What aiokafka does in the background ended by an error that it did not expect."""
        fetcher, group = self._fetcher, self._coordinator
        tasks = [] if fetcher is None else [fetcher._fetch_task]  # noqa: SLF001 (nothing public says)
        if isinstance(group, GroupCoordinator):
            tasks.append(group._coordination_task)  # noqa: SLF001 (as above)
        return not self._closed and any(task is not None and task.done() for task in tasks)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """What was handed out from here on will be handed out again."""
        super().seek(partition, offset)
        self._handed_out[partition] = self._handled[partition] = offset

    def seek_back(self, records: Iterable[KafkaRecord]) -> None:
        """These are handed out again, as far as their partitions are still ours."""
        mine = self.assignment()
        for partition, offset in first_offsets(records).items():
            if partition in mine:
                self.seek(partition, offset)

    def current(self, records: Sequence[KafkaRecord]) -> Sequence[KafkaRecord]:
        """Those of partitions that are still ours and read on, most often all of them.

        What was handed out before a seek to an earlier place will come again, in its order.
        """
        mine, ends = self.assignment(), next_offsets(records)
        gone = {
            partition
            for partition, end in ends.items()
            if partition not in mine
            or partition.topic in self.stopped
            or end > self._handed_out.get(partition, end)
        }
        if not gone:
            return records
        left = [
            record for record in records if TopicPartition(record.topic, record.partition) in gone
        ]
        self.seek_back([record for record in left if record.topic in self.stopped])
        return [
            record
            for record in records
            if TopicPartition(record.topic, record.partition) not in gone
        ]

    def note_handled(self, records: Iterable[KafkaRecord]) -> None:
        """All records up to and with these are handled."""
        self._handled |= next_offsets(records)

    def begin_assignment(self) -> None:
        """Partitions were given away or taken; what comes of them is handed out anew."""
        self.assignment_number += 1
        self._handed_out.clear()
        self._handled.clear()
        self.went_back.clear()

    async def ends_at_once(
        self, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """What `end_offsets` answers, without waiting behind a fetch while others wait for it."""
        return await end_offsets(self._client, partitions)

    async def begins_at_once(
        self, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """What `beginning_offsets` answers, in the same way."""
        return await begin_offsets(self._client, partitions)

    async def read_committed(
        self, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """What the group has committed, other members' partitions too, in one request."""
        commits = await self._coordinator.fetch_committed_offsets(list(partitions))
        return {partition: commit.offset for partition, commit in commits.items()}

    async def has_handled(self, partition: TopicPartition, end: int) -> bool:
        """True if every record before `end` was handed out and is handled.

        The position also passes what is no record, such as the marks of transactions.
        """
        if partition.topic in self.stopped or partition not in self.assignment():
            return False
        if await self.position(partition) < end:
            return False
        handed_out = self._handed_out.get(partition)
        return handed_out is None or self._handled.get(partition) == handed_out


@asynccontextmanager
async def within(span: timedelta, what: str) -> AsyncIterator[None]:
    """`DependencyDown` if the brokers do not answer in time."""
    try:
        async with asyncio.timeout(span.total_seconds()):
            yield
    except (KafkaError, TimeoutError) as error:
        text = f"the brokers do not tell {what}: {error!r}"
        raise DependencyDown(text, dependency="kafka") from error

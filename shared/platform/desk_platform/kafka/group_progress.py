"""How far a whole group has read some topics, whoever of its members: for what gathers from all
partitions. Measured by what it has committed, since others' batches in flight are not seen here.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from aiokafka import TopicPartition

from desk_platform.clock import Clock
from desk_platform.kafka.readers import Readers
from desk_platform.kafka.tracked_consumer import ASKED_WITHIN, TrackedConsumer, within

_THE_ONLY = 0
# Only while something is waited for.
LOOK_EVERY = timedelta(milliseconds=200)


class GroupReading:
    """All partitions of some topics as one; see `watermarks.PartitionLog`.

    Its end is the number of the question that asked for all ends, so it serves one asker only.
    """

    def __init__(self, topics: Iterable[str], readers: Readers, clock: Clock) -> None:
        self._topics, self._readers, self._clock = frozenset(topics), readers, clock
        self._question = 0
        self._left: dict[TopicPartition, int] = {}
        self._looked = clock.now() - LOOK_EVERY

    def unread_topics(self) -> frozenset[str]:
        """Topics that no consumer reads: with any, nothing would ever be concluded."""
        groups = self._readers.find(self._topics)
        return self._topics.difference(*(group.topics for group in groups))

    def partition_count(self) -> int | None:
        """One; None as long as not all partitions are known."""
        return None if self._partitions() is None else 1

    def own_partitions(self) -> Collection[int]:
        """Every member may ask for all."""
        return (_THE_ONLY,)

    def assignment_number(self) -> int:
        """Who holds what makes no difference to what the group has committed."""
        return 0

    async def end_offsets(self, partitions: Collection[int]) -> Mapping[int, int]:
        """Ask for all ends; the answer stands for them."""
        groups = self._partitions()
        if groups is None:
            return {}
        left: dict[TopicPartition, int] = {}
        for consumer, mine in groups:
            async with within(ASKED_WITHIN, "the ends of the log"):
                left |= await consumer.ends_at_once(mine)
        self._left = {partition: end for partition, end in left.items() if end > 0}
        self._question += 1
        return dict.fromkeys(partitions, self._question)

    async def has_handled(self, partition: int, end: int) -> bool:  # noqa: ARG002 (there is one)
        """True if the group has committed all that was there at that question."""
        if end != self._question or self._partitions() is None:
            return False
        now = self._clock.now()
        if self._left and now - self._looked >= LOOK_EVERY:
            self._looked = now
            await self._look()
        return not self._left

    async def _look(self) -> None:
        for consumer, mine in self._partitions() or ():
            left = [partition for partition in mine if partition in self._left]
            if not left:
                continue
            async with within(ASKED_WITHIN, "what the group has committed"):
                committed = await consumer.read_committed(left)
            self._strike_out(committed)
            left = [partition for partition in left if partition in self._left]
            if left:
                # What was removed from the log can be read by nobody.
                async with within(ASKED_WITHIN, "the beginning of the log"):
                    self._strike_out(await consumer.begins_at_once(left))

    def _strike_out(self, reached: Mapping[TopicPartition, int]) -> None:
        for partition, offset in reached.items():
            if offset >= self._left.get(partition, offset + 1):
                del self._left[partition]

    def _partitions(self) -> list[tuple[TrackedConsumer, list[TopicPartition]]] | None:
        """Each group's partitions; None as long as a group or a topic of it is not known."""
        if self.unread_topics():
            return None
        known_groups: list[tuple[TrackedConsumer, list[TopicPartition]]] = []
        for group in self._readers.find(self._topics):
            consumer = group.consumer()
            if consumer is None or group.topics & consumer.stopped:
                return None
            partitions = {topic: consumer.partitions_for_topic(topic) for topic in group.topics}
            if not all(partitions.values()):
                return None
            mine = [TopicPartition(t, n) for t, numbers in partitions.items() for n in numbers]
            known_groups.append((consumer, mine))
        return known_groups

"""Whether a topic is still the one that was read: another id, another cluster, or a lost tail.

What was made anew is not read on: its offsets mean other records, so marks and committed offsets
of before would swallow them. It stops until somebody adopts it.
"""

import asyncio
from collections.abc import Collection, Mapping
from datetime import timedelta

from aiokafka import TopicPartition

from desk_platform.clock import Clock
from desk_platform.health import Health, State
from desk_platform.kafka.commits import next_offsets
from desk_platform.kafka.last_records import LastRecords
from desk_platform.kafka.records import KafkaRecord
from desk_platform.kafka.retry import attempt_async
from desk_platform.kafka.topic_ids import TopicIds, topic_ids
from desk_platform.kafka.tracked_consumer import ASKED_WITHIN, TrackedConsumer, within
from desk_platform.store.positions import Position, Positions
from desk_platform.telemetry import Meters, get_logger, names

log = get_logger()

LOOK_EVERY = timedelta(seconds=5)
_CURE = "nothing of it is read until `desk topics adopt` says what will be read again"


def why_replaced(kept: Position, now: TopicIds, ends: Mapping[int, int]) -> str:
    """Why this is not the topic that was read; empty if it is, or if that is unknown."""
    topic_id = now.topics.get(kept.topic)
    if topic_id is None:
        return ""
    if kept.cluster and now.cluster and kept.cluster != now.cluster:
        return f"it was read in cluster {kept.cluster} and this is {now.cluster}"
    if kept.topic_id and topic_id and kept.topic_id != topic_id:
        return f"it was read under the id {kept.topic_id} and has {topic_id} now"
    return why_shorter(kept.offsets, ends)


def why_shorter(offsets: Mapping[int, int], ends: Mapping[int, int]) -> str:
    """Why records must be lost that were read; empty if none is."""
    for partition, offset in sorted(offsets.items()):
        if (end := ends.get(partition, offset)) < offset:
            return f"partition {partition} was read up to {offset} and ends at {end}"
    return ""


class TopicGuard:
    """Watches the topics of one consumer. Without a place to keep positions it lets all pass."""

    def __init__(
        self,
        group: str,
        positions: Positions | None,
        clock: Clock,
        health: Health,
        meters: Meters,
        last: LastRecords,
    ) -> None:
        self._last = last
        self._group, self._positions = group, positions
        self._clock, self._health, self._meters = clock, health, meters
        self._kept: dict[str, Position] = {}
        self._handled: dict[str, dict[int, int]] = {}
        self._shorter: dict[str, str] = {}
        self._assignment = -1
        self._looked = clock.now() - LOOK_EVERY
        self.stopped: dict[str, str] = {}
        # Of these, how many records there are in the partitions that this member holds.
        self.unread = 0
        meters.topics_replaced.set(0, {names.GROUP: group})

    def generation(self, topic: str) -> int:
        """To which making of the topic its offsets belong."""
        kept = self._kept.get(topic)
        return 0 if kept is None else kept.generation

    def note_handled(self, records: Collection[KafkaRecord]) -> None:
        """All records up to and with these are handled."""
        if self._positions is None:
            return
        for partition, offset in next_offsets(records).items():
            self._handled.setdefault(partition.topic, {})[partition.partition] = offset
        self._last.note(records)

    def must_look(self, consumer: TrackedConsumer) -> bool:
        """Whether nothing may be handled before the next look."""
        if self._positions is None:
            return False
        is_other = self._assignment != consumer.assignment_number
        if is_other:
            self._last.forget()
        return (
            is_other
            or consumer.has_lost_a_broker
            or any(partition.topic not in self.stopped for partition in consumer.went_back)
        )

    def is_due(self) -> bool:
        """Whether it is time to look again."""
        return self._positions is not None and self._clock.now() - self._looked >= LOOK_EVERY

    async def look(self, consumer: TrackedConsumer) -> None:
        """Ask brokers and store; stop and begin again what must. No batch may be in flight."""
        if self._positions is None:
            return
        self._looked, assignment = self._clock.now(), consumer.assignment_number
        topics = frozenset(consumer.subscription())
        async with within(ASKED_WITHIN, "the ids of topics"):
            ids = await topic_ids(consumer.cluster_client, topics)
        if any(consumer.partitions_for_topic(topic) is None for topic in ids.topics):
            # A topic that was away for a moment is else missed for minutes.
            await consumer.cluster_client.force_metadata_update()
        await self.save()
        self._kept = await self._positions.of(self._group)
        for topic in ids.topics.keys() - self._kept.keys():
            new = Position(self._group, topic, ids.cluster, ids.topics[topic])
            await self._positions.begin(new)
            self._kept[topic] = new
        async with within(ASKED_WITHIN, "the end of the log"):
            ends = await consumer.ends_at_once(consumer.assignment())
        others = await self._others(consumer)
        stopped: dict[str, str] = {}
        for topic in topics & self._kept.keys():
            kept, other = self._kept[topic], others.get(topic, "")
            if why := await self._why_stopped(kept, ids, ends, consumer, other):
                stopped[topic] = why
        self._tell(stopped)
        consumer.stopped = frozenset(stopped)
        self.unread = await self._unread(consumer, ends)
        await self._begin_again(self._positions, consumer)
        mine, paused = set(consumer.assignment()), set(consumer.paused())
        halted = {partition for partition in mine if partition.topic in self.stopped}
        consumer.pause(*(halted - paused))
        consumer.resume(*((paused & mine) - halted))
        consumer.went_back.clear()
        self._assignment = assignment

    async def save(self) -> None:
        """Keep in the store how far the topics are read; a batch may be in flight meanwhile.

        All at once: stores make one write of what comes together.
        """
        if self._positions is not None:
            await asyncio.gather(*(self._save(self._positions, topic) for topic in self._handled))

    async def _save(self, positions: Positions, topic: str) -> None:
        offsets, kept = self._handled.pop(topic, {}), self._kept.get(topic)
        if kept is None or topic in self.stopped:
            return
        try:
            await positions.advance(kept, offsets)
        except BaseException:
            self._handled[topic] = offsets | self._handled.get(topic, {})
            raise

    async def leave(self) -> None:
        """Keep what can be kept: whoever reads next begins at the commits."""
        error = await attempt_async(self.save())
        if error is not None:
            log.warning("positions_given_up", group=self._group, reason=str(error))

    async def _others(self, consumer: TrackedConsumer) -> dict[str, str]:
        """Topics that have other records than were read: asked for when there is any doubt."""
        mine = consumer.assignment()
        if not consumer.has_lost_a_broker:
            mine = {partition for partition in mine if partition.topic in self._shorter}
        reasons = await self._last.why_others(mine)
        consumer.meet()
        return reasons

    async def _unread(self, consumer: TrackedConsumer, ends: Mapping[TopicPartition, int]) -> int:
        halted = [partition for partition in ends if partition.topic in consumer.stopped]
        if not halted:
            return 0
        async with within(ASKED_WITHIN, "the beginning of the log"):
            starts = await consumer.begins_at_once(halted)
        return sum(ends[partition] - starts[partition] for partition in halted)

    async def _why_stopped(
        self,
        kept: Position,
        ids: TopicIds,
        ends: Mapping[TopicPartition, int],
        consumer: TrackedConsumer,
        other: str,
    ) -> str:
        """Kept for all replicas once it is certain: it stays so until somebody adopts the topic."""
        if kept.replaced:
            return kept.replaced
        topic = kept.topic
        mine = {
            partition.partition: end for partition, end in ends.items() if partition.topic == topic
        }
        why, is_seen_before = why_replaced(kept, ids, mine), topic in self._shorter
        self._shorter.pop(topic, None)
        why = why or other
        back = sorted(
            partition.partition for partition in consumer.went_back if partition.topic == topic
        )
        if not why and back:
            why = f"partition {back[0]} was read further than the brokers had records"
        elif why and why == why_shorter(kept.offsets, mine) and not is_seen_before:
            # A new leader may not know yet how far it may let others read: look twice.
            self._shorter[topic] = why
            return why
        if why and self._positions is not None:
            await self._positions.stop(kept, why)
        return why

    def _tell(self, stopped: dict[str, str]) -> None:
        for topic in stopped.keys() - self.stopped.keys():
            log.error("topic_replaced", group=self._group, topic=topic, reason=stopped[topic])
        for topic in self.stopped.keys() - stopped.keys():
            log.info("topic_read_again", group=self._group, topic=topic)
        self.stopped = stopped
        self._meters.topics_replaced.set(len(stopped), {names.GROUP: self._group})
        text = "; ".join(f"{topic} was replaced: {why}" for topic, why in sorted(stopped.items()))
        state = State.DOWN if stopped else State.READY
        self._health.mark(f"topics of {self._group}", state, f"{text}; {_CURE}" if stopped else "")

    async def _begin_again(self, positions: Positions, consumer: TrackedConsumer) -> None:
        """What was adopted is read from its beginning, partition by partition, once each."""
        for topic, kept in self._kept.items():
            if kept.generation == 0 or topic in self.stopped:
                continue
            mine = [partition for partition in consumer.assignment() if partition.topic == topic]
            unread = [partition for partition in mine if partition.partition not in kept.offsets]
            if not unread:
                continue
            async with within(ASKED_WITHIN, "the beginning of the log"):
                starts = await consumer.begins_at_once(unread)
                # First: after a crash the committed offset of before must be gone for certain.
                await consumer.commit(starts)
            self._last.forget()
            for partition, start in starts.items():
                consumer.seek(partition, start)
            await positions.advance(
                kept, {partition.partition: n for partition, n in starts.items()}
            )
            log.warning("topic_begun_again", group=self._group, topic=topic, partitions=len(starts))

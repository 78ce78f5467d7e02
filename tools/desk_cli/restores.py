"""Which side was put back without the other, and whom that concerns: for `desk audit`."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from desk_contracts.errors import Invalid
from desk_contracts.topics import SERVICES
from desk_platform.kafka.agreement import Committed, Older, find_older, read_committed
from desk_platform.kafka.connection import kafka_arguments
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.settings import KafkaSettings
from desk_platform.store import Origin
from desk_platform.store.positions import Position

from desk_cli.adopt import Anew
from desk_cli.options import read_store, settings

_NAMED = 20
Ranges = Mapping[TopicPartition, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A group whose store knows less than it had committed, and what it read meanwhile."""

    service: str
    older: Older
    records: int
    subjects: tuple[str, ...]

    def lines(self) -> Iterable[str]:
        """For people."""
        yield f"{self.service}: {self.older}"
        if self.records:
            named = _list_names(self.subjects)
            yield f"{self.service}: it may not know {self.records} records that it read, of {named}"


@dataclass(frozen=True, slots=True)
class Gone:
    """Records that a group read and the brokers do not have, and whose documents know of them."""

    service: str
    group: str
    place: str
    first: int
    until: int
    subjects: tuple[str, ...]

    def lines(self) -> Iterable[str]:
        """For people."""
        yield (
            f"{self.service}: the brokers are older than the store: {self.group} read {self.place}"
            f" up to {self.until}, and it ends at {self.first}"
        )
        if self.subjects:
            named = _list_names(self.subjects)
            yield f"{self.service}: it knows what the brokers lost, of {named}"


def _list_names(subjects: Sequence[str]) -> str:
    more = len(subjects) - _NAMED
    return ", ".join(subjects[:_NAMED]) + (f" and {more} more" if more > 0 else "")


async def find_gone(replaced: Sequence[Anew]) -> list[Gone]:
    """By group and partition, of the topics that are not what was read; nothing of a new id."""
    gone = list[Gone]()
    for topic in replaced:
        read = topic.position
        if topic.topic_id != read.topic_id or topic.cluster != read.cluster:
            continue
        store = read_store(topic.service)
        try:
            for partition, until in sorted(read.offsets.items()):
                first = topic.ends.get(partition, until)
                if first < until:
                    mark_key = Origin(read.topic, partition, first, read.generation).mark_key
                    who = sorted(await store.find_handled_since(mark_key, first))
                    place = f"{read.topic}/{partition}"
                    gone.append(Gone(topic.service, read.group, place, first, until, tuple(who)))
        finally:
            await store.stop()
    return gone


async def find_forgotten() -> list[Forgotten]:
    """By service and group; nothing where stores and brokers agree."""
    chosen, forgotten = settings(), list[Forgotten]()
    for service in SERVICES:
        store = read_store(service)
        try:
            stored = await store.milestones().all()
            positions = await store.positions().all()
        finally:
            await store.stop()
        # An emptied store names no group; every service has these two.
        groups = {service, f"{service}.retry", *stored}
        committed = await read_committed(chosen.kafka, sorted(groups), chosen.topic_prefix)
        for older in find_older(committed, stored):
            ranges = _find_ranges(older.group, positions, committed[older.group])
            subjects = await _subjects(
                chosen.kafka, ranges, RecordDecoder(prefix=chosen.topic_prefix)
            )
            records = sum(end - first for first, end in ranges.values())
            forgotten.append(Forgotten(service, older, records, tuple(subjects)))
    return forgotten


def _find_ranges(group: str, positions: Sequence[Position], committed: Committed) -> Ranges:
    """What was read after the store's own note of how far it had come."""
    noted = {
        TopicPartition(position.topic, partition): offset
        for position in positions
        if position.group == group
        for partition, offset in position.offsets.items()
    }
    return {
        partition: (noted.get(partition, 0), end)
        for partition, end in committed.offsets.items()
        if noted.get(partition, 0) < end
    }


async def _subjects(kafka: KafkaSettings, ranges: Ranges, door: RecordDecoder) -> list[str]:
    """Of the records in these ranges, in order and once each."""
    consumer = AIOKafkaConsumer(auto_offset_reset="earliest", **kafka_arguments(kafka))
    await consumer.start()
    subjects: dict[str, None] = {}
    try:
        for partition, (first, end) in ranges.items():
            consumer.assign([partition])
            [start] = (await consumer.beginning_offsets([partition])).values()
            [last] = (await consumer.end_offsets([partition])).values()
            consumer.seek(partition, max(first, start))
            while await consumer.position(partition) < min(end, last):
                for record in (await consumer.getmany(partition, timeout_ms=1_000)).get(
                    partition, ()
                ):
                    if record.offset < end:
                        # What is no event has no subject.
                        with suppress(Invalid):
                            subjects[door.read(record).subject] = None
    finally:
        await consumer.stop()
    return list(subjects)

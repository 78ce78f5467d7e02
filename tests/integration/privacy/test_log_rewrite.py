"""Topics on real brokers, rewritten without a person: killed in between, with readers behind."""

import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import OffsetAndMetadata
from desk_cli.log_rewrite import COPY_OF, MARK, LogRewriter, open_rewriter
from desk_contracts import names
from desk_contracts.errors import Rejected
from desk_contracts.redaction import Erasure, Redactor, hash_person
from desk_contracts.topics import BY_NAME
from desk_platform.kafka.admin import apply_topics
from desk_platform.kafka.connection import kafka_arguments
from desk_platform.kafka.records import KafkaRecord, time_of
from desk_platform.kafka.topic_reader import read_all
from desk_platform.settings import KafkaSettings

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]

KEY, IVY, BEN = b"0123456789abcdef0123456789abcdef", "ivy@desk.example", "ben@desk.example"
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
REDACTOR = Redactor(
    KEY, [Erasure("e-1", AT, hash_person(KEY, IVY), "nobody", frozenset({"t-ivy"}))]
)
SENT_MS = 1_772_000_000_000
COUNT = 30


class Killed(LogRewriter):
    """A rewrite that ends when it has appended so many copies."""

    left = 7

    async def _append(self, record: KafkaRecord) -> None:
        if self.left == 0:
            await self._producer.flush()
            raise RuntimeError("killed")
        self.left -= 1
        await super()._append(record)


@pytest.fixture
async def settings(kafka: str, prefix: str) -> KafkaSettings:
    chosen = KafkaSettings(bootstrap=kafka)
    topics = [BY_NAME[name] for name in (names.TICKETS, names.KNOWLEDGE, names.REQUESTS)]
    await apply_topics(chosen, topics, prefix=prefix, partitions=1)
    return chosen


async def fill(settings: KafkaSettings, topic: str) -> None:
    """Events of two people in turn; every second one is Ivy's."""
    async with AIOKafkaProducer(**kafka_arguments(settings)) as producer:
        for number in range(COUNT):
            key, who = ("t-ivy", IVY) if number % 2 else ("t-ben", BEN)
            value = json.dumps({"requester": who, "title": f"title {number} of {who}"}).encode()
            headers = [("ce_id", str(number).encode()), ("ce_time", b"2026-03-01T09:00:00Z")]
            await producer.send_and_wait(
                topic, key=key.encode(), value=value, headers=headers, timestamp_ms=SENT_MS + number
            )


async def commit(settings: KafkaSettings, topic: str, group: str, offset: int) -> None:
    place = TopicPartition(topic, 0)
    # Without this the consumer commits once more when it stops, and then without the milestone.
    consumer = AIOKafkaConsumer(
        group_id=group, enable_auto_commit=False, **kafka_arguments(settings)
    )
    async with consumer:
        consumer.assign([place])
        await consumer.commit({place: OffsetAndMetadata(offset, "milestone:9")})


async def committed(settings: KafkaSettings, topic: str, group: str) -> tuple[int, str]:
    async with AsyncExitStack() as opened:
        admin = AIOKafkaAdminClient(**kafka_arguments(settings))
        await admin.start()
        opened.push_async_callback(admin.close)
        offsets = await admin.list_consumer_group_offsets(group)
        commit = offsets[TopicPartition(topic, 0)]
        return commit.offset, commit.metadata


async def records(settings: KafkaSettings, topic: str) -> list[KafkaRecord]:
    return [record async for record in read_all(settings, [topic])]


def check_copies(log: Sequence[KafkaRecord]) -> None:
    """Each event once, in order, at its own time, and nothing of Ivy."""
    assert [int(dict(record.headers)["ce_id"] or b"") for record in log] == [*range(COUNT)]
    assert [time_of(record) for record in log] == [SENT_MS + number for number in range(COUNT)]
    assert all(COPY_OF in dict(record.headers) and record.key != MARK for record in log)
    assert not any(IVY.encode() in (record.value or b"") for record in log)
    assert sum(BEN.encode() in (record.value or b"") for record in log) == COUNT / 2


@pytest.mark.parametrize("name", [names.TICKETS, names.KNOWLEDGE])
async def test_a_rewrite_that_was_killed_is_gone_on_with(
    settings: KafkaSettings, prefix: str, name: str
) -> None:
    topic, group = prefix + name, f"{prefix}reader"
    await fill(settings, topic)
    await commit(settings, topic, group, COUNT)
    async with open_rewriter(settings, prefix, REDACTOR, Killed) as rewriter:
        with pytest.raises(RuntimeError, match="killed"):
            await rewriter.rewrite([topic])
    assert await committed(settings, topic, group) == (COUNT, "milestone:9")
    async with open_rewriter(settings, prefix, REDACTOR) as rewriter:
        (done,) = await rewriter.rewrite([topic])
    assert done.copies == COUNT - Killed.left
    log = await records(settings, topic)
    check_copies(log)
    # Who had read all is behind all; who begins reads each event once.
    assert await committed(settings, topic, group) == (log[-1].offset + 1, "milestone:9")
    async with open_rewriter(settings, prefix, REDACTOR) as rewriter:
        assert await rewriter.rewrite([topic]) == []
    applied = await apply_topics(settings, [BY_NAME[name]], prefix=prefix, partitions=1)
    assert (applied.altered, applied.differing) == ((), ())


async def test_a_reader_that_has_not_read_all_stops_it(
    settings: KafkaSettings, prefix: str
) -> None:
    topic, group = prefix + names.TICKETS, f"{prefix}late"
    await fill(settings, topic)
    await commit(settings, topic, group, COUNT - 3)
    async with open_rewriter(settings, prefix, REDACTOR) as rewriter:
        with pytest.raises(Rejected, match=r"late has not read .* \(3 records to go\)"):
            await rewriter.rewrite([topic])
    assert len(await records(settings, topic)) == COUNT


async def test_what_outside_systems_said_is_cut_up_to_the_person(
    settings: KafkaSettings, prefix: str
) -> None:
    topic, group = prefix + names.REQUESTS, f"{prefix}intake"
    await fill(settings, topic)
    await commit(settings, topic, group, COUNT)
    async with AIOKafkaProducer(**kafka_arguments(settings)) as producer:
        await producer.send_and_wait(topic, key=b"ben", value=b'{"requester": "ben"}')
    async with open_rewriter(settings, prefix, REDACTOR) as rewriter:
        (done,) = await rewriter.rewrite([topic])
    assert done.is_cut
    assert [record.key for record in await records(settings, topic)] == [b"ben"]
    assert await committed(settings, topic, group) == (COUNT, "milestone:9")

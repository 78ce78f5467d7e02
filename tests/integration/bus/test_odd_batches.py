"""Batches made to harm on a real broker: what they inflate to, and bytes of every kind."""

import asyncio
from collections import Counter

import pytest
from aiokafka import AIOKafkaProducer
from desk_contracts.names import TICKETS
from desk_metrics.rebuild.commands import Outcome, in_event_time
from desk_platform.kafka import BatchProcessor
from desk_platform.kafka.decompression import MAX_INFLATED_BYTES
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.topic_reader import reader
from desk_testing import eventually

from tests.support.bus_desk import noted
from tests.support.bus_rig import Rig
from tests.support.odd_records import good, odd_records

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]

ODD = 1_500
LARGEST = 900_000


async def send_bomb(rig: Rig, codec: str, *values: bytes) -> None:
    """All of them in one batch, as large as its producer likes."""
    most = 20 * MAX_INFLATED_BYTES
    producer = AIOKafkaProducer(
        bootstrap_servers=rig.kafka,
        compression_type=codec,
        max_request_size=most,
        max_batch_size=most,
        linger_ms=1_000,
    )
    await producer.start()
    sent = [await producer.send(rig.prefix + TICKETS, value, partition=0) for value in values]
    for item in sent:
        await item
    await producer.stop()


async def test_a_batch_that_inflates_too_far_is_a_dead_letter_and_the_rest_is_handled(
    rig: Rig,
) -> None:
    await rig.publish([noted(f"t{number}", 1) for number in range(9)])
    await send_bomb(rig, "zstd", bytes(10 * MAX_INFLATED_BYTES))
    await send_bomb(rig, "gzip", *[bytes(LARGEST)] * 10)
    await rig.publish([noted(f"t{number}", 2) for number in range(9)])
    await rig.join()
    await eventually(lambda: rig.are_told({f"t{number}": ("1", "2") for number in range(9)}))
    await eventually(rig.is_committed)
    dead_letters = await rig.letters()
    assert [letter.code for letter in dead_letters] == ["batch-too-large"] * 2
    assert all("send smaller batches" in letter.reason for letter in dead_letters)
    assert all(letter.origin.startswith(f"{rig.prefix}{TICKETS}/0/") for letter in dead_letters)


async def test_bytes_of_any_kind_stop_nobody(rig: Rig) -> None:
    """Read by the real consumer, every one of them handled or told why not, none as a bug."""
    sent = 0
    for record in odd_records(good(), 99, ODD):
        if len(record.key or b"") + len(record.value or b"") < LARGEST:
            headers = [(name[:1_000], text) for name, text in record.headers]
            await rig.producer.send(rig.prefix + TICKETS, record.value, record.key, headers=headers)
            sent += 1
    await rig.producer.flush()
    await rig.publish([noted("last", 1)])
    await rig.join(BatchProcessor(rig.unit_of_work(lambda _state, _event, _context: None)))
    await eventually(rig.is_committed, timeout=180)
    codes = Counter(letter.code for letter in await rig.letters())
    assert "bug" not in codes
    assert len(codes) > 8
    assert sent / 2 < codes.total() < sent


async def test_a_log_that_ends_with_the_mark_of_a_transaction_is_read_to_its_end(rig: Rig) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=rig.kafka, transactional_id=rig.prefix)
    await producer.start()
    topic, outcome = rig.prefix + TICKETS, Outcome()
    async with producer.transaction():
        await producer.send(topic, b"{}", b"kept", partition=0)
    await producer.begin_transaction()
    await producer.send(topic, b"{}", b"given up", partition=1)
    await producer.abort_transaction()
    await producer.stop()
    async with asyncio.timeout(120), reader(rig.settings, [topic]) as consumer:
        assert len(await rig.read(TICKETS)) == 2
        events = in_event_time(consumer, outcome, RecordDecoder(prefix=rig.prefix))
        assert [item async for item in events] == []
    assert outcome.unreadable == 2

"""What compressed batches may inflate to; what is broken is passed over, the rest is read."""

import gzip
import struct
from collections.abc import Callable
from typing import Any

import cramjam
import pytest
from aiokafka.codec import gzip_encode, lz4_encode, snappy_encode, zstd_encode
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from desk_contracts.errors import Invalid
from desk_platform.kafka import connection
from desk_platform.kafka.decompression import MAX_FETCHED_BYTES, MAX_INFLATED_BYTES, BoundedRecords
from desk_platform.settings import KafkaSettings

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)
HEADER, CRC_AT, CHECKED_FROM = 61, 17, 21
Encode = Callable[[bytes], bytes]


def plain_snappy(data: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(data))


ENCODERS: dict[str, tuple[int, Encode]] = {
    "gzip": (GZIP, gzip_encode),
    "snappy": (SNAPPY, snappy_encode),
    "plain snappy": (SNAPPY, plain_snappy),
    "lz4": (LZ4, lz4_encode),
    "zstd": (ZSTD, zstd_encode),
}


def batch(*values: bytes, codec: int = NONE, first: int = 0) -> bytes:
    """A batch as a producer sends it and a broker numbers it."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=codec,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1 << 30,
    )
    for number, value in enumerate(values):
        builder.append(
            number, timestamp=1_000 + number, key=b"k", value=value, headers=[("h", b"x")]
        )
    built = bytearray(builder.build())
    struct.pack_into(">q", built, 0, first)
    return bytes(built)


def with_payload(codec: int, payload: bytes, first: int = 0, last: int = 0) -> bytes:
    """A batch whose records are these bytes, checksum and all."""
    header = bytearray(batch(b"x", first=first)[:HEADER])
    struct.pack_into(">i", header, 8, HEADER - 12 + len(payload))
    struct.pack_into(">h", header, 21, codec)
    struct.pack_into(">i", header, 23, last)
    whole = header + payload
    struct.pack_into(">I", whole, CRC_AT, calc_crc32c(bytes(whole[CHECKED_FROM:])))
    return bytes(whole)


def read(data: bytes) -> list[Any]:
    """Every record that a fetcher gets out of one answer."""
    records, collected = BoundedRecords(data), []
    while records.has_next():
        chunk = records.next_batch()
        assert chunk is not None
        assert chunk.validate_crc()
        collected += list(chunk)
    return collected


def passed_over(data: bytes) -> tuple[int, Invalid]:
    """The one record that stands for a batch, between two good ones."""
    before, after = batch(b"before"), batch(b"after", first=1_000)
    first, (offset, reason), last = (
        (item.value, (item.offset, item.checksum))[item.checksum is not None]
        for item in read(before + data + after)
    )
    assert (first, last) == (b"before", b"after")
    assert isinstance(reason, Invalid)
    return offset, reason


def test_consumers_read_through_here() -> None:
    assert connection.kafka_arguments(KafkaSettings())
    assert fetcher.MemoryRecords is BoundedRecords


@pytest.mark.parametrize("name", [None, *ENCODERS])
def test_batches_are_read_as_they_were_written(name: str | None) -> None:
    values = [b"one", b"", b"three" * 1_000]
    codec = NONE if name is None else ENCODERS[name][0]
    records = read(batch(*values, codec=codec, first=7) + batch(b"next", first=10))
    assert [item.value for item in records] == [*values, b"next"]
    assert [item.offset for item in records] == [7, 8, 9, 10]
    assert [item.timestamp for item in records] == [1_000, 1_001, 1_002, 1_000]
    assert records[0].key == b"k"
    assert list(records[0].headers) == [("h", b"x")]


@pytest.mark.parametrize("name", ENCODERS)
def test_a_batch_that_inflates_too_far_is_passed_over(name: str) -> None:
    codec, encode = ENCODERS[name]
    bomb = with_payload(codec, encode(bytes(MAX_INFLATED_BYTES + 1)), first=40, last=17)
    offset, reason = passed_over(bomb)
    assert (offset, reason.kind) == (57, "batch-too-large")
    assert "records 40 to 57 inflates to more than" in reason.message


def test_several_bombs_one_after_the_other_are_one_too() -> None:
    packed = gzip.compress(bytes(MAX_INFLATED_BYTES // 2 + 1)) * 2
    assert passed_over(with_payload(GZIP, packed, first=5))[1].kind == "batch-too-large"


@pytest.mark.parametrize("codec", [GZIP, SNAPPY, LZ4, ZSTD, 5, 7])
@pytest.mark.parametrize(
    "payload", [b"", b"\x00", b"not packed at all", b"\x82SNAPPY\x00" + b"\xff" * 20]
)
def test_a_batch_that_cannot_be_read_is_passed_over(codec: int, payload: bytes) -> None:
    offset, reason = passed_over(with_payload(codec, payload, first=5))
    assert (offset, reason.kind) == (5, "batch-unreadable")


@pytest.mark.parametrize("payload", [b"", b"\xff" * 40, b"\x02\x00", b"\x80" * 20])
def test_records_that_are_none_are_passed_over(payload: bytes) -> None:
    assert passed_over(with_payload(NONE, payload, first=5))[1].kind == "batch-unreadable"


def test_a_header_name_that_is_not_utf8_loses_no_other_batch() -> None:
    good = batch(b"v", first=5)
    bad = with_payload(NONE, good[HEADER:].replace(b"\x02h", b"\x02\xff"), first=5)
    assert passed_over(bad)[1].kind == "batch-unreadable"


def test_a_wrong_checksum_is_fetched_once_more_then_passed_over() -> None:
    damaged = bytearray(batch(b"value", first=9))
    damaged[-3] ^= 1
    with pytest.raises(CorruptRecordException):
        read(bytes(damaged))
    offset, reason = passed_over(bytes(damaged))
    assert (offset, reason.kind, "checksum" in reason.message) == (9, "batch-unreadable", True)


def test_a_batch_of_an_old_format_is_passed_over() -> None:
    old = bytearray(batch(b"value", first=9))
    old[16] = 1
    assert passed_over(bytes(old))[1].kind == "batch-unreadable"


def test_what_is_cut_off_at_the_end_is_fetched_again() -> None:
    assert [item.value for item in read(batch(b"whole") + batch(b"cut", first=1)[:-1])] == [
        b"whole"
    ]
    assert read(b"") == []
    assert BoundedRecords(b"1234").size_in_bytes() == 4


def test_no_more_is_inflated_at_a_time_than_memory_bears() -> None:
    encoded = batch(*[bytes(256 * 1024)] * 8, codec=ZSTD)
    records = read(encoded * 500)
    assert (
        MAX_FETCHED_BYTES
        < sum(len(record.value) for record in records)
        <= MAX_FETCHED_BYTES + MAX_INFLATED_BYTES
    )


def test_control_batches_are_told_apart() -> None:
    marked = BoundedRecords(with_payload(NONE | 0x30, batch(b"x")[HEADER:], first=3)).next_batch()
    assert marked is not None
    assert (marked.is_control_batch, marked.is_transactional, marked.next_offset) == (True, True, 4)
    assert next(marked).value == b"x"

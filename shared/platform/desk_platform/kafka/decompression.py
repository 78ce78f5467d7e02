"""What a batch of records may inflate to, and what happens to one that cannot be read.

aiokafka decompresses whole batches, however large, and ends a partition's reading at one that it
cannot read. Here a batch is decompressed into a buffer of fixed size; one that does not fit, or is
broken, is passed over: the consumer gets a record in its place that says so, for a dead letter.
"""

import struct
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cramjam
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch
from desk_contracts.errors import Invalid

from desk_platform.kafka.retry import attempt

# Four of the largest batches that Kafka takes uncompressed: what is honest inflates to one.
MAX_INFLATED_BYTES = 4 * 1024 * 1024
# Of one partition at a time, beyond the batch that passes it; the rest is fetched again.
MAX_FETCHED_BYTES = 8 * 1024 * 1024

# https://kafka.apache.org/documentation/#recordbatch
_HEADER = struct.Struct(">qiibIhiqqqhii")
_OFFSET_AND_LENGTH = struct.Struct(">qi")
_ATTRIBUTES = struct.Struct(">h")
_ATTRIBUTES_AT = 21
_MAGIC_AT, _MAGIC = 16, 2
_CODEC_MASK, _TRANSACTIONAL, _CONTROL, _SNAPPY = 0x07, 0x10, 0x20, 2
_CODECS = {1: cramjam.gzip, 3: cramjam.lz4, 4: cramjam.zstd}
_XERIAL = b"\x82SNAPPY\x00"
_XERIAL_HEADER = 16
_SEEN = 1_000
# How cramjam says that the buffer is too small: it has one class for all of its errors.
_TOO_SMALL = ("whole buffer", "output buffer")

_scratch = bytearray(MAX_INFLATED_BYTES)
# A checksum that is wrong once may have been the network's fault; wrong again, it is the batch's.
_suspected: OrderedDict[bytes, None] = OrderedDict()


class BoundedRecords:
    """Stands for aiokafka's `MemoryRecords`: the batches in one answer for one partition."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._inflate = data, 0, 0
        self._end = self._find_end()

    def size_in_bytes(self) -> int:
        return len(self._data)

    def has_next(self) -> bool:
        return self._end is not None and self._inflate <= MAX_FETCHED_BYTES

    def next_batch(self) -> "Batch | None":
        end = self._end
        if end is None:
            return None
        batch = _read(self._data[self._at : end])
        self._at = end
        self._end = self._find_end()
        self._inflate += batch.size
        return batch

    def _find_end(self) -> int | None:
        """Where the next batch ends, if all of it is there."""
        if len(self._data) - self._at < _OFFSET_AND_LENGTH.size:
            return None
        _, length = _OFFSET_AND_LENGTH.unpack_from(self._data, self._at)
        end = self._at + _OFFSET_AND_LENGTH.size + max(0, length)
        return end if end <= len(self._data) else None


@dataclass(frozen=True, slots=True)
class PassedOver:
    """What the consumer gets for a batch that was not read; nobody outside can make one."""

    offset: int
    timestamp: int
    timestamp_type: int
    checksum: Invalid
    key: None = None
    value: None = None
    headers: tuple[()] = ()


@dataclass(slots=True, eq=False)  # not frozen: one for every batch, often of a single record
class Batch:
    """A batch whose records are read already, as aiokafka's own looks to its fetcher."""

    base_offset: int
    next_offset: int
    producer_id: int
    is_transactional: bool
    is_control_batch: bool
    records: list[Any]
    size: int

    def validate_crc(self) -> bool:
        return True  # it was, before anything was made of it

    def __iter__(self) -> Iterator[Any]:
        return iter(self.records)

    def __next__(self) -> Any:
        return next(iter(self.records))


def bound_batches() -> None:
    """Have every consumer of this process read its batches through here."""
    fetcher.MemoryRecords = BoundedRecords


def _read(raw: bytes) -> Batch:
    if len(raw) < _HEADER.size or raw[_MAGIC_AT] != _MAGIC:
        base, _ = _OFFSET_AND_LENGTH.unpack_from(raw)
        reason = Invalid("the batch is in a format before that of 2017", code="batch-unreadable")
        record = PassedOver(base, 0, 0, reason)
        return Batch(base, base + 1, -1, False, False, [record], 0)
    base, _, _, _, _, attributes, last, _, newest, producer, *_ = _HEADER.unpack_from(raw)
    records = attempt(_read_records, raw, attributes)
    size = len(raw)
    if isinstance(records, CorruptRecordException):
        raise records
    if isinstance(records, Exception):
        reason = _explain(records, base, base + last)
        records = [PassedOver(base + last, newest, attributes >> 3 & 1, reason)]
    else:
        size = max(size, sum(len(record.value or b"") for record in records))
    is_transactional, is_control = bool(attributes & _TRANSACTIONAL), bool(attributes & _CONTROL)
    return Batch(base, base + last + 1, producer, is_transactional, is_control, records, size)


def _read_records(raw: bytes, attributes: int) -> list[Any]:
    batch = DefaultRecordBatch(raw)
    if not batch.validate_crc():
        _suspect(raw)
        raise Invalid("its checksum is wrong", code="batch-unreadable")
    if attributes & _CODEC_MASK:
        batch = DefaultRecordBatch(_inflate(raw, attributes))
    # aiokafka's own error would stop the partition; what is wrong here stays wrong.
    records = attempt(list, batch)
    if isinstance(records, Exception):
        raise Invalid(f"it cannot be read: {records}", code="batch-unreadable") from records
    return records


def _inflate(raw: bytes, attributes: int) -> bytes:
    """The batch as if it had never been compressed."""
    codec, packed = attributes & _CODEC_MASK, raw[_HEADER.size :]
    if codec == _SNAPPY:
        size = _from_snappy(packed)
    elif codec in _CODECS:
        size = _CODECS[codec].decompress_into(packed, _scratch)
    else:
        raise Invalid(f"there is no codec {codec}", code="batch-unreadable")
    header = bytearray(raw[: _HEADER.size])
    _ATTRIBUTES.pack_into(header, _ATTRIBUTES_AT, attributes & ~_CODEC_MASK)
    return bytes(header) + bytes(memoryview(_scratch)[:size])


def _from_snappy(packed: bytes) -> int:
    """Blocks with their lengths, as Java's snappy writes them, or one block."""
    if not packed.startswith(_XERIAL):
        return int(cramjam.snappy.decompress_raw_into(packed, _scratch))
    at, size, scratch = _XERIAL_HEADER, 0, memoryview(_scratch)
    while at < len(packed):
        (length,) = struct.unpack_from(">I", packed, at)
        block = packed[at + 4 : at + 4 + length]
        size += int(cramjam.snappy.decompress_raw_into(block, scratch[size:]))
        at += 4 + length
    return size


def _suspect(raw: bytes) -> None:
    header = raw[: _HEADER.size]
    if header in _suspected:
        return
    _suspected[header] = None
    if len(_suspected) > _SEEN:
        _suspected.popitem(last=False)
    raise CorruptRecordException("a batch's checksum is wrong; it is fetched once more")


def _explain(error: Exception, first: int, last: int) -> Invalid:
    """Why the records from `first` to `last` are passed over."""
    which = f"the batch with records {first} to {last}"
    if isinstance(error, Invalid):
        return Invalid(f"{which} is passed over: {error.message}", code=error.kind)
    if any(words in str(error) for words in _TOO_SMALL):
        return Invalid(
            f"{which} inflates to more than {MAX_INFLATED_BYTES} bytes and is passed over: send "
            "smaller batches, or without compression",
            code="batch-too-large",
        )
    return Invalid(
        f"{which} cannot be decompressed and is passed over: {error}", code="batch-unreadable"
    )

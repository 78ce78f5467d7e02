"""Whatever bytes a record has: an event or a refusal, and a message of ours that Kafka takes."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from desk_contracts import AnyEvent
from desk_contracts.errors import Invalid
from desk_contracts.topics import MAX_EVENT_BYTES
from desk_platform.clock import FakeClock
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.records import Failure, reroute

from tests.support.odd_records import CODEC, MAX_RECORD_BYTES, OddRecord, good, odd_records

RECORDS, PARTS = 100_000, 8
NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)


@pytest.mark.timeout(360)
@pytest.mark.parametrize("part", range(PARTS))
def test_any_record_is_an_event_or_a_refusal_that_can_be_dead_lettered(part: int) -> None:
    door, codes = RecordDecoder(clock=FakeClock(NOW)), Counter[str]()
    for number, record in enumerate(odd_records(good(), part, RECORDS // PARTS)):
        try:
            codes[outcome(door, record)] += 1
        except Exception as error:
            error.add_note(f"record {number} of part {part}")
            raise
    assert codes["event"] > RECORDS // PARTS / 50
    assert len(codes) > 10, "the records are odd in too few ways"


def outcome(door: RecordDecoder, record: OddRecord) -> str:
    """What the consumer does with a record, as far as the record decides it."""
    event = read(door, record)
    if isinstance(event, Invalid):
        assert 0 < len(event.message) < 2_000
        assert rerouted_size(record, event) < MAX_RECORD_BYTES
        return event.kind
    if event.amended:
        assert len(CODEC.encode(event).value) < MAX_EVENT_BYTES
    assert rerouted_size(record, ZeroDivisionError("\ud800")) < MAX_RECORD_BYTES
    return "event"


def read(door: RecordDecoder, record: OddRecord) -> AnyEvent | Invalid:
    try:
        return door.read(record)
    except Invalid as error:
        return error


def rerouted_size(record: OddRecord, error: Exception) -> int:
    message = reroute(Failure(record, error), "triage", NOW)
    names = sum(len(name.encode()) + len(text) + 10 for name, text in message.headers)
    return len(message.key) + len(message.value) + names

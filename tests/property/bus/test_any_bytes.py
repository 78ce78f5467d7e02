"""Whatever bytes a record has: an event or a refusal, and a message of ours that Kafka takes."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from desk_shared.bus.door import RecordDecoder
from desk_shared.bus.records import Failure, reroute
from desk_shared.clock import FakeClock
from desk_shared.errors import Invalid
from desk_shared.events import AnyEvent, Codec
from desk_shared.events.building import is_open
from desk_shared.events.topics import MAX_EVENT_BYTES

from tests.property.bus.odd_records import OddRecord, odd_records

RECORDS, PARTS = 100_000, 8
NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
# What outsiders may write comes as often as all that they may not.
OFTEN = 6
MAX_RECORD_BYTES = 1024 * 1024
EXAMPLES = Path(__file__).parents[2] / "contract" / "events" / "examples"
CODEC = Codec()


def good() -> Sequence[tuple[str, bytes, bytes, tuple[tuple[str, bytes | None], ...]]]:
    """An event of every type as the desk writes it; those from outside call themselves so."""
    found = []
    for path in sorted(EXAMPLES.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        headers = [("content-type", b"application/cloudevents+json")]
        event = CODEC.decode(document["subject"].encode(), json.dumps(document).encode(), headers)
        message = CODEC.encode(event)
        weight = OFTEN if is_open(type(event.data)) else 1
        found += [(message.topic, message.key, message.value, tuple(message.headers))] * weight
    return found


@pytest.mark.timeout(360)
@pytest.mark.parametrize("part", range(PARTS))
def test_any_record_is_an_event_or_a_refusal_that_can_be_parked(part: int) -> None:
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
        assert parked_size(record, event) < MAX_RECORD_BYTES
        return event.kind
    if event.amended:
        assert len(CODEC.encode(event).value) < MAX_EVENT_BYTES
    assert parked_size(record, ZeroDivisionError("\ud800")) < MAX_RECORD_BYTES
    return "event"


def read(door: RecordDecoder, record: OddRecord) -> AnyEvent | Invalid:
    try:
        return door.read(record)
    except Invalid as error:
        return error


def parked_size(record: OddRecord, error: Exception) -> int:
    message = reroute(Failure(record, error), "triage", NOW)
    names = sum(len(name.encode()) + len(text) + 10 for name, text in message.headers)
    return len(message.key) + len(message.value) + names

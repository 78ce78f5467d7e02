"""What the door remembers of earlier records changes nothing that it makes of later ones."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from desk_contracts.errors import Invalid
from desk_platform.clock import FakeClock
from desk_platform.kafka.decoded_records import LARGEST, DecodedRecords
from desk_platform.kafka.deserializer import RecordDecoder
from hypothesis import given
from hypothesis import strategies as st

from tests.support.odd_records import OddRecord

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
DATA = {"subject_kind": "device", "name": "disk.free.percent", "value": 1}
MOMENTS = st.one_of(
    st.integers(-3 * 24, 3 * 24).map(lambda hours: NOW + timedelta(hours=hours)),
    st.integers(-90, 90).map(lambda minutes: NOW + timedelta(days=1, minutes=minutes)),
    st.sampled_from([datetime(year, 1, 1, tzinfo=UTC) for year in (1, 1999, 2000, 2001, 9998)]),
)


def record(sent_at: datetime, arrived: datetime) -> OddRecord:
    """A measurement that says when it was, and when the broker took it."""
    attributes = {
        "specversion": "1.0",
        "id": "1",
        "source": "/monitor/a",
        "type": "desk.telemetry.measured.v1",
        "time": sent_at.isoformat().replace("+00:00", "Z"),
    }
    headers = [(f"ce_{name}", text.encode()) for name, text in attributes.items()]
    at = int(arrived.timestamp() * 1000)
    return OddRecord("desk.telemetry", b"laptop-1", json.dumps(DATA).encode(), headers, at)


@given(st.lists(st.tuples(MOMENTS, MOMENTS), min_size=2, max_size=12))
def test_a_door_that_has_read_much_reads_as_a_new_one(
    moments: list[tuple[datetime, datetime]],
) -> None:
    used = RecordDecoder(clock=FakeClock(NOW))
    for sent_at, arrived in moments:
        fresh = RecordDecoder(clock=FakeClock(NOW)).read(record(sent_at, arrived))
        assert used.read(record(sent_at, arrived)) == fresh


HEADERS = st.fixed_dictionaries(
    {
        "ce_specversion": st.just(b"1.0"),
        "ce_id": st.sampled_from([b"1", b"2"]),
        "ce_source": st.just(b"/desk/intake"),
        "ce_type": st.sampled_from([b"desk.ticket.closed.v1", b"desk.ticket.confirmed.v1"]),
        "ce_time": st.sampled_from([b"2026-11-27T08:00:00Z", b"yesterday"]),
    },
    optional={
        "ce_sequence": st.sampled_from([b"7", b"8", b"-1"]),
        "ce_correlationid": st.just(b"c"),
    },
).map(lambda given: list(given.items()))
RECORDS = st.builds(
    OddRecord,
    st.sampled_from(["desk.tickets", "desk.feedback"]),
    st.sampled_from([b"t-1", b"t-2", None]),
    st.sampled_from([b"{}", b'{"by": "ivy"}', b'{"by": 1}', b"", None, b"{"]),
    HEADERS,
    st.just(int(NOW.timestamp() * 1000)),
)


def outcome(door: RecordDecoder, given: OddRecord) -> object:
    try:
        return door.read(given)
    except Invalid as error:
        return error.code, str(error)


@given(st.lists(RECORDS, min_size=2, max_size=12))
def test_doors_that_share_what_was_decoded_read_as_each_would_alone(
    records: Sequence[OddRecord],
) -> None:
    decoded = DecodedRecords(most=3)
    first, second = (RecordDecoder(clock=FakeClock(NOW), decoded=decoded) for _ in range(2))
    for item in records:
        alone = outcome(RecordDecoder(clock=FakeClock(NOW)), item)
        assert outcome(first, item) == outcome(second, item) == alone


def test_a_record_is_decoded_once_for_all_and_the_oldest_makes_room() -> None:
    decoded = DecodedRecords(most=2)
    first, second = (RecordDecoder(clock=FakeClock(NOW), decoded=decoded) for _ in range(2))
    items = [closed(str(number)) for number in range(3)]
    events = [first.read(item) for item in items]
    assert second.read(items[2]).data is events[2].data
    assert decoded.find(items[0]) is None
    assert second.read(items[0]) == events[0]


def test_what_is_large_is_not_kept() -> None:
    decoded = DecodedRecords()
    first, second = (RecordDecoder(clock=FakeClock(NOW), decoded=decoded) for _ in range(2))
    large = closed("large", "x" * LARGEST)
    event = first.read(large)
    assert decoded.find(large) is None
    assert second.read(large) == event


def closed(id: str, note: str = "") -> OddRecord:
    """A ticket that was closed; what the desk does not know is passed over."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", id.encode()),
        ("ce_source", b"/desk/intake"),
        ("ce_type", b"desk.ticket.closed.v1"),
        ("ce_time", b"2026-11-27T08:00:00Z"),
        ("ce_sequence", b"1"),
    ]
    value = json.dumps({"by": "ivy", "note": note or id}).encode()
    return OddRecord("desk.tickets", b"t-1", value, headers, int(NOW.timestamp() * 1000))

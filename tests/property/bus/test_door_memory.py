"""What the door remembers of earlier records changes nothing that it makes of later ones."""

import json
from datetime import UTC, datetime, timedelta

from desk_platform.clock import FakeClock
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

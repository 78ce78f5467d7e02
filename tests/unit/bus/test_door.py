"""What of an outsider's event is believed at the door: its attributes within bounds, its time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from desk_contracts import AnyEvent, Codec, Event
from desk_contracts.attributes import LONGEST_ID, LONGEST_SUBJECT
from desk_contracts.digest import content_of
from desk_contracts.errors import Invalid, Transient
from desk_contracts.events.telemetry import Measured
from desk_contracts.events.tickets import TicketClosed
from desk_contracts.topics import MAX_OPEN_BYTES
from desk_contracts.value_types import SubjectKind
from desk_platform.clock import FakeClock
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.records import Failure, buffer_record, reroute, restore_record

NOW = datetime(2026, 3, 2, 9, 0, 0, 500_000, tzinfo=UTC)
ARRIVED = NOW - timedelta(hours=1)
DOOR = RecordDecoder(prefix="x-", clock=FakeClock(NOW))
EVENT = Event(
    "e1",
    "/agent/lap-1",
    "lap-1",
    ARRIVED - timedelta(minutes=1),
    Measured(subject_kind=SubjectKind.DEVICE, name="disk.free.percent", value=3),
)
MESSAGE = Codec().encode(EVENT)
Header = tuple[str, bytes | None]


@dataclass
class Record:
    """A record of an open topic as Kafka gives it."""

    headers: Sequence[Header]
    key: bytes | None = b"lap-1"
    value: bytes | None = MESSAGE.value
    topic: str = "x-desk.telemetry"
    timestamp: int = int(ARRIVED.timestamp() * 1000)
    timestamp_type: int = 1
    partition: int = 3
    offset: int = 42


def record(changed: Mapping[str, bytes | None] | None = None) -> Record:
    return Record(tuple({**dict(MESSAGE.headers), **(changed or {})}.items()))


def at(text: str | None) -> AnyEvent:
    return DOOR.read(record({"ce_time": None if text is None else text.encode()}))


def test_an_event_within_the_window_is_believed_as_it_is() -> None:
    assert DOOR.read(record()) == EVENT


@pytest.mark.parametrize(
    "moment",
    ["2000-01-01T00:00:00Z", "2026-03-03T08:00:00.500Z", "2026-03-02T09:00:00Z"],
)
def test_what_is_late_or_a_little_early_is_believed(moment: str) -> None:
    event = at(moment)
    assert (event.time, event.amended) == (datetime.fromisoformat(moment), ())


@pytest.mark.parametrize(
    "moment",
    [
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "1999-12-31T23:59:59.999999Z",
        "2026-03-03T08:00:00.500001Z",
        "2062-03-02T09:00:00Z",
        "9998-12-31T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "9999-12-31T23:59:60Z",
    ],
)
def test_what_lies_outside_the_window_counts_from_its_arrival_and_says_so(moment: str) -> None:
    event = at(moment)
    assert (event.time, event.amended) == (ARRIVED, ("time",))
    assert event.told_time[:10] == moment[:10]


def test_an_event_without_a_time_counts_from_its_arrival() -> None:
    event = at(None)
    assert (event.time, event.amended, event.told_time) == (ARRIVED, ("time",), "")


def test_a_copy_of_an_event_without_a_time_says_the_same_whenever_it_arrives() -> None:
    raw = record({"ce_time": None})
    later = replace(raw, timestamp=raw.timestamp + 60_000)
    assert DOOR.read(raw).time != DOOR.read(later).time
    assert content_of(DOOR.read(raw)) == content_of(DOOR.read(later))


@pytest.mark.parametrize("year", [1, 1979, 2200, 9998])
def test_an_event_of_our_own_with_a_time_that_an_earlier_version_believed_is_dated(
    year: int,
) -> None:
    closed = Event("e", "/desk/intake", "t", NOW, TicketClosed(by="ana"), 3)
    for moment, expected in ((NOW.replace(year=year), ARRIVED), (NOW.replace(year=1998), None)):
        message = Codec().encode(closed._replace(time=moment))
        raw = Record(message.headers, message.key, message.value, "x-desk.tickets")
        assert DOOR.read(raw).time == (expected or moment)


@pytest.mark.parametrize("timestamp", [-1, 0, 4_102_444_800_000, 253_402_300_799_000])
def test_a_producers_own_time_of_arrival_widens_no_window(timestamp: int) -> None:
    """A topic that was made before keeps its producers' time; nonsense there means now."""
    raw = replace(record({"ce_time": b"2080-01-01T00:00:00Z"}), timestamp=timestamp)
    assert DOOR.read(raw).time == NOW


def test_a_copy_in_the_retry_topic_has_the_time_of_the_first_arrival() -> None:
    raw = record({"ce_time": b"9998-01-01T00:00:00Z"})
    first = DOOR.read(raw)
    message = reroute(Failure(raw, Transient("later")), "triage", NOW, "x-")
    again = Record(
        message.headers, message.key, message.value, "x-" + message.topic, int(1e12), offset=7
    )
    assert DOOR.read(again) == first
    buffered = restore_record(buffer_record(again))
    assert dict(buffered.headers)["desk-arrived"] == str(raw.timestamp).encode()


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02t08:00:00z",
        "2026-03-02 08:00:00Z",
        "2026-03-02T08:00:00+00:00",
        "2026-03-02T08:00:00-00:00",
        "2026-03-02T13:30:00+05:30",
        "2026-03-01T22:00:00-10:00",
        "2026-03-02T08:00:00.0Z",
        "2026-03-02T08:00:00.00000000000000000000Z",
        "2026-03-02T07:59:60Z",
    ],
)
def test_a_moment_is_read_in_every_form_of_rfc_3339(text: str) -> None:
    assert at(text).time == datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_a_fraction_of_any_length_is_read_to_the_microsecond() -> None:
    assert at("2026-03-02T08:00:00.123456789123Z").time.microsecond == 123_456
    assert at("2026-03-02T08:00:00.5+00:00").time.microsecond == 500_000


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T08:00:00,5Z",
        "20260302T080000Z",
        "2026-W10-1T08:00:00Z",
        "2026-03-02T08:00Z",
        "2026-03-02",
        "2026-02-30T08:00:00Z",
        "2026-03-02T24:00:00Z",
        "2026-03-02T08:00:00+24:00",
        "2026-03-02T08:00:00+0100",
        "٢٠٢٦-03-02T08:00:00Z",
        "noon",
        "1772442000",
        "9" * 5_000,
    ],
)
def test_a_moment_in_another_form_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Invalid, match="is not a time of RFC 3339; write it like") as caught:
        at(text)
    assert caught.value.kind == "bad-time"
    assert len(caught.value.message) < 300


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(Invalid, match="has no zone; write UTC with a Z"):
        at("2026-03-02T08:00:00")


@pytest.mark.parametrize("name", ["starts", "ends"])
@pytest.mark.parametrize("moment", ["1980-01-01T00:00:00Z", "9998-01-01T00:00:00Z"])
def test_a_change_planned_for_a_day_nobody_means_is_refused(name: str, moment: str) -> None:
    data = {"change": "c", "kind": "release", "title": "t"}
    plan = {"starts": "2026-12-01T20:00:00Z", "ends": "2026-12-01T21:00:00Z"}
    headers = record({"ce_type": b"desk.change.planned.v1"}).headers
    raw = Record(headers, topic="x-desk.changes")
    assert DOOR.read(replace(raw, value=json.dumps({**data, **plan}).encode())).amended == ()
    with pytest.raises(Invalid, match=f"^{name} is ") as caught:
        DOOR.read(replace(raw, value=json.dumps({**data, **plan, name: moment}).encode()))
    assert caught.value.kind == "bad-time"


@pytest.mark.parametrize(
    ("name", "longest"), [("id", LONGEST_ID), ("source", LONGEST_ID), ("subject", LONGEST_SUBJECT)]
)
def test_the_longest_attribute_is_read_and_a_longer_one_refused(name: str, longest: int) -> None:
    def read(text: bytes) -> AnyEvent:
        changed: dict[str, bytes | None] = {f"ce_{name}": text}
        raw = record(changed)
        return DOOR.read(replace(raw, key=text) if name == "subject" else raw)

    assert getattr(read(b"a" * longest), name) == "a" * longest
    assert getattr(read("ä".encode() * (longest // 2)), name) == "ä" * (longest // 2)
    for size in (longest + 1, 530_000):
        with pytest.raises(Invalid, match=f"'{name}' has {size} bytes") as caught:
            read(b"a" * size)
        assert caught.value.kind == "attribute-too-long"
        assert len(caught.value.message) < 200


@pytest.mark.parametrize("name", ["correlationid", "causationid"])
@pytest.mark.parametrize("text", [b"a" * 513, b"a" * 530_000, b"a\nb"])
def test_an_optional_attribute_that_cannot_be_used_is_left_out_and_named(
    name: str, text: bytes
) -> None:
    event = DOOR.read(record({f"ce_{name}": text}))
    assert event == EVENT._replace(amended=(name,))


@pytest.mark.parametrize("name", ["id", "source", "subject"])
@pytest.mark.parametrize("sign", ["\x00", "\n", "\x1b", "\x7f", "\x9b"])
def test_control_characters_are_refused_in_attributes(name: str, sign: str) -> None:
    with pytest.raises(Invalid, match=f"'{name}' has a control character") as caught:
        DOOR.read(record({f"ce_{name}": f"a{sign}b".encode()}))
    assert caught.value.kind == "bad-attribute"


@pytest.mark.parametrize("number", [b"1", b"17", b"0", b"two", b"9" * 5_000, b"\xff"])
def test_an_outsiders_number_means_nothing(number: bytes) -> None:
    assert DOOR.read(record({"ce_sequence": number})) == EVENT


def test_a_value_is_read_up_to_the_limit_of_open_topics() -> None:
    raw = record()
    longest = (raw.value or b"")[:-1] + b" " * (MAX_OPEN_BYTES - len(raw.value or b"")) + b"}"
    assert DOOR.read(replace(raw, value=longest)) == EVENT
    with pytest.raises(Invalid) as caught:
        DOOR.read(replace(raw, value=longest + b" "))
    assert caught.value.kind == "event-too-large"

"""What the codec refuses, in either mode, with which stable code and in which words."""

import json
from datetime import UTC, datetime

import pytest
from desk_contracts import Codec, Event, Payload
from desk_contracts.errors import Invalid
from desk_contracts.events.tickets import TicketClosed, TicketCommented
from desk_contracts.names import TICKETS
from desk_contracts.topics import MAX_EVENT_BYTES

CODEC = Codec()
MOMENT = datetime(2026, 11, 23, 8, tzinfo=UTC)
KEY = b"ticket-1"
MESSAGE = CODEC.encode(Event("id-1", "/desk/intake", "ticket-1", MOMENT, TicketClosed(by="me"), 3))
HEADERS: dict[str, bytes | None] = dict(MESSAGE.headers)
STRUCTURED: dict[str, object] = {
    "specversion": "1.0",
    "id": "id-1",
    "source": "/desk/intake",
    "subject": "ticket-1",
    "type": "desk.ticket.closed.v1",
    "time": "2026-11-23T08:00:00Z",
    "sequence": "3",
    "data": {"by": "me"},
}


def refused(key: bytes | None, value: bytes | None, headers: dict[str, bytes | None]) -> Invalid:
    with pytest.raises(Invalid) as caught:
        CODEC.decode(key, value, headers.items())
    return caught.value


def structured(**changed: object) -> bytes:
    whole = {word: value for word, value in {**STRUCTURED, **changed}.items() if value is not ...}
    return json.dumps(whole).encode()


BINARY: dict[str, tuple[dict[str, bytes | None], str, str]] = {
    "no type": ({"ce_type": None}, "missing-attribute", "no attribute 'type'"),
    "no id": ({"ce_id": b""}, "missing-attribute", "no attribute 'id'"),
    "no source": ({"ce_source": None}, "missing-attribute", "no attribute 'source'"),
    "no time": ({"ce_time": None}, "missing-attribute", "no attribute 'time'"),
    "another subject": ({"ce_subject": b"other"}, "key-mismatch", "'ticket-1' but its subject is"),
    "a time in words": ({"ce_time": b"noon"}, "bad-time", "'noon' is not a time"),
    "a time without zone": ({"ce_time": b"2026-11-23T08:00:00"}, "bad-time", "has no zone"),
    "a sequence of nought": ({"ce_sequence": b"0"}, "bad-sequence", "not a whole number from 1"),
    "a sequence in words": ({"ce_sequence": b"two"}, "bad-sequence", "not a whole number from 1"),
    "bytes for text": ({"ce_source": b"\xff"}, "bad-header", "not UTF-8"),
    "an unknown type": (
        {"ce_type": b"desk.tea.made.v1"},
        "unknown-type",
        "desk.tea.made.v1 is not",
    ),
    "an unknown version": (
        {"ce_type": b"desk.ticket.closed.v9"},
        "unknown-version",
        "it knows desk.ticket.closed.v1",
    ),
}


@pytest.mark.parametrize(("changed", "code", "words"), BINARY.values(), ids=list(BINARY))
def test_headers_that_make_no_event_are_refused(
    changed: dict[str, bytes | None], code: str, words: str
) -> None:
    error = refused(KEY, MESSAGE.value, {**HEADERS, **changed})
    assert (error.kind, words in str(error)) == (code, True), str(error)


VALUES: dict[str, tuple[bytes | None, str, str]] = {
    "nothing": (None, "no-value", "no value"),
    "no bytes": (b"", "no-value", "no value"),
    "no JSON": (b"{", "bad-json", "not JSON"),
    "a missing field": (b"{}", "bad-data", "desk.ticket.closed.v1: by: Field required"),
    "a wrong field": (b'{"by": 1}', "bad-data", "by: Input should be a valid string"),
    "too many bytes": (b" " * (MAX_EVENT_BYTES + 1), "event-too-large", f"{MAX_EVENT_BYTES}"),
}


@pytest.mark.parametrize(("value", "code", "words"), VALUES.values(), ids=list(VALUES))
def test_a_value_that_is_no_payload_is_refused(value: bytes | None, code: str, words: str) -> None:
    error = refused(KEY, value, HEADERS)
    assert (error.kind, words in str(error)) == (code, True), str(error)


WHOLE: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "bad-json"),
    "a list, as a batch is": (b"[]", "bad-json"),
    "no data": (structured(data=...), "bad-data"),
    "data in base64": (structured(data=..., data_base64="e30="), "bad-data"),
    "data that is no object": (structured(data="me"), "bad-data"),
    "data that does not fit": (structured(data={}), "bad-data"),
    "no type": (structured(type=...), "missing-attribute"),
    "no id": (structured(id=None), "missing-attribute"),
    "no time": (structured(time=...), "missing-attribute"),
    "another subject": (structured(subject="other"), "key-mismatch"),
    "an unknown type": (structured(type="desk.tea.made.v1"), "unknown-type"),
}


@pytest.mark.parametrize(("value", "code"), WHOLE.values(), ids=list(WHOLE))
def test_a_structured_event_that_is_none_is_refused(value: bytes, code: str) -> None:
    assert refused(KEY, value, {"content-type": b"Application/CloudEvents+JSON"}).kind == code


@pytest.mark.parametrize("key", [None, b"", b"\xff"])
def test_a_record_without_a_readable_key_is_refused(key: bytes | None) -> None:
    assert refused(key, MESSAGE.value, HEADERS).kind == "missing-key"


def test_an_event_without_a_subject_is_about_its_key() -> None:
    headers = {**HEADERS, "ce_subject": None}
    assert CODEC.decode(KEY, MESSAGE.value, headers.items()).subject == "ticket-1"


def test_a_time_of_another_zone_is_read_as_utc() -> None:
    headers = {**HEADERS, "ce_time": b"2026-11-23T09:30:00+01:30"}
    event = CODEC.decode(KEY, MESSAGE.value, headers.items())
    assert (event.time, event.time.tzinfo) == (MOMENT, UTC)


def test_a_moment_of_a_change_without_zone_is_refused() -> None:
    """Which hour it is would be a guess, and no comparison with it would work."""
    data = {"change": "c", "kind": "release", "title": "t", "starts": "2026-11-24T20:00:00"}
    data = {**data, "ends": "2026-11-24T21:00:00Z"}
    value = structured(type="desk.change.planned.v1", source="/delivery/pipeline", data=data)
    error = refused(KEY, value, {"content-type": b"application/cloudevents+json"})
    assert error.kind == "bad-data"
    assert "starts: Input should have timezone info" in str(error)


def test_an_event_that_is_too_large_is_not_written() -> None:
    class Long(Payload, type="desk.test.said.v1", topic=TICKETS):
        """Longer than any event may be."""

        text: str

    long = Long(text="a" * MAX_EVENT_BYTES)
    with pytest.raises(Invalid, match="refer to it with dataref") as caught:
        CODEC.encode(Event("id-1", "/desk/intake", "ticket-1", MOMENT, long))
    assert caught.value.kind == "event-too-large"


def renamed(data: dict[str, object]) -> tuple[str, dict[str, object]]:
    return "desk.ticket.closed.v1", {"by": data["who"]}


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_an_older_version_is_read_by_its_upcaster(mode: str) -> None:
    codec = Codec(upcasters={"desk.ticket.closed.v0": renamed})
    if mode == "binary":
        headers = {**HEADERS, "ce_type": b"desk.ticket.closed.v0"}
        event = codec.decode(KEY, b'{"who": "me"}', headers.items())
    else:
        value = structured(type="desk.ticket.closed.v0", data={"who": "me"})
        event = codec.decode(KEY, value, [("content-type", b"application/cloudevents+json")])
    assert event.data == TicketClosed(by="me")
    assert event.sequence == 3


def test_a_text_of_the_greatest_length_fits_an_event() -> None:
    """The longest note in a script of three bytes a sign: the limits agree with each other."""
    note = TicketCommented.model_validate({"by": "me", "role": "member", "text": "漢" * 20_000})
    assert len(CODEC.encode(Event("i", "/s", "k", MOMENT, note)).value) < MAX_EVENT_BYTES

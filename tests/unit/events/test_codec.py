"""What cannot be read is refused with a stable code and a sentence; everything else is read."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from desk_contracts import Codec, Event, Payload, derive, number_event
from desk_contracts.errors import Invalid
from desk_contracts.events.tickets import Role, TicketClosed, TicketCommented
from desk_contracts.ids import derive_id
from desk_contracts.topics import MAX_EVENT_BYTES

AT = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
CODEC = Codec()
EVENT = Event(
    id="e1",
    source="/desk/intake",
    subject="t1",
    time=AT,
    data=TicketCommented(by="ana", role=Role.MEMBER, text="Ünïcode \U0001f5a8"),
    sequence=3,
    correlation_id="c1",
    causation_id="e0",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)
BINARY = CODEC.encode(EVENT)
HEADERS: dict[str, bytes | None] = dict(BINARY.headers)
STRUCTURED: dict[str, object] = {
    "specversion": "1.0",
    "id": "e1",
    "source": "/desk/intake",
    "type": "desk.ticket.commented.v1",
    "subject": "t1",
    "time": "2026-03-02T09:00:00.123456Z",
    "sequence": "3",
    "correlationid": "c1",
    "causationid": "e0",
    "traceparent": EVENT.traceparent,
    "datacontenttype": "application/json",
    "data": json.loads(BINARY.value),
}


def binary(
    changed: Mapping[str, bytes | None],
    value: bytes | None = BINARY.value,
    key: bytes | None = b"t1",
) -> Event[Payload]:
    return CODEC.decode(key, value, list({**HEADERS, **changed}.items()))


def structured(
    changed: Mapping[str, object],
    headers: tuple[tuple[str, bytes | None], ...] = (),
    content_type: bytes = b"application/cloudevents+json; charset=UTF-8",
) -> Event[Payload]:
    document = {name: text for name, text in {**STRUCTURED, **changed}.items() if text is not ...}
    value = json.dumps(document).encode()
    return CODEC.decode(b"t1", value, [*headers, ("content-type", content_type)])


def code_of(caught: pytest.ExceptionInfo[Invalid]) -> str:
    return caught.value.kind


def test_an_event_comes_back_from_binary_mode() -> None:
    assert binary({}) == EVENT


def test_an_event_is_read_from_structured_mode() -> None:
    assert structured({}) == EVENT


def test_binary_mode_is_written_as_the_kafka_binding_says() -> None:
    assert (BINARY.topic, BINARY.key) == ("desk.tickets", b"t1")
    assert {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_id": b"e1",
        "ce_source": b"/desk/intake",
        "ce_type": b"desk.ticket.commented.v1",
        "ce_subject": b"t1",
        "ce_time": b"2026-03-02T09:00:00.123456Z",
        "ce_dataschema": b"/schemas/desk.ticket.commented.v1.json",
        "ce_sequence": b"3",
        "ce_correlationid": b"c1",
        "ce_causationid": b"e0",
        "ce_traceparent": EVENT.traceparent.encode(),
    } == HEADERS


def test_what_an_event_has_not_is_not_written() -> None:
    plain = Event("e", "/x", "t", AT, TicketClosed(by="ana"))
    names = {name for name, _ in CODEC.encode(plain).headers}
    assert names.isdisjoint({"ce_sequence", "ce_correlationid", "ce_causationid", "ce_traceparent"})


def test_structured_mode_wins_over_repeated_headers() -> None:
    """The binding allows a producer to repeat attributes; the value is the event."""
    repeated = (("ce_id", b"e1"), ("ce_type", b"desk.ticket.commented.v1"), ("ce_source", b"x"))
    assert structured({}, repeated) == EVENT
    assert structured({}, content_type=b"APPLICATION/CloudEvents+JSON") == EVENT


def test_fields_that_a_reader_does_not_know_are_ignored() -> None:
    value = json.dumps({**json.loads(BINARY.value), "invented": {"later": 1}}).encode()
    assert binary({"ce_invented": b"x", "other": b"\xff"}, value) == EVENT
    data = {**json.loads(BINARY.value), "invented": 1}
    assert structured({"data": data, "invented": 3}) == EVENT


def test_a_missing_subject_is_the_key() -> None:
    assert binary({"ce_subject": None}).subject == "t1"


def test_other_zones_are_read_as_utc() -> None:
    moment = binary({"ce_time": b"2026-03-02T10:30:00+01:30"}).time
    assert (moment, moment.tzinfo) == (datetime(2026, 3, 2, 9, tzinfo=UTC), UTC)


def test_null_headers_are_no_headers() -> None:
    event = binary(
        {"ce_sequence": None, "ce_traceparent": None, "ce_correlationid": None, "other": None}
    )
    assert (event.sequence, event.traceparent, event.correlation_id) == (None, "", "")


@pytest.mark.parametrize("value", [None, b""])
def test_a_record_without_a_value_is_refused(value: bytes | None) -> None:
    with pytest.raises(Invalid) as caught:
        binary({}, value)
    assert code_of(caught) == "no-value"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"{", "bad-json"),
        (b"\xff\xfe\x00", "bad-json"),
        (b"not json", "bad-json"),
        (b"[1, 2]", "bad-data"),
        (b'"text"', "bad-data"),
        (b"null", "bad-data"),
        (b"{}", "bad-data"),
        (b'{"by": 3, "role": "member", "text": "x"}', "bad-data"),
        (b'{"by": "ana", "role": "king", "text": "x"}', "bad-data"),
    ],
)
def test_a_value_that_is_no_payload_is_refused(value: bytes, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        binary({}, value)
    assert code_of(caught) == code


@pytest.mark.parametrize("value", [b"{", b"[1]", b'"text"', b"1"])
def test_a_structured_value_that_is_no_object_is_refused(value: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        CODEC.decode(b"t1", value, [("content-type", b"application/cloudevents+json")])
    assert code_of(caught) == "bad-json"


@pytest.mark.parametrize("data", [..., None, 3, [1], "text"])
def test_a_structured_event_without_an_object_in_data_is_refused(data: object) -> None:
    with pytest.raises(Invalid) as caught:
        structured({"data": data})
    assert code_of(caught) == "bad-data"


@pytest.mark.parametrize("name", ["id", "type", "source", "time"])
@pytest.mark.parametrize("missing", [None, b""])
def test_a_missing_attribute_is_named(name: str, missing: bytes | None) -> None:
    with pytest.raises(Invalid, match=f"'{name}'") as caught:
        binary({f"ce_{name}": missing})
    assert code_of(caught) == "missing-attribute"
    with pytest.raises(Invalid, match=f"'{name}'") as caught:
        structured({name: None if missing is None else ""})
    assert code_of(caught) == "missing-attribute"


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-13-45T00:00:00Z", "2026-03-02T09:00:00", "1772442000"]
)
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        binary({"ce_time": text.encode()})
    assert code_of(caught) == "bad-time"
    with pytest.raises(Invalid) as caught:
        structured({"time": text})
    assert code_of(caught) == "bad-time"


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "one", "٣", " 3"])
def test_a_sequence_that_is_no_number_from_one_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        binary({"ce_sequence": text.encode()})
    assert code_of(caught) == "bad-sequence"
    with pytest.raises(Invalid) as caught:
        structured({"sequence": text})
    assert code_of(caught) == "bad-sequence"


@pytest.mark.parametrize("key", [None, b"", b"\xff\xfe"])
def test_a_record_without_a_readable_key_is_refused(key: bytes | None) -> None:
    with pytest.raises(Invalid) as caught:
        binary({}, key=key)
    assert code_of(caught) == "missing-key"


def test_a_key_that_is_not_the_subject_is_refused() -> None:
    with pytest.raises(Invalid, match="'t2' but its subject is 't1'") as caught:
        binary({}, key=b"t2")
    assert code_of(caught) == "key-mismatch"


@pytest.mark.parametrize("name", ["id", "type", "source", "subject", "time"])
def test_a_header_that_is_not_utf8_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        binary({f"ce_{name}": b"\xff\xfe"})
    assert code_of(caught) == "bad-header"


def test_a_sequence_that_is_not_utf8_is_no_number() -> None:
    with pytest.raises(Invalid) as caught:
        binary({"ce_sequence": b"\xff\xfe"})
    assert code_of(caught) == "bad-sequence"


@pytest.mark.parametrize(
    "parent",
    [
        b"\xff\xfe",
        b"nonsense",
        EVENT.traceparent.encode() + b"-later",
        b"ff" + EVENT.traceparent[2:].encode(),
        b"00-" + b"0" * 32 + b"-b7ad6b7169203331-01",
        b"0" * 100_000,
    ],
)
def test_a_trace_that_is_none_is_left_out_as_w3c_says(parent: bytes) -> None:
    assert binary({"ce_traceparent": parent}) == EVENT._replace(traceparent="")


@pytest.mark.parametrize(
    ("wire_type", "code", "hint"),
    [
        ("desk.ticket.exploded.v1", "unknown-type", "not a type"),
        ("com.example.other", "unknown-type", "not a type"),
        ("desk.ticket.commented.v1 ", "unknown-type", "not a type"),
        ("desk.ticket.commented.v9", "unknown-version", "desk.ticket.commented.v1"),
    ],
)
def test_an_unknown_type_or_version_is_told_apart(wire_type: str, code: str, hint: str) -> None:
    with pytest.raises(Invalid, match=hint) as caught:
        binary({"ce_type": wire_type.encode()})
    assert code_of(caught) == code


def test_an_unknown_structured_type_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        structured({"type": "desk.ticket.commented.v9"})
    assert code_of(caught) == "unknown-version"


def test_an_event_that_is_too_large_is_neither_written_nor_read() -> None:
    with pytest.raises(Invalid) as caught:
        binary({}, b" " * (MAX_EVENT_BYTES + 1))
    assert code_of(caught) == "event-too-large"
    large = TicketCommented.model_construct(
        by="ana", role=Role.MEMBER, text="x" * MAX_EVENT_BYTES, public=True, automatic=False
    )
    with pytest.raises(Invalid) as caught:
        CODEC.encode(EVENT._replace(data=large))
    assert code_of(caught) == "event-too-large"


class NotedV3(Payload, type="desk.test.noted.v3", topic="desk.tickets"):
    """The newest version of an event that was split and renamed on the way."""

    words: tuple[str, ...]
    author: str = ""


def from_v1(data: dict[str, object]) -> tuple[str, dict[str, object]]:
    return "desk.test.noted.v2", {"author": data.get("by", ""), "text": data["text"]}


def from_v2(data: dict[str, object]) -> tuple[str, dict[str, object]]:
    text = str(data.pop("text"))
    return "desk.test.noted.v3", {**data, "words": text.split()}


UPCASTING = Codec(
    {NotedV3.TYPE: NotedV3}, {"desk.test.noted.v1": from_v1, "desk.test.noted.v2": from_v2}
)


@pytest.mark.parametrize(
    ("version", "data"),
    [
        (1, {"by": "ana", "text": "it works"}),
        (2, {"author": "ana", "text": "it works"}),
        (3, {"author": "ana", "words": ["it", "works"]}),
    ],
)
def test_every_old_version_is_read_as_the_newest(version: int, data: dict[str, object]) -> None:
    wire_type, value = f"desk.test.noted.v{version}", json.dumps(data).encode()
    headers = [*{**HEADERS, "ce_type": wire_type.encode()}.items()]
    event = UPCASTING.decode(b"t1", value, headers)
    assert event.data == NotedV3(words=("it", "works"), author="ana")
    whole = json.dumps({**STRUCTURED, "type": wire_type, "data": data}).encode()
    content = [("content-type", b"application/cloudevents+json")]
    assert UPCASTING.decode(b"t1", whole, content) == event


def test_old_data_that_breaks_the_newest_version_is_refused() -> None:
    headers = [*{**HEADERS, "ce_type": b"desk.test.noted.v2"}.items()]
    with pytest.raises(Invalid) as caught:
        UPCASTING.decode(b"t1", b'{"author": 3, "text": "x"}', headers)
    assert code_of(caught) == "bad-data"


@pytest.mark.parametrize(
    ("value", "code"), [(b"{}", "bad-data"), (b"[]", "bad-json"), (b"{", "bad-json")]
)
def test_old_data_that_its_upcaster_cannot_stand_is_refused(value: bytes, code: str) -> None:
    headers = [*{**HEADERS, "ce_type": b"desk.test.noted.v1"}.items()]
    with pytest.raises(Invalid) as caught:
        UPCASTING.decode(b"t1", value, headers)
    assert code_of(caught) == code


def test_a_bad_header_of_an_old_version_is_refused() -> None:
    headers = [*{**HEADERS, "ce_type": b"desk.test.noted.v1", "ce_id": b"\xff"}.items()]
    with pytest.raises(Invalid) as caught:
        UPCASTING.decode(b"t1", b'{"text": "x"}', headers)
    assert code_of(caught) == "bad-header"


def test_a_derived_event_has_the_same_id_every_time() -> None:
    def close_event(ordinal: int) -> Event[TicketClosed]:
        return derive(
            EVENT,
            TicketClosed(by="desk"),
            source="/desk/triage",
            subject="t1",
            rule="close",
            at=AT,
            ordinal=ordinal,
            sequence=4,
        )

    first, again, other = close_event(0), close_event(0), close_event(1)
    assert first == again
    assert first.id == derive_id(EVENT.identity, "close", 0) != other.id
    assert (first.causation_id, first.correlation_id) == ("e1", "c1")
    assert first.traceparent == EVENT.traceparent
    assert number_event(first, 9).sequence == 9


def test_a_first_cause_correlates_what_follows() -> None:
    event = derive(
        EVENT._replace(correlation_id=""),
        TicketClosed(by="desk"),
        source="/x",
        subject="t1",
        rule="close",
        at=AT,
    )
    assert event.correlation_id == "e1"


@pytest.mark.parametrize("name", ["ticket.opened.v1", "desk.v1", "desk.Ticket.v1", "desk.a.v0"])
def test_a_type_with_another_shape_cannot_be_declared(name: str) -> None:
    with pytest.raises(TypeError, match="is not a type like"):
        type("Bad", (Payload,), {}, type=name, topic="desk.tickets")

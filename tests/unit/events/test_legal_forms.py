"""CloudEvents in all its legal forms is one event; what its binding forbids is refused by name."""

import base64
import json
from datetime import UTC, datetime

import pytest
from desk_contracts import AnyEvent, Codec
from desk_contracts.errors import Invalid
from desk_contracts.events.requests import TicketRequested

ARRIVED = datetime(2026, 3, 2, 9, tzinfo=UTC)
CODEC = Codec()
Headers = list[tuple[str, bytes | None]]
ATTRIBUTES = {
    "specversion": "1.0",
    "id": "17",
    "source": "/monitor/eu",
    "subject": "ana",
    "time": "2026-03-02T08:00:00Z",
}
REQUEST = {"requester": "ana", "title": "No sound in calls"}


def headers_of(type: str) -> Headers:
    attributes = {**ATTRIBUTES, "type": type}
    named = [(f"ce_{name}", text.encode()) for name, text in attributes.items()]
    return [("content-type", b"application/json"), *named]


def binary(type: str, value: bytes) -> AnyEvent:
    return CODEC.decode(b"ana", value, headers_of(type), ARRIVED)


VALUE = json.dumps(REQUEST).encode()
PLAIN = binary("desk.ticket.requested.v1", VALUE)
HEADERS = dict(headers_of("desk.ticket.requested.v1"))


def with_headers(
    changed: dict[str, bytes | None], value: bytes = VALUE, key: bytes | None = b"ana"
) -> AnyEvent:
    merged = {**HEADERS, **changed}
    named: Headers = [(name, text) for name, text in merged.items() if text != b"-"]
    return CODEC.decode(key, value, named, ARRIVED)


def test_the_plain_form_is_read() -> None:
    assert (PLAIN.id, PLAIN.subject, PLAIN.amended) == ("17", "ana", ())


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        b"",
        b"application/json; charset=utf-8",
        b'Application/JSON;charset="UTF-8"',
        b"application/vnd.acme.request+json",
        b"text/json",
        b"text/plain",
    ],
)
def test_json_is_read_whatever_kind_of_json_it_is_called(content_type: bytes | None) -> None:
    assert with_headers({"content-type": content_type}) == PLAIN


@pytest.mark.parametrize("charset", ["utf-16", "iso-8859-1", "windows-1252"])
def test_another_encoding_is_read_if_it_is_named(charset: str) -> None:
    document = {**REQUEST, "title": "Drucker lässt aus"}
    value = json.dumps(document, ensure_ascii=False).encode(charset)
    event = with_headers({"content-type": f"application/json; charset={charset}".encode()}, value)
    assert isinstance(event.data, TicketRequested)
    assert (event.data.title, event.amended) == ("Drucker lässt aus", ())


def test_header_names_are_read_in_any_letter_case() -> None:
    shouted: Headers = [(name.upper(), text) for name, text in HEADERS.items()]
    assert CODEC.decode(b"ana", VALUE, shouted, ARRIVED) == PLAIN
    whole = json.dumps({**ATTRIBUTES, "type": PLAIN.type, "data": REQUEST}).encode()
    content: Headers = [("Content-Type", b"Application/CloudEvents+JSON")]
    assert CODEC.decode(b"ana", whole, content, ARRIVED) == PLAIN


@pytest.mark.parametrize(
    "spelling", ["ce-{}", "Ce-{}", "{}", "cloudEvents:{}", "ce.{}", "cloudevents_{}"]
)
def test_headers_of_another_binding_are_named(spelling: str) -> None:
    wrong: Headers = [
        (spelling.format(name.removeprefix("ce_")), text) for name, text in HEADERS.items()
    ]
    with pytest.raises(Invalid) as caught:
        CODEC.decode(b"ana", VALUE, wrong, ARRIVED)
    expected = spelling.format("type")
    assert f"the header `{expected}` is not `ce_type`" in caught.value.message
    assert caught.value.kind == "missing-attribute"


def test_a_key_that_is_missing_is_the_subject_and_the_other_way_round() -> None:
    assert with_headers({}, key=None) == PLAIN
    assert with_headers({"ce_subject": b"-"}) == PLAIN
    with pytest.raises(Invalid, match="neither a subject nor a key"):
        with_headers({"ce_subject": b"-"}, key=None)


def test_a_key_of_its_own_is_legal() -> None:
    """CloudEvents' partitioning extension: the key need not be the subject."""
    assert with_headers({"ce_partitionkey": b"eu"}, key=b"eu") == PLAIN
    assert with_headers({}, key=b"\xff") == PLAIN


def test_a_header_that_comes_twice_with_two_values_is_refused() -> None:
    twice: Headers = [*HEADERS.items(), ("ce_id", b"18")]
    with pytest.raises(Invalid, match="`ce_id` comes twice with different values"):
        CODEC.decode(b"ana", VALUE, twice, ARRIVED)
    assert CODEC.decode(b"ana", VALUE, [*HEADERS.items(), ("ce_id", b"17")], ARRIVED) == PLAIN


@pytest.mark.parametrize("version", ["0.3", "1.1", "1.0.2", "2", "one"])
def test_another_version_of_cloudevents_is_refused(version: str) -> None:
    with pytest.raises(Invalid, match=f"specversion is '{version}'; the desk reads") as caught:
        with_headers({"ce_specversion": version.encode()})
    assert caught.value.kind == "bad-specversion"


def structured(
    content_type: bytes = b"application/cloudevents+json", **changed: object
) -> AnyEvent:
    document = {**ATTRIBUTES, "type": PLAIN.type, "data": REQUEST, **changed}
    whole = {name: value for name, value in document.items() if value is not ...}
    content: Headers = [("content-type", content_type)] if content_type else []
    return CODEC.decode(b"ana", json.dumps(whole).encode(), content, ARRIVED)


def test_data_is_read_from_base64() -> None:
    assert structured(data=..., data_base64=base64.b64encode(VALUE).decode()) == PLAIN
    with pytest.raises(Invalid, match="data_base64 is not base64"):
        structured(data=..., data_base64="%%%")
    with pytest.raises(Invalid, match="both data and data_base64"):
        structured(data_base64="e30=")


def test_extensions_may_be_numbers_and_truth_values_and_unknown() -> None:
    event = structured(id=17, sampledrate=3, priority=True, sequence=4, nested={"a": 1})
    assert event == PLAIN


def test_null_attributes_are_not_given() -> None:
    event = structured(subject=None, time=None, correlationid=None, dataschema=None)
    assert event == PLAIN._replace(time=ARRIVED, amended=("time",))


@pytest.mark.parametrize("content_type", [b"", b"application/json"])
def test_a_whole_event_is_one_also_if_its_type_does_not_say_so(content_type: bytes) -> None:
    assert structured(content_type) == PLAIN


@pytest.mark.parametrize(
    ("content_type", "reason"),
    [
        (b"application/cloudevents-batch+json", "a batch of events is not part of Kafka's binding"),
        (b"application/cloudevents+avro", "reads events in JSON"),
        (b"application/cloudevents+protobuf; x=y", "reads events in JSON"),
    ],
)
def test_what_the_binding_does_not_have_is_refused_by_name(
    content_type: bytes, reason: str
) -> None:
    with pytest.raises(Invalid, match=reason) as caught:
        structured(content_type)
    assert caught.value.kind == "bad-content-type"


def test_data_that_is_a_text_is_refused_by_name() -> None:
    with pytest.raises(Invalid, match="no JSON object in data but a text"):
        structured(data=json.dumps(REQUEST))

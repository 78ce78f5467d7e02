"""The HTTP forms of CloudEvents, turned into what Kafka would carry."""

import json

import pytest
from desk_contracts.errors import Invalid
from desk_platform.http.cloudevents import MOST_EVENTS, SentEvent, attribute_of, read_sent_events

STRUCTURED = (("content-type", b"application/cloudevents+json"),)


def sent(content_type: str | None, body: bytes, **attributes: bytes) -> list[SentEvent]:
    headers = [(f"ce-{name}".encode(), value) for name, value in attributes.items()]
    if content_type is not None:
        headers.append((b"content-type", content_type.encode()))
    return read_sent_events([*headers, (b"authorization", b"Bearer x"), (b"host", b"desk")], body)


def refusal(content_type: str | None, body: bytes, **attributes: bytes) -> tuple[int, str]:
    with pytest.raises(Invalid) as caught:
        sent(content_type, body, **attributes)
    return caught.value.status, caught.value.kind


def test_binary_mode_becomes_headers_of_a_record_and_nothing_else_is_carried() -> None:
    (event,) = sent("application/json", b'{"a": 1}', id=b"1", source=b"/a")
    assert event.value == b'{"a": 1}'
    assert sorted(event.headers) == [
        ("ce_id", b"1"),
        ("ce_source", b"/a"),
        ("content-type", b"application/json"),
    ]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/cloudevents+json",
        "application/cloudevents",
        "Application/CloudEvents+JSON; charset=utf-8",
    ],
)
def test_structured_mode_is_carried_as_it_is(content_type: str) -> None:
    (event,) = sent(content_type, b'{"id": "1"}')
    assert event == SentEvent(b'{"id": "1"}', (("content-type", content_type.encode()),))


@pytest.mark.parametrize("outer", ["[%s]", " [ %s ]\r\n", "\ufeff[\n%s\n]"])
def test_a_batch_is_parted_without_touching_its_events(outer: str) -> None:
    events = ['{"id": "ä", "n": 1.10, "deep": [{"]": ","}]}', '{"id":"\\ud800"}', "17", '"]"']
    body = (outer % " , ".join(events)).encode()
    sent_events = sent("application/cloudevents-batch+json", body)
    assert [item.value.decode() for item in sent_events] == events
    assert {item.headers for item in sent_events} == {STRUCTURED}


def test_an_empty_batch_has_no_events() -> None:
    assert sent("application/cloudevents-batch+json", b"[]") == []


def test_bytes_that_are_no_utf8_spoil_only_their_own_event() -> None:
    sent_events = sent("application/cloudevents-batch+json", b'[{"id": "\xff"}, {"id": "2"}]')
    assert [json.loads(item.value)["id"] for item in sent_events] == ["\ufffd", "2"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"[",
        b"[1",
        b"[1 2]",
        b"[1,]",
        b"[,1]",
        b"[1]]",
        b"[1] x",
        b'[{"id": 1}, {"id"',
        b"[" * 100_000,
        b"[[" + b"[" * 5_000 + b"]" * 5_000,
    ],
)
def test_a_batch_that_is_no_list_is_refused_as_a_whole(body: bytes) -> None:
    assert refusal("application/cloudevents-batch+json", body) == (400, "bad-batch")


def test_a_batch_has_a_bound() -> None:
    kind = "application/cloudevents-batch+json"
    assert len(sent(kind, b"[" + b",".join([b"1"] * MOST_EVENTS) + b"]")) == MOST_EVENTS
    assert refusal(kind, b"[" + b",".join([b"1"] * (MOST_EVENTS + 1)) + b"]") == (
        413,
        "too-many-events",
    )


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "text/plain",
        "application/cloudevents+xml",
        "application/cloudevents+avro",
        "application/cloudevents-batch+xml",
        "application/cloudeventsfoo",
        "multipart/form-data; boundary=x",
    ],
)
def test_what_is_no_form_of_cloudevents_is_refused(content_type: str | None) -> None:
    assert refusal(content_type, b"{}") == (415, "unsupported-media-type")


def test_a_header_spelled_as_on_kafka_is_named() -> None:
    with pytest.raises(Invalid, match="header=ce_id, right=ce-id"):
        read_sent_events([(b"CE_ID", b"1"), (b"ce-source", b"/a")], b"{}")


def test_a_batch_may_name_another_encoding() -> None:
    body = '[{"id": "ä"}, 1]'.encode("utf-16")
    sent_events = sent("application/cloudevents-batch+json; charset=utf-16", body)
    assert [item.value.decode() for item in sent_events] == ['{"id": "ä"}', "1"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (b"plain", "plain"),
        (b"Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        (b"100%25", "100%"),
        (b"100%", "100%"),
        (b"%zz", "%zz"),
        (b'"with \\"quotes\\" and \\\\"', 'with "quotes" and \\'),
        (b'"%22"', '"'),
        (b'"', '"'),
        (b" blanks ", "blanks"),
        (b"a+b", "a+b"),
    ],
)
def test_header_values_are_read_by_the_bindings_rules(written: bytes, meant: str) -> None:
    assert attribute_of(written).decode() == meant


def test_headers_that_stand_for_no_utf8_are_left_to_the_codec() -> None:
    assert attribute_of(b"%ff") == b"\xff"
    assert attribute_of(b"%C0%AF") == b"\xc0\xaf"


def test_a_header_that_comes_twice_comes_twice_to_the_codec() -> None:
    sent_events = read_sent_events(
        [(b"ce-id", b"1"), (b"CE-ID", b"2"), (b"ce-source", b"/a")], b"{}"
    )
    assert [value for name, value in sent_events[0].headers if name == "ce_id"] == [b"1", b"2"]

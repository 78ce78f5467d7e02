"""Our codec against the official SDK: what one writes the other reads, as far as the SDK keeps
the specification. Where it departs, a test says what it does, so that a mended SDK is noticed.
"""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings import kafka
from cloudevents.core.bindings.kafka import KafkaMessage
from cloudevents.core.v1.event import CloudEvent
from desk_contracts import AnyEvent, Codec
from desk_contracts.catalogue import PAYLOADS

CODEC = Codec()
HERE = Path(__file__).parent
# That every event has an example is a test of its own, in test_released.py.
EXAMPLES = sorted(path.stem for path in (HERE / "examples").glob("*.json"))
TYPES = pytest.mark.parametrize("name", [name for name in EXAMPLES if name in PAYLOADS])
Write = Callable[[BaseCloudEvent, None, Callable[[BaseCloudEvent], str | None]], KafkaMessage]
MODES = pytest.mark.parametrize(
    "write", [kafka.to_binary_event, kafka.to_structured_event], ids=["binary", "structured"]
)
STRUCTURED = b"application/cloudevents+json; charset=UTF-8"


def example(name: str) -> dict[str, object]:
    document = json.loads((HERE / "examples" / f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def decoded(message: KafkaMessage) -> AnyEvent:
    """By our codec, as aiokafka would hand the record over."""
    key = message.key.encode() if isinstance(message.key, str) else message.key
    return CODEC.decode(key, message.value, list(message.headers.items()))


def ours(name: str) -> AnyEvent:
    whole = example(name)
    key = str(whole["subject"]).encode()
    return CODEC.decode(key, json.dumps(whole).encode(), [("content-type", STRUCTURED)])


def of_sdk(name: str, **more: object) -> CloudEvent:
    """The example as a user of the SDK would build it."""
    whole = example(name)
    data = whole.pop("data")
    assert isinstance(data, dict)
    time = datetime.fromisoformat(str(whole["time"]))
    return CloudEvent({**whole, "time": time, **more}, data)


def by_subject(event: BaseCloudEvent) -> str | None:
    return event.get_subject()


def sdk_message(headers: Iterable[tuple[str, bytes]], key: bytes, value: bytes) -> KafkaMessage:
    return KafkaMessage(headers=dict(headers), key=key, value=value)


@TYPES
def test_the_sdk_reads_what_we_write(name: str) -> None:
    message = CODEC.encode(ours(name))
    read = kafka.from_kafka_event(sdk_message(message.headers, message.key, message.value))
    expected = example(name)
    data, written = read.get_data(), expected.pop("data")
    # Fields added since the example was written are there too, with their defaults.
    assert isinstance(data, dict)
    assert isinstance(written, dict)
    assert {field: data[field] for field in written} == written
    time = datetime.fromisoformat(str(expected.pop("time")))
    attributes = dict(read.get_attributes())
    # Departure (e): the SDK takes the key for an extension that nobody sent.
    assert attributes.pop("partitionkey") == expected["subject"]
    assert attributes.pop("time") == time
    assert attributes == expected


@TYPES
def test_we_read_what_the_sdk_writes_in_binary_mode(name: str) -> None:
    message = kafka.to_binary_event(of_sdk(name), key_mapper=by_subject)
    assert decoded(message) == ours(name)


@TYPES
def test_we_read_what_the_sdk_writes_in_structured_mode(name: str) -> None:
    message = kafka.to_structured_event(of_sdk(name), key_mapper=by_subject)
    assert not any(header.startswith("ce_") for header in message.headers)
    assert decoded(message) == ours(name)


@TYPES
def test_what_the_sdk_read_from_us_and_writes_again_is_the_same_event(name: str) -> None:
    message = CODEC.encode(ours(name))
    read = kafka.from_kafka_event(sdk_message(message.headers, message.key, message.value))
    assert decoded(kafka.to_binary_event(read)) == ours(name)
    assert decoded(kafka.to_structured_event(read)) == ours(name)


def test_the_sdk_departs_a_any_ce_header_makes_it_read_binary_mode() -> None:
    """The specification decides by content-type alone, and lets headers be repeated."""
    name = "desk.ticket.opened.v1"
    whole = example(name)
    headers = {
        f"ce_{word}": str(text).encode()
        for word, text in whole.items()
        if word not in {"data", "datacontenttype"}
    }
    headers["content-type"] = STRUCTURED
    message = KafkaMessage(headers, str(whole["subject"]), json.dumps(whole).encode())
    misread = kafka.from_kafka_event(message)
    assert misread.get_data() == whole  # the whole envelope, where its data should be
    assert decoded(message) == ours(name)


def test_the_sdk_departs_b_headers_are_a_dict_without_order_or_repetition() -> None:
    """Kafka's are a list of pairs, which is what aiokafka wants; ours are one."""
    message = kafka.to_binary_event(of_sdk("desk.ticket.closed.v1"), key_mapper=by_subject)
    assert isinstance(message.headers, dict)
    headers = CODEC.encode(ours("desk.ticket.closed.v1")).headers
    assert all(isinstance(word, str) and isinstance(text, bytes) for word, text in headers)


def test_the_sdk_departs_c_an_event_without_data_has_an_empty_value_instead_of_none() -> None:
    """On a compacted topic only a null value is a tombstone; an empty one is kept for ever."""
    event = CloudEvent({"type": "test.gone", "source": "/test", "subject": "one"})
    assert kafka.to_binary_event(event).value == b""


def test_the_sdk_departs_d_a_boolean_is_written_as_python_writes_it() -> None:
    """The specification's canonical form is `true`."""
    event = of_sdk("desk.ticket.closed.v1", isurgent=True)
    assert kafka.to_binary_event(event).headers["ce_isurgent"] == b"True"


@MODES
def test_the_sdk_departs_e_the_key_becomes_an_extension_that_nobody_sent(write: Write) -> None:
    """An intermediary built on it would write that extension on."""
    message = write(of_sdk("desk.ticket.closed.v1"), None, by_subject)
    assert b"partitionkey" not in message.value
    assert "ce_partitionkey" not in message.headers
    assert kafka.from_kafka_event(message).get_extension("partitionkey") == message.key


def test_the_sdk_departs_f_only_time_is_read_back_as_what_it_was() -> None:
    """Other timestamps, integers and booleans come back as text from binary mode."""
    sent = {"recordedtime": datetime(2026, 11, 23, tzinfo=UTC), "attempt": 5, "isurgent": False}
    read = kafka.from_binary_event(kafka.to_binary_event(of_sdk("desk.ticket.closed.v1", **sent)))
    assert isinstance(read.get_time(), datetime)
    assert [read.get_extension(word) for word in sent] == ["2026-11-23T00:00:00Z", "5", "False"]


@MODES
def test_extensions_that_we_do_not_know_change_nothing(write: Write) -> None:
    """Numbers, booleans and moments among them, however the SDK spells them."""
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    event = of_sdk("desk.ticket.opened.v1", isurgent=True, attempt=5, recordedtime=moment)
    assert decoded(write(event, None, by_subject)) == ours("desk.ticket.opened.v1")


def test_a_sequence_that_is_a_number_in_structured_mode_is_read() -> None:
    """CloudEvents has it a string; in JSON people write a number."""
    message = kafka.to_structured_event(
        of_sdk("desk.ticket.opened.v1", sequence=7), key_mapper=by_subject
    )
    assert json.loads(message.value)["sequence"] == 7
    assert decoded(message).sequence == 7

"""CloudEvents 1.0 on Kafka: writes binary mode, reads binary and structured mode.

Our own instead of the SDK's binding, which chooses the mode by the wrong header and costs several
times as much per record; a contract test holds this codec to the SDK by round trips.
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Protocol

from pydantic import ValidationError
from pydantic_core import from_json

from desk_shared.errors import Invalid
from desk_shared.events.catalogue import PAYLOADS, UPCASTERS, Upcaster
from desk_shared.events.envelope import AnyEvent, Event, Payload
from desk_shared.events.topics import MAX_EVENT_BYTES

Headers = Iterable[tuple[str, bytes | None]]

_READ = (
    "id",
    "source",
    "subject",
    "time",
    "sequence",
    "correlationid",
    "causationid",
    "traceparent",
)
_STRUCTURED = b"application/cloudevents"
_CONTENT_TYPE = ("content-type", b"application/json")
_SPEC_VERSION = ("ce_specversion", b"1.0")


class KafkaRecord(Protocol):
    """aiokafka's ConsumerRecord, as far as it is an event."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Message:
    """An event as Kafka carries it."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


class Codec:
    """Turns events into messages and back; the types it knows are given, so tests can add some."""

    def __init__(
        self,
        payloads: Mapping[str, type[Payload]] = PAYLOADS,
        upcasters: Mapping[str, Upcaster] = UPCASTERS,
    ) -> None:
        self._payloads = payloads
        self._upcasters = upcasters
        self._by_header = {name.encode(): payload for name, payload in payloads.items()}

    def encode(self, event: AnyEvent) -> Message:
        """The event in binary mode, for the topic that its payload names."""
        value = event.data.__pydantic_serializer__.to_json(event.data)
        if len(value) > MAX_EVENT_BYTES:
            raise Invalid(
                f"{event.type} has {len(value)} bytes; events stay under {MAX_EVENT_BYTES}. "
                "Store what is large and refer to it with dataref.",
                code="event-too-large",
            )
        key = event.subject.encode()
        return Message(event.topic, key, value, tuple(_headers(event, key)))

    def decode(self, key: bytes | None, value: bytes | None, headers: Headers) -> AnyEvent:
        """The event of one record; `Invalid` with a stable code and a sentence if it is none."""
        if not value:
            raise Invalid("the record has no value", code="no-value")
        if len(value) > MAX_EVENT_BYTES:
            raise Invalid(
                f"the record has {len(value)} bytes; events stay under {MAX_EVENT_BYTES}",
                code="event-too-large",
            )
        found = dict(headers)
        if (found.get("content-type") or b"").lower().startswith(_STRUCTURED):
            return self._structured(key, value)
        return self._binary(key, value, found)

    def decode_record(self, record: KafkaRecord) -> AnyEvent:
        """The same for a record as aiokafka hands it out.

        The hot path, once per record: takes for granted that all is well; if it is not, `decode`
        says in a sentence what is wrong.
        """
        key, value, headers = record.key, record.value, dict(record.headers)
        payload = self._by_header.get(headers.get("ce_type") or b"")
        if payload is not None and value and len(value) <= MAX_EVENT_BYTES:
            try:
                parsed = payload.__pydantic_validator__.validate_json(value, extra="ignore")
                return _built_quickly(key, headers, parsed)
            except (KeyError, AttributeError, ValueError):
                pass
        return self.decode(key, value, record.headers)

    def _binary(
        self, key: bytes | None, value: bytes, headers: dict[str, bytes | None]
    ) -> AnyEvent:
        payload = self._by_header.get(headers.get("ce_type") or b"")
        if payload is None:
            attributes = _all_attributes(headers)
            wire_type, data = self._upcast(_required(attributes, "type"), _json(value))
            return self._event(key, attributes, wire_type, data)
        try:
            parsed = payload.__pydantic_validator__.validate_json(value, extra="ignore")
        except ValidationError as error:
            raise _bad_data(payload.TYPE, error) from error
        return _build(key, _read_attributes(headers), parsed)

    def _structured(self, key: bytes | None, value: bytes) -> AnyEvent:
        document = _json(value)
        data = document.pop("data", None)
        if not isinstance(data, dict):
            raise Invalid("the structured event has no JSON object in data", code="bad-data")
        attributes = {name: str(text) for name, text in document.items() if text is not None}
        wire_type, data = self._upcast(_required(attributes, "type"), data)
        return self._event(key, attributes, wire_type, data)

    def _event(
        self, key: bytes | None, attributes: dict[str, str], wire_type: str, data: dict[str, object]
    ) -> AnyEvent:
        try:
            parsed = self._payloads[wire_type].model_validate(data, extra="ignore")
        except ValidationError as error:
            raise _bad_data(wire_type, error) from error
        return _build(key, attributes, parsed)

    def _upcast(self, wire_type: str, data: dict[str, object]) -> tuple[str, dict[str, object]]:
        while wire_type not in self._payloads:
            upcaster = self._upcasters.get(wire_type)
            if upcaster is None:
                raise self._unknown(wire_type)
            try:
                wire_type, data = upcaster(data)
            except (KeyError, TypeError, ValueError) as error:
                text = f"{wire_type}: data of this old version lacks something: {error!r}"
                raise Invalid(text, code="bad-data") from error
        return wire_type, data

    def _unknown(self, wire_type: str) -> Invalid:
        name = wire_type.rpartition(".v")[0]
        versions = [known for known in self._payloads if known.rpartition(".v")[0] == name]
        if versions:
            return Invalid(
                f"{wire_type} is a version that this reader does not know (it knows "
                f"{', '.join(versions)}); upgrade the reader, then replay the dead letter",
                code="unknown-version",
            )
        return Invalid(
            f"{wire_type} is not a type of event that the desk knows", code="unknown-type"
        )


def _all_attributes(headers: dict[str, bytes | None]) -> dict[str, str]:
    try:
        return {
            name[3:]: text.decode()
            for name, text in headers.items()
            if text is not None and name.startswith("ce_")
        }
    except UnicodeDecodeError as error:
        raise _bad_header(error) from error


def _bad_header(error: UnicodeDecodeError) -> Invalid:
    return Invalid(f"a ce_ header is not UTF-8: {error}", code="bad-header")


def _headers(event: AnyEvent, key: bytes) -> Iterator[tuple[str, bytes]]:
    """Spelled out, since it is done for every event that is told."""
    type, dataschema = _type_headers(event.type)
    yield _CONTENT_TYPE
    yield _SPEC_VERSION
    yield "ce_id", event.id.encode()
    yield "ce_source", event.source.encode()
    yield type
    yield "ce_subject", key
    yield "ce_time", event.time.astimezone(UTC).isoformat().replace("+00:00", "Z").encode()
    yield dataschema
    if event.sequence is not None:
        yield "ce_sequence", str(event.sequence).encode()
    if event.correlation_id:
        yield "ce_correlationid", event.correlation_id.encode()
    if event.causation_id:
        yield "ce_causationid", event.causation_id.encode()
    if event.traceparent:
        yield "ce_traceparent", event.traceparent.encode()


@cache
def _type_headers(type: str) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    return ("ce_type", type.encode()), ("ce_dataschema", f"/schemas/{type}.json".encode())


def _built_quickly(key: bytes | None, headers: dict[str, Any], data: Payload) -> AnyEvent:
    """Without a call that can be spared; raises whatever comes if anything is not as it should."""
    get = headers.get
    id, source, sequence = headers["ce_id"], headers["ce_source"], get("ce_sequence")
    correlation, causation = get("ce_correlationid"), get("ce_causationid")
    parent = get("ce_traceparent")
    moment = datetime.fromisoformat(headers["ce_time"].decode())
    is_whole = key and id and source and moment.tzinfo is UTC
    if not is_whole or key is None or get("ce_subject", key) != key:
        raise ValueError
    return Event(
        id.decode(),
        source.decode(),
        key.decode(),
        moment,
        data,
        None if sequence is None else _sequence(sequence.decode()),
        correlation.decode() if correlation else "",
        causation.decode() if causation else "",
        parent.decode() if parent else "",
    )


def _read_attributes(headers: dict[str, bytes | None]) -> dict[str, str]:
    try:
        return {name: text.decode() for name in _READ if (text := headers.get(f"ce_{name}"))}
    except UnicodeDecodeError as error:
        raise _bad_header(error) from error


def _build(key: bytes | None, attributes: dict[str, str], data: Payload) -> AnyEvent:
    get = attributes.get
    number = get("sequence")
    return Event(
        _required(attributes, "id"),
        _required(attributes, "source"),
        _subject(key, get("subject")),
        _time(_required(attributes, "time")),
        data,
        None if number is None else _sequence(number),
        get("correlationid", ""),
        get("causationid", ""),
        get("traceparent", ""),
    )


def _required(attributes: dict[str, str], name: str) -> str:
    text = attributes.get(name)
    if not text:
        raise Invalid(f"the event has no attribute '{name}'", code="missing-attribute")
    return text


def _subject(key: bytes | None, subject: str | None) -> str:
    if not key:
        raise Invalid("the record has no key; key it by the event's subject", code="missing-key")
    try:
        text = key.decode()
    except UnicodeDecodeError as error:
        raise Invalid("the record's key is not UTF-8", code="missing-key") from error
    if subject is not None and subject != text:
        raise Invalid(
            f"the record's key is '{text}' but its subject is '{subject}'", code="key-mismatch"
        )
    return text


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"'{text}' is not a time of RFC 3339", code="bad-time") from error
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise Invalid(f"the time '{text}' has no zone; write UTC with a Z", code="bad-time")
    return moment.astimezone(UTC)


def _sequence(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise Invalid(f"the sequence '{text}' is not a whole number from 1", code="bad-sequence")
    return int(text)


def _json(value: bytes) -> dict[str, object]:
    try:
        document = from_json(value)
    except ValueError as error:
        raise Invalid(f"the value is not JSON: {error}", code="bad-json") from error
    if not isinstance(document, dict):
        raise Invalid("the value is not a JSON object", code="bad-json")
    return document


def _bad_data(wire_type: str, error: ValidationError) -> Invalid:
    first = error.errors(include_url=False, include_context=False, include_input=False)
    if first[0]["type"] == "json_invalid":
        return Invalid(f"the value is not JSON: {first[0]['msg']}", code="bad-json")
    places = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in first[:5])
    return Invalid(f"{wire_type}: {places}", code="bad-data")

"""CloudEvents 1.0 on Kafka: writes binary mode, reads binary and structured mode.

Our own instead of the SDK's binding, which chooses the mode by the wrong header and costs several
times as much per record; a contract test holds this codec to the SDK by round trips. Whatever the
bytes, it raises nothing but `Invalid`.
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Protocol

from pydantic import ValidationError

from desk_contracts import names
from desk_contracts.attributes import (
    LONGEST_ID,
    LONGEST_SEAL,
    Headers,
    attributes_of_document,
    attributes_of_headers,
)
from desk_contracts.catalogue import PAYLOADS, UPCASTERS, Upcaster
from desk_contracts.envelope import AnyEvent, Event, Payload
from desk_contracts.errors import Invalid
from desk_contracts.event_parser import Envelope, bad_data, is_open, outside_event, own_event
from desk_contracts.json_values import (
    content_type_of,
    data_of_document,
    has_repeated_name,
    in_utf8,
    is_structured,
    read_object,
    refuse_repeated_name,
)
from desk_contracts.quotes import quote
from desk_contracts.source_names import is_reserved
from desk_contracts.topics import MAX_EVENT_BYTES, MAX_OPEN_BYTES

_JSON = b"application/json"
_CONTENT_TYPE = ("content-type", _JSON)
_SPEC_VERSION = ("ce_specversion", b"1.0")
# Below this nothing in an outsider's event can be too long for what the desk makes of it.
_SURELY_FITS = 2_048
# What people are asked for is little, and each of it counts: nothing of it is taken quickly.
_LOOKED_AT_CLOSELY = {names.REQUESTS: 0}
# What stands between the numbers of a moment that needs no closer look.
_MARKS = frozenset({"-T::Z", "-T::."})
_NEW = tuple.__new__
_MOST = 10**18 - 1
_TRACE_BYTES, _HEXADECIMAL = 55, b"0123456789abcdef"


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


@cache
def _entry(payload: type[Payload]) -> tuple[type[Payload], bool, int]:
    """Whether outsiders write it, and how long it may be to be taken quickly."""
    if is_open(payload):
        return payload, True, _LOOKED_AT_CLOSELY.get(payload.TOPIC, _SURELY_FITS)
    return payload, False, MAX_EVENT_BYTES


class Codec:
    """Turns events into messages and back; the types it knows are given, so tests can add some."""

    def __init__(
        self,
        payloads: Mapping[str, type[Payload]] = PAYLOADS,
        upcasters: Mapping[str, Upcaster] = UPCASTERS,
    ) -> None:
        self._payloads = payloads
        self._upcasters = upcasters
        self._by_header = {name.encode(): _entry(payload) for name, payload in payloads.items()}

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

    def decode(
        self,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        arrived: datetime | None = None,
    ) -> AnyEvent:
        """The event of one record; `Invalid` with a stable code and a sentence if it is none.

        `arrived` stands for the time of an outsider's event that has none that can be counted.
        """
        if not value:
            raise Invalid("the record has no value", code="no-value")
        _check_size(len(value), MAX_OPEN_BYTES)
        given = list(headers)
        content_type = content_type_of(given)
        text = in_utf8(content_type, value)
        if is_structured(content_type, text, given):
            document, is_mended = read_object(text)
            envelope = Envelope(key, attributes_of_document(document), arrived)
            return self._event(envelope, data_of_document(document), text, is_mended)
        envelope = Envelope(key, attributes_of_headers(given), arrived)
        entry = self._by_header.get(envelope.attributes.require("type").encode())
        if entry is not None and not entry[1]:
            return _decode_own(envelope, entry[0], value)
        document, is_mended = read_object(text)
        return self._event(envelope, document, text, is_mended)

    def decode_quickly(self, record: KafkaRecord) -> AnyEvent | None:
        """The same for a record as aiokafka hands it out, once per record: the hot path.

        Takes for granted that all is well; None if it is not, and `decode` must look closer.
        """
        key, value, headers = record.key, record.value, dict(record.headers)
        entry = self._by_header.get(headers.get("ce_type") or b"")
        if entry is None or not value or len(headers) != len(record.headers):
            return None
        payload, is_outside, longest = entry
        if len(value) > longest or headers.get("content-type", _JSON) != _JSON:
            return None
        try:
            parsed = payload.__pydantic_validator__.validate_json(value, extra="ignore")
            event = _build_quickly(key, headers, parsed)
        except (KeyError, AttributeError, TypeError, ValueError):
            return None
        if not is_outside:
            return event
        id, source, subject, _, _, number, correlation, causation, _, _, _, seal = event
        # Put together, since one look costs less than five.
        text = id + source + subject + correlation + causation
        read = len(parsed.model_fields_set) + len(getattr(parsed, "attributes", ()))
        if not text.isprintable() or is_reserved(source) or has_repeated_name(value, read):
            return None
        # An outsider's place in a sequence means nothing, and its seal neither.
        is_bare = number is None and not seal
        return event if is_bare else event._replace(sequence=None, seal="")

    def _event(
        self, envelope: Envelope, data: dict[str, object], text: bytes, is_mended: bool
    ) -> AnyEvent:
        wire_type, data = self._upcast(envelope.attributes.require("type"), data)
        payload = self._payloads[wire_type]
        if is_open(payload):
            refuse_repeated_name(text)
            return outside_event(envelope, payload, data, is_mended=is_mended)
        _check_size(len(text), MAX_EVENT_BYTES)
        if is_mended:
            raise Invalid("the value is not JSON: half a character is in it", code="bad-json")
        try:
            parsed = payload.model_validate(data, extra="ignore")
        except ValidationError as error:
            raise bad_data(wire_type, error) from error
        return own_event(envelope, parsed)

    def _upcast(self, wire_type: str, data: dict[str, object]) -> tuple[str, dict[str, object]]:
        while wire_type not in self._payloads:
            upcaster = self._upcasters.get(wire_type)
            if upcaster is None:
                raise self._explain_unknown(wire_type)
            try:
                wire_type, data = upcaster(data)
            except (KeyError, TypeError, ValueError) as error:
                text = f"{wire_type}: data of this old version lacks something: {error!r}"
                raise Invalid(text, code="bad-data") from error
        return wire_type, data

    def _explain_unknown(self, wire_type: str) -> Invalid:
        name, _, version = wire_type.rpartition(".v")
        versions = [other for other in self._payloads if other.rpartition(".v")[0] == name]
        if versions and version.isdecimal():
            return Invalid(
                f"{wire_type} is a version that this reader does not know (it knows "
                f"{', '.join(versions)}); upgrade the reader, then replay the dead letter",
                code="unknown-version",
            )
        return Invalid(
            f"{quote(wire_type)[1:-1]} is not a type of event that the desk knows",
            code="unknown-type",
        )


def _headers(event: AnyEvent, key: bytes) -> Iterator[tuple[str, bytes]]:
    """Spelled out, since it is done for every event that is published."""
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
    if event.seal:
        yield "ce_seal", event.seal.encode()


@cache
def _type_headers(type: str) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    return ("ce_type", type.encode()), ("ce_dataschema", f"/schemas/{type}.json".encode())


def _build_quickly(key: bytes | None, headers: dict[str, Any], data: Payload) -> AnyEvent:
    """Without a call that can be spared; raises whatever comes if anything is not as it should."""
    get = headers.get
    id, source, time = headers["ce_id"], headers["ce_source"], headers["ce_time"].decode()
    sequence, parent = get("ce_sequence"), get("ce_traceparent")
    correlation, causation = get("ce_correlationid", b""), get("ce_causationid", b"")
    seal = get("ce_seal", b"")
    moment = datetime.fromisoformat(time)
    # Python's reader takes more than RFC 3339 does: weeks, commas, other zones.
    is_whole = moment.tzinfo is UTC and time[7:20:3] in _MARKS and key and id and source
    if not is_whole or key is None or get("ce_subject", key) != key:
        raise ValueError
    # The sum is what is cheap to compare; one that is long is looked at closer.
    size = len(key) + len(id) + len(source) + len(correlation) + len(causation)
    if size > LONGEST_ID or len(seal) > LONGEST_SEAL or headers["ce_specversion"] != b"1.0":
        raise ValueError
    # A trace's grammar without an expression: three dashes, the rest hexadecimal.
    if parent and (len(parent) != _TRACE_BYTES or parent.translate(None, _HEXADECIMAL) != b"---"):
        raise ValueError
    number = None
    if sequence is not None:
        number = int(sequence)
        if number < 1 or number > _MOST or not sequence.isdigit():
            raise ValueError
    trace = parent.decode() if parent else ""
    because, before = correlation.decode(), causation.decode()
    name = id.decode(), source.decode(), key.decode()
    # As the class would make it, without its own call.
    return _NEW(Event, (*name, moment, data, number, because, before, trace, (), "", seal.decode()))


def _decode_own(envelope: Envelope, payload: type[Payload], value: bytes) -> AnyEvent:
    _check_size(len(value), MAX_EVENT_BYTES)
    try:
        parsed = payload.__pydantic_validator__.validate_json(value, extra="ignore")
    except ValidationError as error:
        raise bad_data(payload.TYPE, error) from error
    return own_event(envelope, parsed)


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise Invalid(
            f"the record has {size} bytes; events stay under {most}", code="event-too-large"
        )

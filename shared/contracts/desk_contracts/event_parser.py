"""From what a record says to an event: the desk's own by the letter, outsiders' made to fit.

An outsider's event may lack what is optional, calls itself by a name of its own, and has no place
in anybody's sequence. The desk's own have all of it, or something is wrong with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from desk_contracts.amendments import amend, halves, shrink
from desk_contracts.attributes import Attributes, check_attribute, read_sequence
from desk_contracts.envelope import AnyEvent, Event, Payload
from desk_contracts.errors import Invalid
from desk_contracts.mistakes import list_mistakes
from desk_contracts.quotes import quote
from desk_contracts.rfc3339 import read_moment
from desk_contracts.source_names import is_reserved
from desk_contracts.topics import BY_NAME

_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What surrounds the data: the record's key, its attributes, and when it arrived, if known."""

    key: bytes | None
    attributes: Attributes
    arrived: datetime | None


def is_open(payload: type[Payload]) -> bool:
    """Whether outside systems write events of this type."""
    topic = BY_NAME.get(payload.TOPIC)
    return topic is not None and topic.writer == "outside"


def own_event(envelope: Envelope, data: Payload) -> AnyEvent:
    """An event of the desk's own services."""
    attributes = envelope.attributes
    _check_version(attributes)
    number = attributes.given.get("sequence")
    text = attributes.require("time")
    moment = read_moment(text)
    if moment is None:
        raise Invalid(f"the time {quote(text)} lies in no year that there is", code="bad-time")
    return Event(
        attributes.identifier("id"),
        attributes.identifier("source"),
        _own_subject(envelope.key, attributes.given.get("subject")),
        moment,
        data,
        None if number is None else read_sequence(number),
        attributes.optional("correlationid"),
        attributes.optional("causationid"),
        attributes.traceparent(),
        seal=attributes.optional("seal"),
    )


def outside_event(
    envelope: Envelope, payload: type[Payload], data: Mapping[str, object], *, is_mended: bool
) -> AnyEvent:
    """An event of somebody else: its data made to fit, its time believed or replaced."""
    attributes = envelope.attributes
    _check_version(attributes)
    source = attributes.identifier("source", is_clean=True)
    if is_reserved(source):
        raise refuse_reserved_source(source)
    document, changed = amend(payload, data)
    if is_mended:
        changed |= halves(document)
    try:
        parsed = payload.model_validate(document, extra="ignore")
    except ValidationError as error:
        raise bad_data(payload.TYPE, error) from error
    parsed = shrink(parsed, changed)
    moment, time = _outside_time(envelope, changed)
    return Event(
        attributes.identifier("id", is_clean=True),
        source,
        _outside_subject(envelope),
        moment,
        parsed,
        None,
        attributes.optional("correlationid", is_clean=True),
        attributes.optional("causationid", is_clean=True),
        attributes.traceparent(),
        tuple(sorted(changed.union(attributes.left_out))),
        time,
    )


def refuse_reserved_source(source: str) -> Invalid:
    """Somebody outside speaks as one of the desk's services."""
    return Invalid(
        f"the source {quote(source)} is reserved: only the desk's own services call themselves "
        "/desk/…; give your system a source of its own",
        code="reserved-source",
    )


def bad_data(wire_type: str, error: ValidationError) -> Invalid:
    """What a payload does not allow, in a sentence."""
    wrong = list_mistakes(
        error.errors(include_url=False, include_context=False, include_input=False)
    )
    first = wrong[:5]
    if first[0]["type"] == "json_invalid":
        return Invalid(f"the value is not JSON: {first[0]['msg']}", code="bad-json")
    places = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in first)
    return Invalid(f"{wire_type}: {places}", code="bad-data")


def _check_version(attributes: Attributes) -> None:
    version = attributes.given.get("specversion", _VERSION)
    if version != _VERSION:
        raise Invalid(
            f"the specversion is {quote(version)}; the desk reads CloudEvents {_VERSION}",
            code="bad-specversion",
        )


def _own_subject(key: bytes | None, subject: str | None) -> str:
    if not key:
        raise Invalid("the record has no key; key it by the event's subject", code="missing-key")
    text = _decode_key(key)
    if subject is not None and subject != text:
        raise Invalid(
            f"the record's key is {quote(text)} but its subject is {quote(subject)}",
            code="key-mismatch",
        )
    return check_attribute("subject", text, is_clean=False)


def _outside_subject(envelope: Envelope) -> str:
    """The subject where it is given: a key may be something else, by its own extension."""
    subject = envelope.attributes.given.get("subject")
    if not subject and envelope.key:
        subject = _decode_key(envelope.key)
    if not subject:
        text = "the event has neither a subject nor a key; the subject is what it is about"
        raise Invalid(text, code="missing-key")
    return check_attribute("subject", subject, is_clean=True)


def _decode_key(key: bytes) -> str:
    try:
        return key.decode()
    except UnicodeDecodeError as error:
        raise Invalid("the record's key is not UTF-8", code="missing-key") from error


def _outside_time(envelope: Envelope, changed: set[str]) -> tuple[datetime, str]:
    """When it happened; of an event that does not say it, when it arrived."""
    text, arrived = envelope.attributes.given.get("time", ""), envelope.arrived
    moment = read_moment(text) if text else None
    if moment is not None:
        return moment, ""
    if arrived is None:
        envelope.attributes.require("time")
        raise Invalid(f"the time {quote(text)} lies in no year that there is", code="bad-time")
    changed.add("time")
    return arrived, text

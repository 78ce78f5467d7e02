"""What becomes of one record of the log when people and texts are erased. Pure."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import EnumType
from functools import cache
from typing import NamedTuple

from desk_contracts import AnyEvent
from desk_contracts.catalogue import PAYLOADS
from desk_contracts.chain import SEAL
from desk_contracts.redaction import TEXTS, Json, Redactor

from desk_platform.kafka.records import KafkaRecord, time_of

Headers = Sequence[tuple[str, bytes]]


class Rewritten(NamedTuple):
    """The parts of a record, as they go to the log again."""

    key: bytes | None
    value: bytes | None
    headers: Headers


def rewrite_record(redactor: Redactor, record: KafkaRecord) -> Rewritten:
    """A record without what is to be erased; the same parts if there is nothing of it.

    What a person said after their erasure is theirs again, and stays; of tickets that were erased
    everything goes, whenever it was told.
    """
    key, value = record.key, record.value
    headers = [(name, content or b"") for name, content in record.headers]
    own = redactor.owns_ticket(_text(key))
    at = None if own else _time_of(record)
    try:
        document = json.loads(value or b"null")
    except ValueError:  # what no reader can read either
        document = None
    # A record names its ticket in its key, or as a part of what it says.
    inner = document.get("ticket") if isinstance(document, dict) else None
    at = None if redactor.owns_ticket(inner) else at
    type = _text(next((text for name, text in headers if name == "ce_type"), b""))
    redacted = redact_data(redactor, type, document, at, is_own=own)
    if redacted != document:
        value = json.dumps(redacted, ensure_ascii=False, separators=(",", ":")).encode()
    elif document is None:
        value = _mask(redactor, value, at)
    return Rewritten(
        _mask(redactor, key, at),
        value,
        [
            # A seal names a run, and numbers that could be taken for somebody's.
            (name, content if name == SEAL else _mask(redactor, content, at) or b"")
            for name, content in headers
        ],
    )


def forget(redactor: Redactor, event: AnyEvent) -> AnyEvent:
    """An event as a reader may still use it, whether or not the log was rewritten yet."""
    document = event.data.model_dump(mode="json")
    own = redactor.owns_ticket(event.subject)
    redacted = redact_data(redactor, event.type, document, None if own else event.time, is_own=own)
    if redacted == document:
        return event
    return event._replace(data=type(event.data).model_validate(redacted))


def redact_data(
    redactor: Redactor, type: str, document: Json, at: datetime | None, *, is_own: bool
) -> Json:
    """What an event of this type says, without what is to be erased."""
    redacted = redactor.redact(document, at, is_own=is_own)
    if isinstance(document, dict) and isinstance(redacted, dict):
        redacted |= {name: document[name] for name in choices_of(type) & document.keys()}
    return redacted


@cache
def choices_of(type: str) -> frozenset[str]:
    """Fields of an event that are choices of a few words, though others of their name are texts."""
    fields = PAYLOADS[type].model_fields if type in PAYLOADS else {}
    return frozenset(
        name
        for name, field in fields.items()
        if name in TEXTS and isinstance(field.annotation, EnumType)
    )


def is_same(record: KafkaRecord, rewritten: Rewritten) -> bool:
    """Whether nothing of it had to go."""
    headers = [(name, content or b"") for name, content in record.headers]
    return (record.key, record.value, headers) == (
        rewritten.key,
        rewritten.value,
        list(rewritten.headers),
    )


def _mask(redactor: Redactor, content: bytes | None, at: datetime | None) -> bytes | None:
    if not content:
        return content
    text = _text(content)
    masked = redactor.mask(text, at)
    return content if masked == text else masked.encode(errors="surrogateescape")


def _text(content: bytes | None) -> str:
    return (content or b"").decode(errors="surrogateescape")


def _time_of(record: KafkaRecord) -> datetime:
    written = next((content for name, content in record.headers if name == "ce_time"), None)
    try:
        moment = datetime.fromisoformat((written or b"").decode())
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(time_of(record) / 1000, UTC)

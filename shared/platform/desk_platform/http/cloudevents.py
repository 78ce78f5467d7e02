"""CloudEvents as HTTP carries them, turned into what Kafka would carry: one codec reads both.

Binary and structured mode, and batches. Nothing is understood here but the outer form.
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from desk_contracts.json_values import in_utf8
from desk_contracts.message import message

from desk_platform.http.refusals import BadRequest, TooLarge, UnsupportedMediaType

# With the body's own limit this bounds what one call may cost.
MOST_EVENTS = 500
_EVENT, _BATCH = "application/cloudevents", "application/cloudevents-batch"
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_BLANKS = re.compile(r"[ \t\r\n]*")
_HOW = message("cloudevents.how")


@dataclass(frozen=True, slots=True)
class SentEvent:
    """One event in the form of a Kafka record: the value, and headers where it has some."""

    value: bytes
    headers: tuple[tuple[str, bytes], ...]


def read_sent_events(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> list[SentEvent]:
    """The events of one call, not yet read; refuses what is no form of CloudEvents."""
    given = [(name.decode("latin-1").lower(), value) for name, value in headers]
    by_name = dict(given)
    content_type = by_name.get("content-type", b"")
    kind = content_type.decode("latin-1").partition(";")[0].strip().lower()
    if kind.startswith(_BATCH):
        _must_be_json(kind, _BATCH)
        structured = (("content-type", f"{_EVENT}+json".encode()),)
        body = in_utf8(content_type.decode("latin-1"), body)
        return [SentEvent(value, structured) for value in _parts(body)]
    if kind.startswith(_EVENT):
        _must_be_json(kind, _EVENT)
        return [SentEvent(body, (("content-type", content_type),))]
    for name in by_name:
        if name.startswith("ce_"):
            header, right = name[:40], name[:40].replace("_", "-")
            why = message("cloudevents.bad-header", header=header, right=right)
            raise BadRequest(why, code="bad-header")
    attributes = tuple(
        (f"ce_{name[3:]}", attribute_of(value)) for name, value in given if name.startswith("ce-")
    )
    if not attributes:
        raise UnsupportedMediaType(message("cloudevents.none", how=_HOW))
    carried = (("content-type", content_type),) if content_type else ()
    return [SentEvent(body, (*carried, *attributes))]


def type_of(sent: SentEvent) -> str:
    """The type that an event says it has, for a better refusal; empty if nobody can tell."""
    headers = dict(sent.headers)
    if "ce_type" in headers:
        return headers["ce_type"].decode(errors="replace")
    try:
        document = json.loads(sent.value)
    except (ValueError, RecursionError):
        return ""
    type = document.get("type") if isinstance(document, dict) else None
    return type if isinstance(type, str) else ""


def _must_be_json(kind: str, family: str) -> None:
    if kind not in (family, f"{family}+json"):
        raise UnsupportedMediaType(message("cloudevents.no-json", kind=kind[:80], how=_HOW))


def attribute_of(value: bytes) -> bytes:
    """The bytes that a header's value stands for; whether they are UTF-8 is the codec's question.

    Quotes and their backslashes go first, then percent signs (section 3.1.3.2 of the binding).
    """
    value = value.strip(b" \t")
    if len(value) >= 2 and value.startswith(b'"') and value.endswith(b'"'):
        value = _ESCAPED.sub(rb"\1", value[1:-1])
    return unquote_to_bytes(value)


def _parts(body: bytes) -> list[bytes]:
    """Each event of a batch as it was written, so that one that cannot be read stands alone."""
    text = body.decode("utf-8-sig", errors="replace")
    decoder, at = json.JSONDecoder(), _skip(text, 0)
    parts: list[bytes] = []
    if text[at : at + 1] != "[":
        raise BadRequest(message("cloudevents.no-list"), code="bad-batch")
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        if parts and text[at : at + 1] != ",":
            raise BadRequest(message("cloudevents.not-parted"), code="bad-batch")
        if parts:
            at = _skip(text, at + 1)
        if len(parts) == MOST_EVENTS:
            why = message("cloudevents.too-many", most=MOST_EVENTS)
            raise TooLarge(why, code="too-many-events")
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            why = message("cloudevents.broken", index=len(parts))
            raise BadRequest(why, code="bad-batch") from error
        parts.append(text[at:end].encode())
        at = _skip(text, end)
    if _skip(text, at + 1) != len(text):
        raise BadRequest(message("cloudevents.behind-end"), code="bad-batch")
    return parts


def _skip(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at

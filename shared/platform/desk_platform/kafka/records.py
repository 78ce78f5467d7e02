"""One record as read from a topic, decoded, and what happens to records that cannot be handled."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from desk_contracts import AnyEvent, Message
from desk_contracts.digest import content_of
from desk_contracts.errors import Transient, describe_error, error_code
from desk_contracts.topics import DEAD, RETRY, dead_topic, retry_topic
from desk_kernel import Backoff

from desk_platform.store.document import Origin

# Five tries: at once, then after 1, 2, 4 and 8 seconds; a record that needs longer needs a person.
MAX_ATTEMPTS = 5
DELAYS = Backoff(timedelta(seconds=1), timedelta(minutes=1))

# The brokers take 1 MiB in all, else the one record would stop its partition for good. What is
# longer was no event; its beginning shows what it was, its origin where the whole of it is.
MAX_FAILED_BYTES = 400 * 1024
LONGEST_HEADER_BYTES, MOST_HEADERS, LONGEST_NAME = 1_024, 100, 200
# What is left of one that its own topic still finds too large: less than 16 KiB in all.
SHORT_BYTES, SHORT_HEADER_BYTES, MOST_SHORT = 4 * 1024, 250, 40

ATTEMPT, NOT_BEFORE, ORIGIN = "desk-attempt", "desk-not-before", "desk-origin"
REASON, REASON_CODE, FAILED_AT = "desk-reason", "desk-reason-code", "desk-first-failed-at"
TRUNCATED, PROJECTION, DOCUMENT = "desk-truncated-from-bytes", "desk-projection", "desk-document"
# The broker's time of the first record, in milliseconds: the copy has a later one.
ARRIVED = "desk-arrived"
# On a record of a dead-letter topic that is no dead letter: it says which ones are settled.
SETTLES = "desk-settles"
_PLACE = re.compile(rb".+/(\d{1,9})/(\d{1,18})", re.DOTALL)
_MOST_DIGITS = 9
# Milliseconds of a year that a datetime has.
_LONGEST_TIME = 14
_OURS = frozenset(
    {
        ATTEMPT,
        NOT_BEFORE,
        ORIGIN,
        REASON,
        REASON_CODE,
        FAILED_AT,
        TRUNCATED,
        PROJECTION,
        DOCUMENT,
        ARRIVED,
    }
    | {SETTLES}
)

# Who sent this copy; two copies of one event were sent by two spans.
_OF_THE_WAY = frozenset({"traceparent", "tracestate"})
_NEEDED = frozenset(
    {"content-type", "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time"}
    | {"ce_sequence", "ce_correlationid", "ce_causationid", "ce_traceparent", "ce_seal"}
)


class KafkaRecord(Protocol):
    """aiokafka's ConsumerRecord, as far as we use it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


@dataclass(slots=True, eq=False)  # not frozen: one for every record
class Received:
    """An event as it was read; `raw` is kept for retry and dead letter."""

    event: AnyEvent
    raw: KafkaRecord
    # To which making of its topic the offset belongs.
    generation: int = 0

    @property
    def identity(self) -> str:
        return self.event.identity

    @property
    def content(self) -> str:
        return content_of(self.event)

    @property
    def sequence(self) -> int | None:
        return self.event.sequence

    @property
    def origin(self) -> Origin:
        raw = self.raw
        return Origin(raw.topic, raw.partition, raw.offset, self.generation)


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that was not handled, and the error that says what happens next.

    `projection` and `document` say which one did not handle it, so that nobody else gets it again.
    """

    raw: KafkaRecord
    error: Exception
    projection: str = ""
    document: str = ""

    @property
    def about(self) -> str:
        """Whose trouble it is: the document's, or that of whatever has the record's key."""
        return self.document or (self.raw.key or b"").decode(errors="replace")


def reroute(failure: Failure, group: str, now: datetime, prefix: str = "") -> Message:
    """The failed record as a message for the group's retry topic, or its dead-letter topic.

    Invalid input and bugs are dead at once, transient trouble is tried `MAX_ATTEMPTS` times.
    """
    raw, error, before = failure.raw, failure.error, our_headers(failure.raw)
    attempts = attempts_of(raw)
    topic, extra = raw.topic.removeprefix(prefix), dict[str, bytes]()
    # What a record of a retry topic says of its origin may be missing or forged: its topic counts.
    is_retry = topic.endswith(RETRY)
    if isinstance(error, Transient) and attempts < MAX_ATTEMPTS:
        target = topic if is_retry else retry_topic(topic, group)
        extra[NOT_BEFORE] = (now + DELAYS.after(attempts)).isoformat().encode()
    else:
        target = topic.removesuffix(RETRY) + DEAD if is_retry else dead_topic(topic, group)
    ours = {
        ATTEMPT: str(attempts + 1 if target.endswith(RETRY) else attempts).encode(),
        ORIGIN: before.get(ORIGIN, _place(raw).encode()),
        REASON: describe_error(error).encode(errors="replace"),
        REASON_CODE: error_code(error).encode(),
        ARRIVED: before.get(ARRIVED, _arrival_of(raw)),
        FAILED_AT: before.get(FAILED_AT, now.isoformat().encode()),
        PROJECTION: failure.projection.encode() or before.get(PROJECTION, b""),
        DOCUMENT: failure.document.encode() or before.get(DOCUMENT, b""),
        **extra,
    }
    value = raw.value or b""
    if len(value) > MAX_FAILED_BYTES:
        value, ours[TRUNCATED] = value[:MAX_FAILED_BYTES], str(len(value)).encode()
    foreign = _foreign_headers(raw)
    most = MOST_HEADERS - len(_OURS)
    if len(foreign) > most:
        # Those first without which it is no event.
        foreign.sort(key=lambda header: header[0].lower() not in _NEEDED)
    kept = [*foreign[:most], *((name, text) for name, text in ours.items() if text)]
    headers = tuple((name[:LONGEST_NAME], text[:LONGEST_HEADER_BYTES]) for name, text in kept)
    return Message(target, (raw.key or b"")[:MAX_FAILED_BYTES], value, headers)


def _foreign_headers(raw: KafkaRecord) -> list[tuple[str, bytes]]:
    """What the record had of others."""
    return [(name, text) for name, text in raw.headers if text is not None and name not in _OURS]


def time_of(raw: KafkaRecord) -> int:
    """The record's time by the broker or its producer, in milliseconds; 0 if it has none."""
    return getattr(raw, "timestamp", None) or 0


def find_arrival(raw: KafkaRecord) -> datetime | None:
    """When the record came into the log, the first time; None if nothing says so."""
    noted = our_headers(raw).get(ARRIVED, b"")
    is_noted = noted.isdigit() and len(noted) < _LONGEST_TIME
    at = int(noted) if is_noted else time_of(raw)
    return datetime.fromtimestamp(at / 1000, UTC) if 0 < at < 10**_LONGEST_TIME else None


def _arrival_of(raw: KafkaRecord) -> bytes:
    at = time_of(raw)
    return str(at).encode() if at > 0 else b""


def shorten(message: Message) -> Message:
    """A failed record that its side topic would not take: what it was and why it failed, and of its
    content only the beginning."""
    headers = [(name, text[:SHORT_HEADER_BYTES]) for name, text in message.headers[-MOST_SHORT:]]
    if all(name != TRUNCATED for name, _ in message.headers):
        headers.append((TRUNCATED, str(len(message.value)).encode()))
    key, value = message.key[:LONGEST_HEADER_BYTES], message.value[:SHORT_BYTES]
    return Message(message.topic, key, value, tuple(headers))


@dataclass(slots=True)  # not frozen, like aiokafka's own
class _BufferedRecord:
    """A record that was kept in a document, as it was read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def buffer_record(raw: KafkaRecord) -> Message:
    """The record as a document keeps it while one before it is missing; says where it was read."""
    ours = our_headers(raw)
    kept = _foreign_headers(raw)
    kept += [(name, text) for name, text in ours.items() if name not in (ORIGIN, ARRIVED)]
    kept.append((ORIGIN, ours.get(ORIGIN, _place(raw).encode())))
    kept.append((ARRIVED, ours.get(ARRIVED, _arrival_of(raw))))
    return Message(raw.topic, raw.key or b"", raw.value or b"", tuple(kept))


def restore_record(buffered: Message) -> KafkaRecord:
    """What `buffer_record` was made from, near enough to be rerouted."""
    place = _PLACE.fullmatch(dict(buffered.headers)[ORIGIN])
    partition, offset = (int(place[1]), int(place[2])) if place else (0, 0)
    return _BufferedRecord(
        buffered.topic, partition, offset, buffered.key, buffered.value, buffered.headers
    )


def is_same(message: Message, other: Message) -> bool:
    """True for two copies of one event, wherever they were read."""
    return message.value == other.value and _outside(message) == _outside(other)


def attempts_of(raw: KafkaRecord) -> int:
    """How many times the record has been tried, this time included."""
    text = our_headers(raw).get(ATTEMPT, b"")
    return int(text) if text.isdigit() and len(text) < _MOST_DIGITS else 1


def read_target(raw: KafkaRecord) -> tuple[str, str]:
    """The projection and the document that a rerouted record is for; empty for all."""
    ours = our_headers(raw)
    return tuple(ours.get(name, b"").decode(errors="replace") for name in (PROJECTION, DOCUMENT))  # type: ignore[return-value]


def not_before(raw: KafkaRecord) -> datetime | None:
    """When a record of a retry topic may be tried again; none if it does not say so readably."""
    text = our_headers(raw).get(NOT_BEFORE)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.decode(errors="replace"))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def our_headers(raw: KafkaRecord) -> dict[str, bytes]:
    """Our own headers; on any topic but our side topics they are somebody else's."""
    if not raw.topic.endswith((RETRY, DEAD)):
        return {}
    return {name: text for name, text in raw.headers if name in _OURS and text is not None}


def _outside(message: Message) -> list[tuple[str, bytes]]:
    return [
        header
        for header in message.headers
        if header[0] not in _OURS and header[0] not in _OF_THE_WAY
    ]


def _place(raw: KafkaRecord) -> str:
    return f"{raw.topic}/{raw.partition}/{raw.offset}"

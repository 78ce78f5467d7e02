"""One record as read from a topic, decoded, and what happens to records that cannot be handled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from desk_shared.errors import DeskError, Transient
from desk_shared.events import AnyEvent, Message
from desk_shared.events.topics import dead_topic, retry_topic
from desk_shared.store.document import Origin

# Five tries: at once, then after 1, 2, 4 and 8 seconds; a record that needs longer needs a person.
MAX_ATTEMPTS = 5
FIRST_DELAY = timedelta(seconds=1)

ATTEMPT, NOT_BEFORE, ORIGIN = "desk-attempt", "desk-not-before", "desk-origin"
REASON, REASON_CODE, FAILED_AT = "desk-reason", "desk-reason-code", "desk-first-failed-at"
_OURS = frozenset({ATTEMPT, NOT_BEFORE, ORIGIN, REASON, REASON_CODE, FAILED_AT})


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

    @property
    def event_id(self) -> str:
        return self.event.id

    @property
    def sequence(self) -> int | None:
        return self.event.sequence

    @property
    def origin(self) -> Origin:
        return Origin(self.raw.topic, self.raw.partition, self.raw.offset)


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that was not handled, and the error that says what happens next."""

    raw: KafkaRecord
    error: Exception


def parked(failure: Failure, group: str, now: datetime, prefix: str = "") -> Message:
    """The failed record as a message for the group's retry topic, or its dead-letter topic.

    Invalid input and bugs are dead at once, transient trouble is tried `MAX_ATTEMPTS` times.
    """
    raw, error = failure.raw, failure.error
    headers = {name: text for name, text in raw.headers if text is not None}
    attempts = attempts_of(raw)
    topic = origin_topic(raw).removeprefix(prefix)
    if isinstance(error, Transient) and attempts < MAX_ATTEMPTS:
        due = now + FIRST_DELAY * 2 ** (attempts - 1)
        target, extra = retry_topic(topic, group), {NOT_BEFORE: due.isoformat()}
    else:
        target, extra = dead_topic(topic, group), {}
    first = headers.get(FAILED_AT, now.isoformat().encode()).decode()
    code = error.kind if isinstance(error, DeskError) else "bug"
    told = {
        ATTEMPT: str(attempts + 1 if extra else attempts),
        ORIGIN: headers.get(ORIGIN, _place(raw).encode()).decode(),
        REASON: str(error) if isinstance(error, DeskError) else f"{type(error).__name__}: {error}",
        REASON_CODE: code,
        FAILED_AT: first,
        **extra,
    }
    kept = [(name, text) for name, text in headers.items() if name not in _OURS]
    kept += [(name, text.encode()[:1000]) for name, text in told.items()]
    return Message(target, raw.key or b"", raw.value or b"", tuple(kept))


def message_of(raw: KafkaRecord) -> Message:
    """The record as it is, to be kept or sent on."""
    headers = tuple((name, text) for name, text in raw.headers if text is not None)
    return Message(raw.topic, raw.key or b"", raw.value or b"", headers)


def attempts_of(raw: KafkaRecord) -> int:
    """How many times the record has been tried, this time included."""
    text = dict(raw.headers).get(ATTEMPT)
    return int(text) if text and text.isdigit() else 1


def not_before(raw: KafkaRecord) -> datetime | None:
    """When a record of a retry topic may be tried again."""
    text = dict(raw.headers).get(NOT_BEFORE)
    return None if text is None else datetime.fromisoformat(text.decode())


def origin_topic(raw: KafkaRecord) -> str:
    """The topic that the record was first read from, however often it was parked since."""
    text = dict(raw.headers).get(ORIGIN)
    return raw.topic if text is None else text.decode().rsplit("/", 2)[0]


def _place(raw: KafkaRecord) -> str:
    return f"{raw.topic}/{raw.partition}/{raw.offset}"

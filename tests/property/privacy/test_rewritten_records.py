"""Whatever event is rewritten, its readers read it still, and nobody stands in it any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from desk_contracts import AnyEvent, Codec, Payload
from desk_contracts.catalogue import PAYLOADS
from desk_contracts.redaction import Erasure, Redactor, hash_person
from desk_contracts.topics import OPEN_TOPICS
from desk_platform.erasure.records import forget, rewrite_record
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.payloads import events

CODEC = Codec()
KEY, IVY = b"0123456789abcdef0123456789abcdef", "ivy@corp.example"
# What outside systems write is cut, never written again.
INSIDE = [payload for payload in PAYLOADS.values() if payload.TOPIC not in OPEN_TOPICS]


@dataclass
class Record:
    """An event as the brokers give it."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    partition: int = 0
    offset: int = 0


@pytest.mark.parametrize("payload", INSIDE, ids=lambda payload: payload.TYPE)
@settings(max_examples=25)
@given(data=st.data())
def test_an_event_of_an_erased_ticket_is_read_still(
    payload: type[Payload], data: st.DataObject
) -> None:
    event: AnyEvent = data.draw(events(payload))
    message = CODEC.encode(event)
    record = Record(message.topic, message.key, message.value, message.headers)
    erasure = Erasure(
        "e-1", datetime(9999, 1, 1, tzinfo=UTC), hash_person(KEY, IVY), "nobody",
        frozenset({event.subject}),
    )  # fmt: skip
    after = rewrite_record(Redactor(KEY, [erasure]), record)
    read = CODEC.decode(after.key, after.value, after.headers)
    assert (read.id, read.subject, read.time, read.sequence) == (
        event.id, event.subject, event.time, event.sequence,
    )  # fmt: skip
    assert type(read.data) is payload
    # A reader that does not wait for the log to be rewritten sees the same.
    assert forget(Redactor(KEY, [erasure]), event).data == read.data
    again = Record(message.topic, after.key, after.value, list(after.headers))
    assert rewrite_record(Redactor(KEY, [erasure]), again) == after

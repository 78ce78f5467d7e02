"""The longest that an outsider can say gives only messages that the bus takes, whatever follows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from desk_charter import load_charter
from desk_contracts import AnyEvent
from desk_contracts.amendments import MOST_BYTES
from desk_contracts.names import CHANGES, REQUESTS, TELEMETRY
from desk_contracts.topics import MAX_EVENT_BYTES, MAX_OPEN_BYTES
from desk_platform.clock import FakeClock
from desk_platform.kafka.deserializer import RecordDecoder
from desk_testing.processes import CHARTER

from tests.support.intake_world import make_desk
from tests.support.longest import SIGNS, check
from tests.support.triage_desk import MONDAY, TriageDesk

REPEATS = 12


@dataclass
class Record:
    """A record as Kafka gives it."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    timestamp: int
    partition: int = 0
    offset: int = 0


def longest(sign: str) -> dict[str, tuple[str, dict[str, object]]]:
    """Of each open type the topic and data in which everything is as long as can be sent."""
    text = sign * (MAX_OPEN_BYTES // 12 // len(json.dumps(sign, ensure_ascii=False).encode()))
    many = {f"{number}{sign * 400}": sign * 2_000 for number in range(6)}
    common = {"service": "vpn", "site": text[:3_000], "attributes": many}
    alert: dict[str, object] = {
        "subject_kind": "service",
        "name": text[:3_000],
        "fingerprint": text[:3_000],
        **common,
    }
    measured = {"name": "disk.free.percent", "value": 1, "person": text[:300], **common}
    moment = MONDAY + timedelta(hours=1)
    plan = {"starts": MONDAY.isoformat(), "ends": moment.isoformat(), "sites": [text[:999]] * 30}
    change: dict[str, object] = {"change": text[:3_000], "kind": "release", "title": text[:3_000]}
    return {
        "desk.ticket.requested.v1": (
            REQUESTS,
            {"requester": "a" * 320, "title": text, "description": text, "device": text, **common},
        ),
        "desk.telemetry.measured.v1": (TELEMETRY, {"subject_kind": "device", **measured}),
        "desk.telemetry.observed.v1": (
            TELEMETRY,
            {"subject_kind": "device", "name": text[:3_000], "text": text, **common},
        ),
        "desk.alert.fired.v1": (TELEMETRY, {**alert, "severity": "critical", "summary": text}),
        "desk.alert.resolved.v1": (TELEMETRY, alert),
        "desk.change.planned.v1": (CHANGES, {**change, **plan}),
        "desk.change.started.v1": (CHANGES, change),
        "desk.change.finished.v1": (CHANGES, {**change, "succeeded": False}),
    }


def events_of(sign: str) -> list[AnyEvent]:
    """Each of them several times from several sources, with the longest envelope."""
    door = RecordDecoder(clock=FakeClock(MONDAY + timedelta(days=1)))
    return [
        door.read(record(type, topic, data, number, sign))
        for number in range(REPEATS)
        for type, (topic, data) in longest(sign).items()
    ]


def record(type: str, topic: str, data: dict[str, object], number: int, sign: str) -> Record:
    moment = MONDAY + timedelta(minutes=number)
    letter = "a" if sign == "\x01" else sign
    subject = "vpn" if topic == CHANGES else letter * (1_020 // len(letter.encode()))
    long = f"{number:03}{type}{letter * (470 // len(letter.encode()))}"
    attributes = {"id": long, "source": long, "correlationid": long, "causationid": long}
    headers: list[tuple[str, bytes | None]] = [
        *((f"ce_{name}", text.encode()) for name, text in attributes.items()),
        ("ce_specversion", b"1.0"),
        ("ce_type", type.encode()),
        ("ce_time", moment.isoformat().encode()),
        ("ce_traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ]
    value = json.dumps(data, ensure_ascii=False).encode()
    assert MAX_EVENT_BYTES / 20 < len(value) <= MAX_OPEN_BYTES
    return Record(topic, subject.encode(), value, headers, int(moment.timestamp() * 1000))


@pytest.mark.parametrize("sign", SIGNS)
async def test_what_follows_from_the_longest_inputs_stays_under_the_limit(sign: str) -> None:
    events = events_of(sign)
    assert all(len(item.data.model_dump_json().encode()) <= MOST_BYTES for item in events)
    intake = make_desk(load_charter(CHARTER))
    requests = [item for item in events if item.topic == REQUESTS]
    await intake.hear_events(*requests)
    assert check(intake.publisher.messages) >= REPEATS

    triage = TriageDesk(clock=FakeClock(datetime(2026, 3, 2, tzinfo=UTC)))
    for event in [*intake.publisher.events(), *events]:
        if event.topic != REQUESTS:
            await triage.feed(event)
    assert check(triage.publisher.messages) > REPEATS

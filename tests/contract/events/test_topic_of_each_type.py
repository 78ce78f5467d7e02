"""An event is believed on its own topic only: every type of the catalogue on every topic."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from desk_contracts import AnyEvent, Codec
from desk_contracts.catalogue import PAYLOADS
from desk_contracts.errors import Invalid
from desk_contracts.event_parser import is_open
from desk_contracts.topics import all_topics, dead_topic, retry_topic
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.records import ARRIVED, ORIGIN

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.json"))
TEAMS = ("network", "workplace")
TOPICS = [topic.name for topic in all_topics(TEAMS) if not topic.name.endswith((".retry", ".dead"))]
STRUCTURED = (("content-type", b"application/cloudevents+json"),)
PREFIX = "x-"
DOOR = RecordDecoder(prefix=PREFIX)
Headers = tuple[tuple[str, bytes | None], ...]


@dataclass
class Record:
    """A record as Kafka gives it."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    timestamp: int = 1_795_600_000_000
    timestamp_type: int = 1
    partition: int = 0
    offset: int = 0


def examples() -> list[AnyEvent]:
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in EXAMPLES]
    return [
        Codec().decode(document["subject"].encode(), json.dumps(document).encode(), STRUCTURED)
        for document in documents
    ]


EVENTS = examples()


def copies(event: AnyEvent, topic: str) -> list[Record]:
    """The event on a topic in binary mode and in structured mode."""
    message = Codec().encode(event)
    headers: Headers = message.headers
    attributes = {name[3:]: text.decode() for name, text in message.headers if name[:3] == "ce_"}
    whole = json.dumps({**attributes, "data": json.loads(message.value)}).encode()
    name = PREFIX + topic
    return [
        Record(name, message.key, message.value, headers),
        Record(name, message.key, whole, STRUCTURED),
    ]


def code_of(record: Record) -> str:
    """Why a record is refused; empty if it is read."""
    try:
        DOOR.read(record)
    except Invalid as error:
        return error.kind
    return ""


def test_there_is_an_example_of_every_type() -> None:
    assert {event.type for event in EVENTS} == PAYLOADS.keys()


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_carries_its_own_events_and_no_others(topic: str) -> None:
    for event in EVENTS:
        expected = "" if event.topic == topic else "wrong-topic"
        for record in copies(event, topic):
            assert code_of(record) == expected, f"{event.type} on {topic}"


@pytest.mark.parametrize("topic", TOPICS)
def test_side_topics_carry_the_events_of_their_origin_and_no_others(topic: str) -> None:
    """Whatever their headers say: a forged origin or arrival helps nobody."""
    for event in EVENTS:
        expected = "" if event.topic == topic else "wrong-topic"
        forged = ((ORIGIN, f"{PREFIX}{event.topic}/0/0".encode()), (ARRIVED, b"1"))
        for side in (retry_topic(topic, "metrics"), dead_topic(topic, "notify")):
            message = Codec().encode(event)
            headers: Headers = (*message.headers, *forged)
            record = Record(PREFIX + side, message.key, message.value, headers)
            assert code_of(record) == expected, f"{event.type} on {side}"


OPEN = [event for event in EVENTS if is_open(type(event.data))]


@pytest.mark.parametrize(
    "source",
    [
        "/desk/intake",
        "/desk",
        "/desk/",
        "desk/intake",
        "//desk/intake",
        "///desk/intake",
        "/DESK/Intake",
        "/%64esk/intake",
        "/%2564esk/triage",
        "/./desk/intake",
        "/x/../desk/intake",
        "\\desk\\intake",
        "/\uff44esk/intake",
        "/de\u200bsk/intake",
        " /desk/intake",
        "https://desk.example/desk/intake",
        "HTTPS://other.example/desk",
        "urn:desk/intake",
        "/desk?x",
        "/desk#x",
    ],
)
def test_nobody_outside_calls_itself_one_of_us(source: str) -> None:
    for event in OPEN:
        for record in copies(event._replace(source=source), event.topic):
            assert code_of(record) == "reserved-source", f"{event.type} from {source}"


@pytest.mark.parametrize(
    "source",
    [
        "/desktop/agent",
        "/monitor/desk",
        "https://desk.example/alerts",
        "https://helpdesk.example/api/desk/alerts",
        "urn:example:desk",
        "/my-desk/intake",
        "mailto:desk@other.example",
    ],
)
def test_a_source_that_only_has_the_word_in_it_is_nobody_elses(source: str) -> None:
    for event in OPEN:
        for record in copies(event._replace(source=source), event.topic):
            assert code_of(record) == ""

"""The AsyncAPI document is sound, its references lead somewhere, and it says what the bus does.

Its structure is held to `asyncapi.schema.json`, which says what it leaves out.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
from desk_contracts import Codec
from desk_contracts.catalogue import PUBLIC_PAYLOADS
from desk_contracts.names import CONTRIBUTIONS, PEOPLE
from desk_contracts.topics import (
    BY_NAME,
    PUBLIC,
    TEAM_CHANNEL,
    Topic,
    notification_topics,
    side_topics,
    team_topic,
)
from desk_docs.asyncapi import ATTRIBUTES, FAILURE_HEADERS
from desk_platform.kafka import records
from desk_platform.kafka.admin import topic_config
from ruamel.yaml import YAML

HERE = Path(__file__).parent
DOCS = Path(__file__).parents[3] / "docs"
DOCUMENT = YAML(typ="safe").load(DOCS / "asyncapi.yaml")
SCHEMA = json.loads((HERE / "asyncapi.schema.json").read_text(encoding="utf-8"))
CHANNELS, OPERATIONS = DOCUMENT["channels"], DOCUMENT["operations"]
MESSAGES = DOCUMENT["components"]["messages"]


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)


def followed(reference: str) -> object:
    """What a reference leads to: a place in the document, or a file beside it."""
    file, _, pointer = reference.partition("#")
    node: object = json.loads((DOCS / file).read_text(encoding="utf-8")) if file else DOCUMENT
    for part in unquote(pointer).split("/")[1:]:
        assert isinstance(node, dict)
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def test_its_structure_is_that_of_asyncapi() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(DOCUMENT)


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("asyncapi",), "2.6.0"),
        (("info", "version"), 1),
        (("servers", "kafka", "protocol"), "mqtt"),
        (("channels", "desk.tickets", "adress"), "desk.tickets"),
        (("channels", "desk.tickets", "bindings", "kafka", "partitions"), 0),
        (("operations", "intake.sends.desk.tickets", "action"), "publish"),
        (("operations", "intake.sends.desk.tickets", "channel"), "desk.tickets"),
        (("components", "messages", "desk.ticket.opened.v1", "summary"), ""),
    ],
)
def test_a_mistake_in_its_structure_would_be_found(place: tuple[str, ...], wrong: object) -> None:
    spoiled = json.loads(json.dumps(DOCUMENT))
    *way, last = place
    part = spoiled
    for word in way:
        part = part[word]
    part[last] = wrong
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(spoiled)


def test_every_reference_leads_somewhere() -> None:
    distinct = set(references(DOCUMENT))
    assert len(distinct) > len(PUBLIC_PAYLOADS)
    assert all(followed(reference) for reference in distinct)


@pytest.mark.parametrize("name", PUBLIC_PAYLOADS)
def test_an_event_is_a_message_of_the_one_channel_it_is_written_to(name: str) -> None:
    payload = MESSAGES[name]["payload"]["schema"]["$ref"]
    assert followed(payload) == json.loads((DOCS / f"schemas/events/{name}.json").read_text())
    homes = [
        channel
        for channel, channel_object in CHANNELS.items()
        if name in channel_object["messages"]
    ]
    topic = PUBLIC_PAYLOADS[name].TOPIC
    assert homes == [topic if topic in BY_NAME else TEAM_CHANNEL]


def test_no_message_is_of_an_event_that_is_no_more() -> None:
    assert MESSAGES.keys() == {*PUBLIC_PAYLOADS, "failedRecord"}


def test_what_a_service_writes_for_itself_is_in_no_public_document() -> None:
    assert CONTRIBUTIONS not in CHANNELS
    assert CONTRIBUTIONS not in (DOCS / "events.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("topic", PUBLIC, ids=lambda topic: topic.name)
def test_a_topic_has_its_writer_and_its_readers(topic: Topic) -> None:
    roles = [
        (operation["action"], operation["tags"][0]["name"])
        for operation in OPERATIONS.values()
        if followed(operation["channel"]["$ref"]) is CHANNELS[topic.name]
    ]
    sends = [("send", writer) for writer in (topic.writer, *topic.shared_by)]
    expected = [*sends, *(("receive", reader) for reader in topic.readers)]
    # A topic without events yet has nobody who sends or receives any.
    assert roles == (expected if CHANNELS[topic.name]["messages"] else [])


def test_an_operation_carries_all_messages_of_its_channel() -> None:
    for operation in OPERATIONS.values():
        channel = CHANNELS[unquote(operation["channel"]["$ref"]).removeprefix("#/channels/")]
        carried = [followed(message["$ref"]) for message in operation["messages"]]
        assert carried == list(channel["messages"].values())


@pytest.mark.parametrize(
    ("channel", "topic"),
    [
        *((topic.name, topic) for topic in PUBLIC),
        (TEAM_CHANNEL, notification_topics(["network"])[0]),
        ("retry", side_topics(PUBLIC[0])[0]),
        ("dead", side_topics(PUBLIC[0])[1]),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_channel_is_bound_to_the_topic_as_it_is_created(channel: str, topic: Topic) -> None:
    binding = CHANNELS[channel]["bindings"]["kafka"]
    configured = {
        word: ",".join(value) if isinstance(value, list) else str(value)
        for word, value in binding["topicConfiguration"].items()
    }
    created = topic_config(topic, replicas=1)
    assert configured.items() <= created.items()
    # AsyncAPI's binding has no word for these.
    untold = {"message.timestamp.type"} | ({"segment.ms"} if topic.compacted else set())
    assert created.keys() - configured.keys() == untold
    assert binding["partitions"] == topic.partitions


def test_addresses_are_those_of_real_topics() -> None:
    address = {name: channel["address"] for name, channel in CHANNELS.items()}
    assert address[TEAM_CHANNEL].format(team=PEOPLE) == team_topic(PEOPLE)
    requests = PUBLIC[0]
    sides = [
        address[name].format(topic=requests.name, group="intake") for name in ("retry", "dead")
    ]
    assert sides == [topic.name for topic in side_topics(requests)]
    assert all(address[topic.name] == topic.name for topic in PUBLIC)


def test_the_headers_told_are_those_that_are_written() -> None:
    key, headers = b"one", [("content-type", b"application/cloudevents+json")]
    path = HERE / "examples" / "desk.ticket.opened.v1.json"
    whole = json.loads(path.read_text(encoding="utf-8")) | {"subject": "one", "seal": "s"}
    codec = Codec()
    message = codec.encode(codec.decode(key, json.dumps(whole).encode(), headers))
    schema = DOCUMENT["components"]["schemas"]["cloudEventHeaders"]
    written = {name: text.decode() for name, text in message.headers}
    assert written.keys() == schema["properties"].keys()
    assert {name for name, _, _ in ATTRIBUTES} | {"content-type"} == written.keys()
    jsonschema.Draft202012Validator(schema).validate(written)


def test_the_headers_of_a_dead_lettered_record_are_those_of_the_bus() -> None:
    ours = {value for value in vars(records).values() if str(value).startswith("desk-")}
    assert {name for name, _ in FAILURE_HEADERS} == ours
    assert MESSAGES["failedRecord"]["headers"]["properties"].keys() == ours

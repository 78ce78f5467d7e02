"""What was released stays readable: schemas, example events, and the topic of each event.

`released/` holds what readers rely on. It is only changed by `python -m scripts.schemas release`,
which refuses a break; a retired version keeps its files and has an upcaster.
"""

import json
from pathlib import Path

import jsonschema
import pytest
from desk_contracts import AnyEvent, Codec
from desk_contracts.amendments import STAND_INS
from desk_contracts.catalogue import PAYLOADS, UPCASTERS
from desk_contracts.errors import Invalid
from desk_contracts.event_parser import is_open
from desk_docs.asyncapi import topics_of
from desk_docs.compatibility import breaks
from desk_docs.schemas import event_schemas

from scripts.schemas import release

HERE = Path(__file__).parent
RELEASED = {path.stem: path for path in sorted((HERE / "released").glob("*.json"))}
EXAMPLES = {path.stem: path for path in sorted((HERE / "examples").glob("*.json"))}
STRUCTURED = [("content-type", b"application/cloudevents+json")]
CODEC = Codec()
TODAY = event_schemas()
# What an outsider may leave out though it is required: a plain text or the usual choice stands in.
UNDERSTOOD_WITHOUT = {*STAND_INS, "severity", "kind"}


def parsed(path: Path) -> dict[str, object]:
    document = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def read(example: dict[str, object]) -> AnyEvent:
    key = str(example["subject"]).encode()
    return CODEC.decode(key, json.dumps(example).encode(), STRUCTURED)


def test_every_event_has_a_released_schema_and_an_example() -> None:
    mend = "add an example, then run `python -m scripts.schemas release`; commit both"
    assert not PAYLOADS.keys() - RELEASED.keys(), mend
    assert not PAYLOADS.keys() - EXAMPLES.keys(), mend
    assert EXAMPLES.keys() == RELEASED.keys()


@pytest.mark.parametrize("name", RELEASED)
def test_what_was_released_can_still_be_read(name: str) -> None:
    if name in PAYLOADS:
        assert breaks(parsed(RELEASED[name]), TODAY[name]) == []
    else:
        assert name in UPCASTERS, f"{name} was released: keep it readable by an upcaster"


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_fits_the_schema_that_was_released(name: str) -> None:
    schema = parsed(RELEASED[name])
    jsonschema.Draft202012Validator(schema).validate(parsed(EXAMPLES[name])["data"])


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_can_still_be_read(name: str) -> None:
    """Also one of a retired version: it comes out as what its upcaster makes of it."""
    assert read(parsed(EXAMPLES[name])).type in PAYLOADS


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() & PAYLOADS.keys()))
def test_an_example_is_written_again_as_it_was(name: str) -> None:
    example = parsed(EXAMPLES[name])
    message = CODEC.encode(read(example))
    attributes = {header.removeprefix("ce_"): text.decode() for header, text in message.headers}
    attributes["datacontenttype"] = attributes.pop("content-type")
    data = json.loads(message.value)
    # Fields added since are new here, with their defaults; nothing else may differ.
    expected = example["data"]
    assert isinstance(expected, dict)
    assert {field: data[field] for field in expected} == expected
    assert attributes == {word: text for word, text in example.items() if word != "data"}
    assert message.key.decode() == example["subject"]


def test_no_event_has_moved_to_another_topic() -> None:
    topics = parsed(HERE / "released_topics.json")
    today = {name: topics_of(payload) for name, payload in PAYLOADS.items()}
    moved = {name for name, topic in topics.items() if today.get(name, topic) != topic}
    assert not moved, "their readers would miss them: keep the topic, or make a new event"
    assert not today.keys() - topics.keys(), "run `python -m scripts.schemas release`"


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() & PAYLOADS.keys()))
def test_a_reader_ignores_what_a_newer_writer_added(name: str) -> None:
    example = parsed(EXAMPLES[name])
    data = example["data"]
    assert isinstance(data, dict)
    assert read({**example, "data": {**data, "added_later": [1]}}) == read(example)


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() & PAYLOADS.keys()))
def test_a_required_field_that_is_missing_is_named(name: str) -> None:
    example = parsed(EXAMPLES[name])
    required = TODAY[name].get("required")
    data = example["data"]
    assert isinstance(required, list)
    assert isinstance(data, dict)
    for field in required:
        lacking = {word: value for word, value in data.items() if word != field}
        if is_open(PAYLOADS[name]) and field in UNDERSTOOD_WITHOUT:
            assert field in read({**example, "data": lacking}).amended
            continue
        with pytest.raises(Invalid, match=f"{name}: {field}: Field required"):
            read({**example, "data": lacking})


def test_a_release_freezes_all_schemas_of_today(tmp_path: Path) -> None:
    assert release(tmp_path / "released") == 0
    frozen = {path.stem: parsed(path) for path in (tmp_path / "released").iterdir()}
    assert frozen == TODAY
    assert parsed(tmp_path / "released_topics.json").keys() == PAYLOADS.keys()


def test_a_release_that_breaks_a_reader_is_refused_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert release(tmp_path / "released") == 0
    file = tmp_path / "released" / "desk.ticket.closed.v1.json"
    before = parsed(file)
    assert isinstance(before["properties"], dict)
    before["properties"]["mood"] = {"type": "string", "default": ""}
    file.write_text(json.dumps(before), encoding="utf-8")
    assert release(tmp_path / "released") == 1
    assert parsed(file) == before
    errors = capsys.readouterr().err
    assert errors.startswith("desk.ticket.closed.v1: mood of the event is gone")


def test_a_release_keeps_the_topic_that_was_released(tmp_path: Path) -> None:
    file = tmp_path / "released_topics.json"
    file.write_text('{"desk.ticket.closed.v1": "desk.elsewhere"}', encoding="utf-8")
    release(tmp_path / "released")
    assert parsed(file)["desk.ticket.closed.v1"] == "desk.elsewhere"

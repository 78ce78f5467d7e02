"""What is written as YAML is read back as the same data."""

import pytest
import yaml
from desk_manifests import Document, as_yaml
from hypothesis import given, settings
from hypothesis import strategies as some

SCALARS = some.one_of(
    some.text(),
    some.integers(),
    some.booleans(),
    some.none(),
    some.sampled_from(
        [
            "-1",
            "1e3",
            "0x1F",
            "yes",
            "NULL",
            "~",
            "12:30:00",
            "2026-01-01",
            "a: b",
            "\u2028",
            "\U0001f600",
        ]
    ),
)
VALUES = some.recursive(
    SCALARS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text("ab.-"), inner),
    max_leaves=8,
)


OBJECTS = some.dictionaries(some.text("abc/.", min_size=1), VALUES, min_size=1)


@settings(max_examples=50, deadline=None)
@given(some.lists(OBJECTS, max_size=3))
def test_every_yaml_reader_gets_back_what_was_written(documents: list[Document]) -> None:
    assert list(yaml.load_all(as_yaml(documents, "this test"), yaml.CSafeLoader)) == documents


@pytest.mark.parametrize("text", ["desk.requests", "kafka.strimzi.io/v1", "Read"])
def test_plain_names_are_written_without_quotes(text: str) -> None:
    assert as_yaml([{"name": text}], "this test").splitlines()[1] == f"name: {text}"


def test_the_file_says_where_it_comes_from() -> None:
    assert "Change the catalogue, not this file." in as_yaml([{"a": 1}], "the catalogue")

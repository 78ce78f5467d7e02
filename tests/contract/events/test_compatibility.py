"""The judge of changes finds every kind of break, and lets pass what breaks nobody."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import pytest
from desk_contracts.value_types import Value
from desk_docs.compatibility import breaks
from desk_docs.schemas import model_schema
from pydantic import BaseModel, Field, create_model


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class OneColour(StrEnum):
    RED = "red"


class MoreColours(StrEnum):
    RED = "red"
    BLUE = "blue"
    GREEN = "green"


class Part(Value):
    name: str
    weight: int = 1


class PartWithMore(Value):
    name: str
    weight: int = 1
    note: str = ""


class PartWithLess(Value):
    name: str


class PartWithNeed(Value):
    name: str
    weight: int = 1
    maker: str


class Choice(Value):
    name: int
    weight: int = 1


REQUIRED = ...
BEFORE: Mapping[str, tuple[object, object]] = {
    "name": (Annotated[str, Field(min_length=1, max_length=100)], REQUIRED),
    "note": (str, ""),
    "count": (int, 1),
    "colour": (Colour, Colour.RED),
    "at": (datetime | None, None),
    "parts": (tuple[Part, ...], ()),
    "part": (Part | None, None),
    "labels": (Annotated[dict[str, str], Field(max_length=50)], {}),
}


def schema(fields: Mapping[str, tuple[object, object]]) -> dict[str, object]:
    made: type[BaseModel] = create_model("Synthetic", __base__=Value, **fields)  # type: ignore[call-overload]  # fields by name
    return model_schema(made)


def without(*names: str) -> dict[str, tuple[object, object]]:
    return {name: field for name, field in BEFORE.items() if name not in names}


def refusals(after: Mapping[str, tuple[object, object]]) -> list[str]:
    return breaks(schema(BEFORE), schema(after))


HARMLESS = {
    "the same": BEFORE,
    "another order": dict(reversed(list(BEFORE.items()))),
    "a new field with a default": {**BEFORE, "site": (str, "")},
    "a new field that may be nothing": {**BEFORE, "until": (datetime | None, None)},
    "a longer list of values": {**BEFORE, "colour": (MoreColours, MoreColours.RED)},
    "a longer limit": {**BEFORE, "name": (Annotated[str, Field(max_length=200)], REQUIRED)},
    "a new field in a part": {**BEFORE, "parts": (tuple[PartWithMore, ...], ())},
    "another description": {**BEFORE, "note": (Annotated[str, Field(description="New.")], "")},
}


@pytest.mark.parametrize("after", HARMLESS.values(), ids=list(HARMLESS))
def test_what_breaks_nobody_passes(after: Mapping[str, tuple[object, object]]) -> None:
    assert refusals(after) == []


SHORTER = Annotated[str, Field(min_length=1, max_length=50)]
LONGER = Annotated[str, Field(min_length=2, max_length=100)]
FEWER = Annotated[dict[str, str], Field(max_length=10)]
BROKEN: Mapping[str, tuple[Mapping[str, tuple[object, object]], str]] = {
    "a removed field": (without("note"), "note of the event is gone"),
    "a renamed field": ({**without("note"), "remark": (str, "")}, "note of the event is gone"),
    "a retyped field": ({**BEFORE, "count": (str, "1")}, "count of the event has another type"),
    "another number": ({**BEFORE, "count": (float, 1)}, "integer before and number now"),
    "another format": ({**BEFORE, "at": (str | None, None)}, "at of the event has another format"),
    "a new required field": ({**BEFORE, "site": (str, REQUIRED)}, "site of the event is new and"),
    "a field made required": ({**BEFORE, "note": (str, REQUIRED)}, "became required"),
    "a field made optional": ({**BEFORE, "name": (BEFORE["name"][0], "x")}, "became optional"),
    "a field that may be nothing now": (
        {**BEFORE, "note": (str | None, "")},
        "note of the event has another choice of types",
    ),
    "a field that may not be nothing now": (
        {**BEFORE, "part": (Part, Part(name="x"))},
        "part of the event has another choice of types",
    ),
    "a narrowed list of values": (
        {**BEFORE, "colour": (OneColour, OneColour.RED)},
        "colour of the event has lost the value 'blue'",
    ),
    "a list of values for a text": ({**BEFORE, "note": (Colour, "red")}, "became a list of values"),
    "a text for a list of values": ({**BEFORE, "colour": (str, "red")}, "was a list of values"),
    "another default": ({**BEFORE, "count": (int, 2)}, "count of the event has another default"),
    "a shorter limit": ({**BEFORE, "name": (SHORTER, REQUIRED)}, "tighter maxLength, 100 before"),
    "a longer least": ({**BEFORE, "name": (LONGER, REQUIRED)}, "tighter minLength, 1 before"),
    "a new limit": (
        {**BEFORE, "note": (Annotated[str, Field(max_length=9)], "")},
        "note of the event has a tighter maxLength, none before and 9 now",
    ),
    "a new pattern": (
        {**BEFORE, "note": (Annotated[str, Field(pattern="^a")], "")},
        "note of the event has another pattern",
    ),
    "fewer entries": ({**BEFORE, "labels": (FEWER, {})}, "tighter maxProperties"),
    "other entries": (
        {**BEFORE, "labels": (Annotated[dict[str, int], Field(max_length=50)], {})},
        "an entry of labels of the event has another type",
    ),
    "a list for an object": (
        {**BEFORE, "labels": (tuple[str, ...], ())},
        "labels of the event is something else now",
    ),
    "a field gone from a part": (
        {**BEFORE, "parts": (tuple[PartWithLess, ...], ())},
        "weight of an entry of parts of the event is gone",
    ),
    "a part that needs more": (
        {**BEFORE, "parts": (tuple[PartWithNeed, ...], ())},
        "maker of an entry of parts of the event is new and required",
    ),
    "a retyped field in a choice": (
        {**BEFORE, "part": (Choice | None, None)},
        "name of part of the event has another type",
    ),
}


@pytest.mark.parametrize(("after", "reason"), BROKEN.values(), ids=list(BROKEN))
def test_a_break_is_found_and_said(after: Mapping[str, tuple[object, object]], reason: str) -> None:
    assert any(reason in sentence for sentence in refusals(after)), refusals(after)


def test_opening_a_closed_event_is_a_break() -> None:
    opened = {**schema(BEFORE), "additionalProperties": True}
    assert breaks(schema(BEFORE), opened) == [
        "the event has another additionalProperties, False before and True now"
    ]

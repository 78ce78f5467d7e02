"""Nobody is asked for more items than were missing."""

from typing import Annotated

import pytest
from desk_contracts.mistakes import list_mistakes
from pydantic import BaseModel, Field, ValidationError


class Item(BaseModel):
    name: Annotated[str, Field(min_length=2)]


class Order(BaseModel):
    items: Annotated[tuple[Item, ...], Field(min_length=2)]


def mistakes(*names: str) -> list[tuple[tuple[int | str, ...], str]]:
    with pytest.raises(ValidationError) as refused:
        Order.model_validate({"items": [{"name": name} for name in names]})
    return [(item["loc"], item["type"]) for item in list_mistakes(refused.value.errors())]


def test_a_wrong_item_is_not_a_missing_one() -> None:
    wrong = ("items", 1, "name")
    assert mistakes("ab", "c") == [(wrong, "string_too_short")]
    assert mistakes("ab", "c", "de", "fg") == [(wrong, "string_too_short")]


def test_a_list_that_is_too_short_is_told() -> None:
    assert mistakes("ab") == [(("items",), "too_short")]
    assert mistakes() == [(("items",), "too_short")]

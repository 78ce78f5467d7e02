"""Docstrings under a model's fields are the descriptions of its schema."""

from typing import Generic, TypeVar

from desk_contracts.frozen import Frozen
from pydantic import Field

T = TypeVar("T")


class Inner(Frozen):
    number: int


class Outer(Frozen, Generic[T]):
    inner: Inner
    """Kept beside a reference,
    on two lines."""
    stated: str = Field(default="", description="Said in the field.")
    """Not this."""
    renamed: T = Field(alias="other")
    """Under its alias."""
    bare: int = 0


class Changed(Outer[int]):
    """Declares fields anew."""

    inner: Inner
    """Another one."""
    bare: int = 1
    """Has one now."""


def described(model: type[Frozen]) -> dict[str, str]:
    """Each described property of a schema."""
    properties = model.model_json_schema()["properties"]
    return {name: it["description"] for name, it in properties.items() if "description" in it}


def test_a_docstring_describes_its_field_unless_the_field_says_more() -> None:
    assert described(Outer[int]) == {
        "inner": "Kept beside a reference,\non two lines.",
        "stated": "Said in the field.",
        "other": "Under its alias.",
    }


def test_what_is_declared_last_counts() -> None:
    assert described(Changed) == {
        "inner": "Another one.",
        "stated": "Said in the field.",
        "other": "Under its alias.",
        "bare": "Has one now.",
    }

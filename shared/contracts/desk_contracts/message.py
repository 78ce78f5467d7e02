"""What the desk has to say, as a code and its parameters: no event or document holds a sentence.

A catalogue renders it at the edge, in the language of whoever reads it (`desk_contracts.messages`).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import lru_cache
from math import isfinite
from typing import Annotated, cast

from pydantic import BaseModel, Field, FiniteFloat, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from desk_contracts.value_types import Value

# What people wrote themselves (a title, the reason in a charter), which nobody translates.
WRITTEN = "text.written"


class Message(Value):
    """A statement of the desk: its code in the catalogue, and the facts that it names."""

    code: str = Field(
        pattern=r"^[a-z][a-z0-9-]*(\.[a-z0-9]+(-[a-z0-9]+)*)+$",
        max_length=100,
        description="Which message of the catalogue, for example `routing.owner-of-service`.",
    )
    params: dict[str, "Carried"] = Field(
        default_factory=dict,
        description="Its facts by name. Moments are RFC 3339 in UTC, durations are in seconds.",
    )

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """A reference of its own for each field: pydantic 2.14 writes a field's description into
        the one that it is given, and all other fields of this type would show it."""
        return cast("CoreSchema", {**handler(source)})

    def __str__(self) -> str:
        """For logs: the code and the facts."""
        facts = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code} ({facts})" if facts else self.code

    def __hash__(self) -> int:
        return hash((self.code, tuple(sorted(self.params))))


Simple = str | int | FiniteFloat | Message
# What a parameter is in an event, and what the desk's code may give for it.
Carried = Simple | tuple[Simple, ...]
Param = Simple | date | timedelta | Enum | Iterable[Simple]
Message.model_rebuild()

Explanation = Annotated[tuple[Message, ...], Field(description="Why, one statement after another.")]


def message(code: str, /, **params: Param) -> Message:
    """A message with its parameters in the form in which events carry them.

    Moments become RFC 3339 in UTC, days ISO 8601, durations seconds, choices their value.
    """
    return Message(code=code, params=plain(params)) if params else _bare(code)


@lru_cache(maxsize=1_024)
def _bare(code: str) -> Message:
    """Most of what an answer says has no parameters."""
    return Message(code=code, params={})


def plain(params: Mapping[str, Param]) -> dict[str, Carried]:
    """Parameters in the form in which events carry them."""
    return {name: _plain(value) for name, value in params.items()}


def verbatim(text: str) -> Message:
    """What a person wrote, word for word."""
    return Message(code=WRITTEN, params={"text": text})


def _plain(value: Param) -> Carried:
    match value:
        case Enum():
            return str(value.value)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case timedelta():
            seconds = value.total_seconds()
            return int(seconds) if seconds.is_integer() else seconds
        case str() | int() | float() | Message():
            # JSON has no numbers without end.
            is_endless = isinstance(value, float) and not isfinite(value)
            return str(value) if is_endless else value
    return tuple(value)

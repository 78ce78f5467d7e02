"""Small value types that several event modules share."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, PlainSerializer, TypeAdapter, WithJsonSchema

from desk_contracts.frozen import Frozen
from desk_contracts.text.characters import is_line, is_visible


def _check_visible(text: str) -> str:
    if not is_visible(text):
        raise ValueError("nothing of it can be seen")
    return text


def _check_line(text: str) -> str:
    if not is_line(text):
        raise ValueError("it has characters that end a line or turn its direction")
    return text


# One line by its nature. Of what outside systems send, such a field is cleaned (`amendments`).
LINE = AfterValidator(_check_line)
ShortText = Annotated[str, Field(min_length=1, max_length=300)]
# A title that an outside system writes: what shows nothing is as good as none.
VisibleText = Annotated[ShortText, AfterValidator(_check_visible)]
TitleText = Annotated[VisibleText, LINE]
LongText = Annotated[str, Field(max_length=20_000)]
Identifier = Annotated[str, Field(min_length=1, max_length=200)]


def _write_duration(span: timedelta) -> str:
    whole = abs(span)
    days, rest = whole.days, whole - timedelta(days=whole.days)
    time: str = _TIME.dump_python(rest, mode="json").removeprefix("P")
    date = f"{days}D" if days else ""
    return f"{'-' if span < _NONE else ''}P{date}{time if rest or not days else ''}"


_NONE, _TIME = timedelta(), TypeAdapter(timedelta)
# ISO 8601, in days at most: years and months are not equally long, and few readers take them.
Duration = Annotated[
    timedelta,
    PlainSerializer(_write_duration, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "duration"}),
]


class Value(Frozen):
    """A frozen part of a payload."""


class Level(StrEnum):
    """ITIL impact and urgency; `high` means many people, or work has stopped."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Priority(StrEnum):
    """ITIL priority from impact and urgency: P1 is worst."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class Severity(StrEnum):
    """How bad a signal or an alert is."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """The worse, the higher."""
        return -list(Severity).index(self)


class SubjectKind(StrEnum):
    """What telemetry and signals talk about; a fleet is many devices that share no service."""

    DEVICE = "device"
    SERVICE = "service"
    FLEET = "fleet"

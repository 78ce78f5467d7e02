"""What starts a runbook: one event, or a pattern of events of one subject over time.

All times are the events' own. What the CEL in them means is checked by automation.
"""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import (
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from desk_charter.value_types import CharterModel, Duration, read_duration

# Text of the Common Expression Language; compiled and type-checked by automation at load.
Cel = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
EventType = Annotated[str, StringConstraints(pattern=r"^desk\.[a-z.-]+\.v\d+$")]
# Where something stands in `when`.
Place = tuple[str | int, ...]
RAISED = "desk.signal.raised.v1"
LONGEST, LONGEST_LATENESS = timedelta(days=7), timedelta(minutes=10)
MOST = 500


class _Short(CharterModel):
    """May be written as its one CEL alone."""

    @classmethod
    def _read_text(cls, data: object, name: str) -> object:
        return {name: data} if isinstance(data, str) else data

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        fields = handler.resolve_ref_schema(handler(core_schema))
        text = {"type": "string", "minLength": 1, "maxLength": 4000}
        description = fields.get("description", "")
        return {"anyOf": [text, {**fields}], "description": description}


class Part(_Short):
    """Events of one type for which a condition holds; CEL alone is over signals that are raised."""

    event: EventType = Field(default=RAISED, description="Type of the events, one on desk.signals.")
    where: Cel = Field(description="CEL over `event` and `data` that must be true.")

    @model_validator(mode="before")
    @classmethod
    def read_text(cls, data: object) -> object:
        """CEL alone is the condition."""
        return cls._read_text(data, "where")


def _check_time(name: str, time: timedelta) -> None:
    if not timedelta() < time <= LONGEST:
        raise ValueError(f"'{name}' is a time from 1ms to 7d; write for example 10m")


class _Within(CharterModel):
    within: Duration = Field(description="In which time, at most 7d.")

    @model_validator(mode="after")
    def takes_time(self) -> Self:
        """A window has a length, and an end."""
        _check_time("within", self.within)
        return self


class Count(_Within):
    """Many events in a time."""

    of: Part = Field(description="Which events; the last one starts the run.")
    at_least: int = Field(ge=2, le=MOST, description="So many.")


class Distinct(_Within):
    """Events with many different values in a time."""

    of: Part = Field(description="Which events; the last one starts the run.")
    value: str = Field(
        min_length=1, max_length=200, description="`data.…` or `event.…`: what must differ."
    )
    at_least: int = Field(ge=2, le=MOST, description="So many different values.")


class Sequence(_Within):
    """Events one after the other, from the first to the last in a time."""

    parts: tuple[Part, ...] = Field(
        min_length=2, max_length=8, description="In this order; the last one starts the run."
    )


class Absent(_Within):
    """An event that is not followed by another in a time."""

    after: Part = Field(description="What begins the wait, and starts the run if it ends in vain.")
    no: Part = Field(description="What would have to come.")


class Held(CharterModel):
    """Trouble that lasts: seen, and for a time neither cleared nor contradicted."""

    of: Part = Field(description="What begins it, and starts the run.")
    duration: Duration = Field(alias="for", description="How long it must last, at most 7d.")
    until: Part | None = Field(
        default=None,
        description="What contradicts it, beside the end of the very signal, and that nobody "
        "watches it any more.",
    )

    @model_validator(mode="after")
    def takes_time(self) -> Self:
        """What lasts has a length."""
        _check_time("for", self.duration)
        return self


class Flap(_Within):
    """A subject that changes its state so often is flapping, and starts nothing."""

    changes: int = Field(
        ge=2, le=MOST, description="So many times from well to trouble, or back, are flapping."
    )


Pattern = Count | Distinct | Sequence | Absent | Held
_KINDS = ("once", "count", "distinct", "sequence", "absent", "held")


class When(_Short):
    """CEL over `event` (id, type, source, subject, time) and `data` for one event, or a pattern of
    events of one subject over time."""

    once: Cel | None = Field(
        default=None, description="One event is enough: the same as CEL alone."
    )
    count: Count | None = Field(default=None, description="At least N events in a time.")
    distinct: Distinct | None = Field(default=None, description="At least N different values.")
    sequence: Sequence | None = Field(default=None, description="One after the other.")
    absent: Absent | None = Field(default=None, description="One, and then not the other.")
    held: Held | None = Field(default=None, description="Trouble that lasts.")
    lateness: Duration = Field(
        default=read_duration("3s"),
        description="So much later than others of its time an event may arrive; what is later is "
        "left out, and counted.",
    )
    quiet: Duration = Field(
        default=timedelta(), description="So long after a match there is no other of the subject."
    )
    flap: Flap | None = Field(default=None, description="When a subject is flapping.")

    @model_validator(mode="before")
    @classmethod
    def read_text(cls, data: object) -> object:
        """CEL alone is the condition of one event."""
        return cls._read_text(data, "once")

    @model_validator(mode="after")
    def is_one_pattern(self) -> Self:
        """Exactly one kind; what belongs to patterns stands beside a pattern only."""
        given = [name for name in _KINDS if getattr(self, name) is not None]
        if len(given) != 1:
            names = ", ".join(f"'{name}'" for name in _KINDS)
            raise ValueError(f"write exactly one of {names}")
        if self.once is not None and (extra := self.model_fields_set - {"once"}):
            raise ValueError(f"'{min(extra)}' belongs to a pattern; one event has no window")
        if not timedelta() <= self.lateness <= LONGEST_LATENESS:
            raise ValueError("'lateness' is at most 10m; later events would hold up all others")
        if self.quiet > LONGEST:
            raise ValueError("'quiet' is at most 7d")
        return self

    @model_serializer(mode="wrap")
    def write_text(self, handler: SerializerFunctionWrapHandler) -> object:
        """As it is written most often."""
        return handler(self) if self.once is None else self.once

    @property
    def parts(self) -> dict[Place, Part]:
        """What a pattern asks of single events, each with its place in the file, in order."""
        match self.pattern:
            case Count(of=of):
                return {("count", "of"): of}
            case Distinct(of=of):
                return {("distinct", "of"): of}
            case Sequence(parts=steps):
                return {("sequence", "parts", at): part for at, part in enumerate(steps)}
            case Absent(after=after, no=no):
                return {("absent", "after"): after, ("absent", "no"): no}
            case Held(of=of, until=until):
                parts: dict[Place, Part] = {("held", "of"): of}
                return parts if until is None else {**parts, ("held", "until"): until}
            case None:
                return {}

    @property
    def starting(self) -> int:
        """The place of the part whose event starts the run."""
        return 0 if self.sequence is None else len(self.sequence.parts) - 1

    @property
    def conditions(self) -> dict[Place, Cel]:
        """All CEL in it, each with its place in the file; of one event at no place of its own."""
        if self.once is not None:
            return {(): self.once}
        return {place: part.where for place, part in self.parts.items()}

    @property
    def starting_condition(self) -> Cel:
        """What holds of the event that starts the run."""
        return [*self.conditions.values()][self.starting]

    @property
    def pattern(self) -> Pattern | None:
        """The pattern over time; None where one event is enough."""
        return self.count or self.distinct or self.sequence or self.absent or self.held

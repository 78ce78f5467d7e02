"""What a scenario says: targets and how they answer, the events that come in, what must come out.

Pure. Durations count from the scenario's beginning.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal, Self

from desk_charter.runbook_brakes import Mode
from desk_charter.value_types import CharterModel, DottedName, Duration, Sentence, Slug, Title
from desk_contracts.events.automation import Outcome
from desk_contracts.events.signals import SignalRaised
from pydantic import Field, JsonValue, model_validator

# Why nothing may be healed. One word for each way in which an automatic repair does harm.
Danger = Literal[
    "wrong-cause", "fleet-wide", "flapping", "stale-data", "no-consent", "quiet-window",
    "limit", "unsafe-repeat", "no-effect",
]  # fmt: skip
ALL = "*"
_DAY_ONE = datetime.fromisoformat("2026-03-02T09:00:00+00:00")


class Response(CharterModel):
    """What a target answers to one call, and whether the call had its effect.

    Without a `status` no answer comes; `is_sent: false` is a target that is not there at all.
    """

    status: int | None = Field(default=200, ge=100, le=599, description="HTTP's, or a like one.")
    body: JsonValue = Field(default=None, description="What `response.body` is.")
    effect: bool = Field(default=True, description="Whether an act changed the target.")
    sent: bool = Field(default=True, description="Whether a byte of the call left.")


WORDS: Mapping[str, Response] = {
    "done": Response(),
    "no-effect": Response(effect=False),
    "no-answer": Response(status=None),
    "no-answer-no-effect": Response(status=None, effect=False),
    "no-connection": Response(status=None, effect=False, sent=False),
    "busy": Response(status=429, effect=False),
    "refused": Response(status=403, effect=False),
    "error": Response(status=500, effect=False),
}
Word = Literal[
    "done", "no-effect", "no-answer", "no-answer-no-effect", "no-connection", "busy", "refused",
    "error",
]  # fmt: skip


class Gauge(CharterModel):
    """A measurement that the target sends again and again."""

    before: float = Field(description="Its value until an act had its effect.")
    after: float | None = Field(
        default=None, description="Its value since then; without one nothing is sent any more."
    )
    every: Duration = Field(default=timedelta(minutes=1), description="How often it is sent.")


class SimulatedTarget(CharterModel):
    """A device, server, account or workload that pretends."""

    name: str = Field(min_length=1, max_length=100, description="The subject of its events.")
    count: int = Field(
        default=1, ge=1, le=500, description="So many like it, named name-001, name-002 and so on."
    )
    answers: dict[str, tuple[Word | Response, ...]] = Field(
        default={},
        description="Answers by step, guard or `step/confirm`, in order; the last one stays.",
    )
    measures: dict[DottedName, Gauge] = Field(default={}, description="What it sends by itself.")

    def names(self) -> Iterator[str]:
        """Its name, or those of all like it."""
        if self.count == 1:
            yield self.name
        else:
            yield from (f"{self.name}-{number:03d}" for number in range(1, self.count + 1))


class ScriptedEvent(CharterModel):
    """Trouble is seen (`raise`), is over (`clear`), something is measured, or a person decides."""

    at: Duration = Field(default=timedelta(), description="When it arrives.")
    raised: Slug | None = Field(default=None, alias="raise", description="Symptom that is seen.")
    clear: Slug | None = Field(default=None, description="Symptom that is over.")
    measure: DottedName | None = Field(default=None, description="What is measured once.")
    vote: Literal["approve", "decline"] | None = Field(
        default=None, description="A person answers the run that waits for it."
    )
    promote: Mode | None = Field(
        default=None, description="A person lets the runbook act in this mode; it may be refused."
    )
    subject: str = Field(default=ALL, description="Whose event it is; `*` stands for every target.")
    value: float = Field(default=0.0, description="The measured value.")
    age: Duration = Field(
        default=timedelta(), description="So long before its arrival it took place."
    )
    apart: Duration = Field(
        default=timedelta(), description="With `*`: so long after the target before."
    )
    episode: str = Field(
        default="1", max_length=50, description="A symptom that comes back is a new episode."
    )
    data: dict[str, JsonValue] = Field(default={}, description="Further fields of a signal.")

    @model_validator(mode="after")
    def is_one_event(self) -> Self:
        """Exactly one kind, and only fields that signals have."""
        kinds = (self.raised, self.clear, self.measure, self.vote, self.promote)
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("write exactly one of 'raise', 'clear', 'measure', 'vote', 'promote'")
        if unknown := sorted(self.data.keys() - SignalRaised.model_fields.keys()):
            fields = ", ".join(sorted(SignalRaised.model_fields))
            raise ValueError(f"a signal has no field '{unknown[0]}'; it has {fields}")
        return self


class Expected(CharterModel):
    """What must come of it. What is left out is not looked at, but `acts` and `healed`."""

    events: tuple[str, ...] | None = Field(
        default=None,
        description="All events of runs but steps, in order: started, healed, escalated, skipped.",
    )
    counts: dict[str, int] = Field(
        default={},
        description="How many of such an event there are; of others than runs' with their kind:"
        " runbook.stopped.",
    )
    acts: int | None = Field(default=None, ge=0, description="Effects on targets, in all.")
    acts_at_most: int | None = Field(default=None, ge=0, description="The same as a bound.")
    reason: str = Field(
        default="", description="Code of the message that says why, e.g. run.stale; any event's."
    )
    outcome: Outcome | None = Field(
        default=None, description="Outcome of the escalation, e.g. in_doubt."
    )

    @model_validator(mode="after")
    def says_something(self) -> Self:
        """An expectation that nothing could break proves nothing."""
        if self.events is None and not (self.counts or self.reason or self.outcome):
            raise ValueError("write at least one of 'events', 'counts', 'reason' and 'outcome'")
        return self


class Twin(CharterModel):
    """The same trouble with one thing changed: healing would do harm and must not happen."""

    danger: Danger = Field(description="Why nothing may be healed.")
    title: Title = Field(description="What is different.")
    targets: tuple[SimulatedTarget, ...] | None = Field(default=None, description="In their place.")
    events: tuple[ScriptedEvent, ...] | None = Field(default=None, description="In their place.")
    expect: Expected = Field(description="What must come of it.")


class Scenario(CharterModel):
    """One fault, what the desk makes of it, and the twin in which it must keep its hands off."""

    id: Slug = Field(description="Also the name of its file.")
    title: Title = Field(description="What it shows.")
    runbook: Slug = Field(description="The runbook that it is about.")
    fault: Sentence = Field(description="What is wrong with the targets, in words.")
    start: datetime = Field(default=_DAY_ONE, description="The virtual clock's beginning, UTC.")
    lasts: Duration = Field(default=timedelta(minutes=25), description="When the clock stops.")
    targets: tuple[SimulatedTarget, ...] = Field(min_length=1, description="Who pretends.")
    events: tuple[ScriptedEvent, ...] = Field(min_length=1, description="What comes in.")
    expect: Expected = Field(description="What must come of it.")
    twin: Twin = Field(description="When healing must not happen.")

    @model_validator(mode="after")
    def has_a_beginning(self) -> Self:
        """A moment without a zone means nothing."""
        if self.start.tzinfo is None:
            raise ValueError("'start' has no zone; write for example 2026-03-02T09:00:00Z")
        for events, targets in (
            (self.events, self.targets),
            (self.twin.events or self.events, self.twin.targets or self.targets),
        ):
            names = {name for target in targets for name in target.names()}
            for event in events:
                if event.subject != ALL and event.subject not in names:
                    raise ValueError(f"there is no target '{event.subject}'; name it in 'targets'")
        return self

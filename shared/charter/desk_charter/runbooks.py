"""Runbooks: what the desk may do by itself, to what, how often, and how it knows that it helped."""

from datetime import date, timedelta
from typing import Annotated, Literal, Self

from desk_contracts.value_types import Priority
from pydantic import Field, JsonValue, model_validator

from desk_charter.healing_limits import ScopeLimit
from desk_charter.patterns import RAISED, Cel, EventType, When
from desk_charter.request_model import Effect, Request, Template
from desk_charter.requests import ExecutorRequest, WaitRequest
from desk_charter.runbook_brakes import (
    Approval,
    Breaker,
    Consent,
    Debt,
    FleetGuard,
    HoldBack,
    Mode,
    Promotion,
    Rollout,
)
from desk_charter.value_types import (
    CalendarDate,
    CharterModel,
    DottedName,
    Duration,
    Sentence,
    Slug,
    Title,
    read_duration,
)

Risk = Literal["read", "reversible", "disruptive", "destructive"]
Overflow = Literal["queue", "coalesce", "escalate"]
InWindow = Literal["skip", "wait"]


class Match(CharterModel):
    """Which matching events start one run: each episode starts one."""

    by: tuple[str, ...] = Field(
        default=("subject",),
        min_length=1,
        description="`subject` or `data.…`: what makes one episode.",
    )


class PerTarget(CharterModel):
    """Limits for one target."""

    cooldown: Duration = Field(
        default=read_duration("1h"), description="Least time between two runs on a target."
    )
    per_day: int = Field(default=3, ge=1, description="Most runs on a target in 24 hours.")


class PerRunbook(CharterModel):
    """Limits for the runbook as a whole."""

    per_hour: int = Field(default=60, ge=1, description="Most runs in an hour.")


class Limits(CharterModel):
    """How often it may act. What exceeds a limit is never dropped in silence."""

    per_target: PerTarget = Field(default=PerTarget(), description="Limits for one target.")
    per_runbook: PerRunbook = Field(default=PerRunbook(), description="Limits for all targets.")
    per_scope: tuple[ScopeLimit, ...] = Field(
        default=(), description="Limits for a site or a service at once, also in people."
    )
    overflow: Overflow = Field(
        default="queue", description="queue: later; coalesce: into the waiting run; escalate."
    )

    @model_validator(mode="after")
    def limits_each_kind_once(self) -> Self:
        """Of two limits for the same places nobody knows which is meant."""
        kinds = [limit.by for limit in self.per_scope]
        twice = next((kind for kind in kinds if kinds.count(kind) > 1), None)
        if twice is not None:
            raise ValueError(f"'per_scope' has 'by: {twice}' twice; put both into one")
        return self


class Retry(CharterModel):
    """Exponential backoff with full jitter, for transient failures only."""

    attempts: int = Field(default=3, ge=1, le=20, description="Tries in all.")
    base: Duration = Field(default=read_duration("1s"), description="First pause.")
    cap: Duration = Field(default=read_duration("30s"), description="Longest pause.")


class _Call(CharterModel):
    """A call to a target's interface."""

    executor: Slug = Field(default="http", description="How it reaches the target.")
    request: ExecutorRequest = Field(description="What is called.")
    timeout: Duration = Field(default=read_duration("10s"), description="For one attempt.")
    retry: Retry = Field(default=Retry(), description="What happens after a transient failure.")


class Probe(_Call):
    """Only reads: asks the target and judges the answer."""

    expect: Cel = Field(
        default="response.status >= 200 && response.status < 300",
        description="CEL over response.status (of a command its exit code) and response.body "
        "that must be true.",
    )

    @model_validator(mode="after")
    def only_reads(self) -> Self:
        """A probe never changes anything."""
        if not self.request.only_reads:
            raise ValueError(f"a probe only reads, so {self.request.READS}; use an act instead")
        return self

    @model_validator(mode="after")
    def says_which_exit_code_is_well(self) -> Self:
        """What is expected by default is an HTTP status, which a command does not have."""
        if self.request.has_exit_code and "expect" not in self.model_fields_set:
            raise ValueError(
                "a command answers with its exit code; write 'expect', such as response.status == 0"
            )
        return self


class _Act(_Call):
    """A call that changes something."""

    effect: Effect = Field(
        description="What a second call would do: pure, idempotent and keyed are safe to resend; "
        "confirmable is asked with 'confirm'; once is never repeated by itself."
    )
    confirm: Probe | None = Field(
        default=None, description="Tells whether a confirmable effect took place."
    )

    @model_validator(mode="after")
    def repeats_only_what_may_be_repeated(self) -> Self:
        """The effect class decides about confirm and retry."""
        if (self.effect == "confirmable") != (self.confirm is not None):
            raise ValueError("'effect: confirmable' and 'confirm' belong together: write both")
        if self.effect == "once" and self.retry.attempts > 1 and "retry" in self.model_fields_set:
            raise ValueError("'effect: once' is never repeated; remove 'retry'")
        return self

    @property
    def attempts(self) -> int:
        """Tries in all, which for `once` is one."""
        return 1 if self.effect == "once" else self.retry.attempts


class UndoAct(_Act):
    """How a step is taken back."""


class _Conditional(CharterModel):
    """May be left out, depending on the event. What is done is known before anybody says yes."""

    condition: Cel | None = Field(
        default=None,
        alias="if",
        description="CEL over `event` and `data`; where it is false the step is left out, and where"
        " it says neither people get the run.",
    )


class ActStep(_Act, _Conditional):
    """Changes the target."""

    id: Slug = Field(description="Unique in the runbook.")
    kind: Literal["act"] = Field(description="Which step it is.")
    undo: UndoAct | None = Field(
        default=None,
        description="Takes the step back where the run certainly did not help.",
    )


class ProbeStep(Probe, _Conditional):
    """Asks the target; as a guard its failure means skipped, as a step it means failed."""

    id: Slug = Field(description="Unique in the runbook.")
    kind: Literal["probe"] = Field(default="probe", description="Which step it is.")


class WaitStep(_Conditional):
    """Waits, durably."""

    id: Slug = Field(description="Unique in the runbook.")
    kind: Literal["wait"] = Field(description="Which step it is.")
    pause: Duration = Field(alias="for", description="How long.")

    @property
    def executor(self) -> str:
        """A wait has an executor of its own."""
        return "wait"

    @property
    def request(self) -> Request:
        """What it is asked."""
        return WaitRequest(pause=self.pause)


Step = Annotated[ActStep | ProbeStep | WaitStep, Field(discriminator="kind")]


class Verify(CharterModel):
    """Whether it helped, by measurements newer than the act. No data is never health."""

    measurement: DottedName = Field(description="The measurement that must be well again.")
    condition: Cel | None = Field(default=None, description="CEL over `value` that must be true.")
    at_least: float | None = Field(default=None, description="Healed when the value is not below.")
    at_most: float | None = Field(default=None, description="Healed when the value is not above.")
    samples: int = Field(
        default=1, ge=1, le=30, description="Fresh samples in a row that must be well."
    )
    within: Duration = Field(description="Longest wait; after it the verdict is inconclusive.")
    grace: Duration = Field(
        default=timedelta(seconds=5),
        description="How late a measurement of that time may reach us and still count.",
    )

    @model_validator(mode="after")
    def has_one_condition(self) -> Self:
        """Exactly one way to judge."""
        given = [x for x in (self.condition, self.at_least, self.at_most) if x is not None]
        if len(given) != 1:
            raise ValueError("write exactly one of 'condition', 'at_least' and 'at_most'")
        return self


class Escalate(CharterModel):
    """The ticket opened for people when it did not help; the evidence is attached."""

    team: Slug | None = Field(default=None, description="Who gets it; else the owner team.")
    title: Template = Field(description="Title of the ticket.")


class Tell(CharterModel):
    """What the employee is told; what is left out is not said."""

    before: Sentence | None = Field(default=None, description="Before the first act.")
    after: Sentence | None = Field(default=None, description="After a verified cure.")
    on_failure: Sentence | None = Field(default=None, description="When it did not help.")


class Lead(CharterModel):
    """How the time is used that a forecast leaves."""

    ahead: Duration = Field(
        default=read_duration("2h"),
        description="Acts at the latest so long before the forecast moment, whatever the hour.",
    )


class TimedEvent(CharterModel):
    """One of several events of a subject."""

    at: Duration = Field(default=timedelta(), description="When, since the beginning of the test.")
    event: EventType = Field(default=RAISED, description="Its type.")
    data: dict[str, JsonValue] = Field(description="Its payload, or the part that matters.")


class RunbookTest(CharterModel):
    """An event, or for a pattern several, and what the runbook makes of it."""

    name: Title = Field(description="What it shows.")
    subject: str = Field(description="The event's subject.")
    data: dict[str, JsonValue] | None = Field(
        default=None, description="The event's payload, or the part that matters."
    )
    events: tuple[TimedEvent, ...] = Field(
        default=(), max_length=1000, description="For a pattern over time: the subject's events."
    )
    expect: Literal["run", "ignore"] = Field(description="Whether a run starts.")

    @model_validator(mode="after")
    def has_one_form(self) -> Self:
        """One event, or several with their times."""
        if (self.data is None) == (not self.events):
            raise ValueError("write 'data' for one event, or 'events' for a pattern over time")
        return self


class Runbook(CharterModel):
    """A reviewed, declarative repair."""

    id: Slug = Field(description="Stable id; also the name of its file.")
    title: Title = Field(description="What it does, for people.")
    why: Sentence = Field(description="The hypothesis: symptom, cause, and why this helps.")
    owner_team: Slug = Field(description="Who answers for it and gets what it cannot heal.")
    risk: Risk = Field(description="read, reversible, disruptive or destructive.")
    mode: Mode = Field(description="observe, suggest, approve or auto.")
    expires: CalendarDate = Field(description="Review date; after it, it only suggests.")
    event: str = Field(
        default="desk.signal.raised.v1",
        pattern=r"^desk\.[a-z.-]+\.v\d+$",
        description="Type of the events it listens to; their schema types `data`.",
    )
    when: When = Field(
        description="CEL over `event` (id, type, source, subject, time) and `data`, or a pattern "
        "of events over time."
    )
    match: Match = Field(default=Match(), description="Which of them start one run.")
    target: str = Field(
        default="subject", description="`subject` or `data.…`: what it acts on, one run at a time."
    )
    approval: Approval = Field(
        default=Approval(), description="Who says yes where the mode is approve."
    )
    consent: Consent | None = Field(
        default=None,
        description="Asks the person at the device; who asked for it themselves has consented.",
    )
    priority: Priority = Field(
        default=Priority.P3,
        description="P1 to P4: who is first where runs wait for room or for a target.",
    )
    settle: Duration = Field(
        default=read_duration("0s"), description="Wait before the first act; a clear cancels it."
    )
    lead: Lead | None = Field(
        default=None,
        description="With it, trouble that is forecast is repaired when the owner team works next.",
    )
    in_window: InWindow = Field(
        default="skip",
        description="In a maintenance or freeze window. skip: nothing is done; wait: after its end,"
        " if a measurement then shows that the trouble is still there.",
    )
    inhibited_by: tuple[Slug, ...] = Field(
        default=(),
        description="Signals that hold it back while one is open on the subject, on its service or"
        " on a service that it depends on.",
    )
    limits: Limits = Field(default=Limits(), description="How often it may act.")
    guards: tuple[ProbeStep, ...] = Field(default=(), description="Else the run is skipped.")
    steps: tuple[Step, ...] = Field(min_length=1, description="What is done, in order.")
    verify: Verify | None = Field(default=None, description="How it knows that it helped.")
    escalate: Escalate = Field(description="The ticket when it did not help.")
    tell: Tell = Field(default=Tell(), description="What the employee is told.")
    rollout: Rollout | None = Field(
        default=None, description="Rings, for runbooks that meet many targets at once."
    )
    fleet_guard: FleetGuard | None = Field(default=None, description="Many equal faults.")
    breaker: Breaker = Field(default=Breaker(), description="Cures that were none.")
    hold_back: HoldBack | None = Field(
        default=None, description="How natural recovery is measured; without it it is not known."
    )
    debt: Debt | None = Field(
        default=None, description="How often it may be needed before its owner gets a problem."
    )
    promotion: Promotion | None = Field(
        default=None, description="When people are asked to let it act in a higher mode."
    )
    tests: tuple[RunbookTest, ...] = Field(default=(), description="Checked examples.")

    @model_validator(mode="after")
    def verifies_its_rings(self) -> Self:
        """A ring opens by verified cures only."""
        if self.rollout is not None and self.verify is None:
            raise ValueError("'rollout' needs 'verify': a ring opens by verified cures only")
        return self

    @model_validator(mode="after")
    def tests_what_it_waits_for(self) -> Self:
        """One event says nothing about a pattern over time."""
        is_pattern = self.when.pattern is not None
        for test in self.tests:
            if is_pattern != bool(test.events):
                form = "'events', since 'when' is a pattern" if is_pattern else "'data'"
                raise ValueError(f"the test '{test.name}' needs {form}")
        return self

    def mode_on(self, day: date) -> Mode:
        """The mode in force: a runbook past its review date only suggests."""
        if day > self.expires and self.mode in {"approve", "auto"}:
            return "suggest"
        return self.mode

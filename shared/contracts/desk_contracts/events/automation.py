"""`desk.automation`: every transition of a runbook's run. Key: the target."""

from enum import StrEnum

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.message import Explanation, Message
from desk_contracts.people import OptionalPerson
from desk_contracts.value_types import Identifier, LongText, ShortText, Value


class StepStatus(StrEnum):
    """Journal states of one step; `in_doubt` is never repeated silently."""

    INTENT = "intent"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    IN_DOUBT = "in_doubt"


class Outcome(StrEnum):
    """What verification said; `not_run` where nothing was done to the target."""

    HEALED = "healed"
    NOT_HEALED = "not_healed"
    INCONCLUSIVE = "inconclusive"
    IN_DOUBT = "in_doubt"
    NOT_RUN = "not_run"


class Evidence(Value):
    """What a step did and saw, redacted, small."""

    step: Identifier
    executor: str = Field(
        default="", description="The kind of action, by the name of its executor: http, wait."
    )
    status: StepStatus
    attempt: int = 1
    message: Message | None = Field(
        default=None, description="What the target answered, what failed, or what was measured."
    )
    left_out: int = Field(
        default=0, description="How many lines before this one are in the run's journal only."
    )


class RunStarted(Payload, type="desk.run.started.v1", topic=names.AUTOMATION):
    """A runbook matched and its guards passed."""

    run: Identifier
    runbook: Identifier
    version: str = Field(
        description="Content hash of the runbook that this run will use to its end."
    )
    title: ShortText
    episode: str = ""
    service: str = ""
    person: OptionalPerson = ""
    tell: LongText = Field(default="", description="What the employee is told, if anything.")
    request: str = Field(
        default="", description="The ticket whose request it fulfils; empty if it is a repair."
    )


class RunSkipped(Payload, type="desk.run.skipped.v1", topic=names.AUTOMATION):
    """A runbook matched but must not act: a limit, a cool-down, a guard, its mode."""

    runbook: Identifier
    episode: str = ""
    explanation: Explanation
    run: str = ""
    request: str = Field(
        default="", description="The ticket whose request it fulfils; empty if it is a repair."
    )


class RunStepRecorded(Payload, type="desk.run.step-recorded.v1", topic=names.AUTOMATION):
    """One journal entry of a run."""

    run: Identifier
    runbook: Identifier
    step: Identifier
    executor: str = Field(
        default="", description="The kind of action, by the name of its executor: http, wait."
    )
    status: StepStatus
    attempt: int = 1
    message: Message | None = Field(
        default=None, description="What the target answered, or why nobody knows what it did."
    )


class RunHealed(Payload, type="desk.run.healed.v1", topic=names.AUTOMATION):
    """Fresh telemetry shows that the trouble is gone."""

    run: Identifier
    runbook: Identifier
    title: ShortText
    episode: str = ""
    service: str = ""
    person: OptionalPerson = ""
    evidence: tuple[Evidence, ...] = ()
    tell: LongText = ""
    corrects: Outcome | None = Field(
        default=None,
        description="The outcome with which the run was escalated before; measurements of its"
        " window that came late show that this was not so.",
    )
    request: str = Field(
        default="", description="The ticket whose request it fulfils; empty if it is a repair."
    )


class RunEscalated(Payload, type="desk.run.escalated.v1", topic=names.AUTOMATION):
    """The repair did not work, or nobody can tell; the owner team gets it with the evidence.

    Intake opens a proactive ticket from this, with the run id as its origin; what was to fulfil a
    request goes to the team that answers for it, on its ticket.
    """

    run: Identifier
    runbook: Identifier
    title: ShortText
    outcome: Outcome
    team: str
    episode: str = ""
    service: str = ""
    device: str = ""
    person: OptionalPerson = ""
    site: str = ""
    reason: Message
    evidence: tuple[Evidence, ...] = ()
    tell: LongText = ""
    request: str = Field(
        default="", description="The ticket whose request it fulfils; empty if it is a repair."
    )

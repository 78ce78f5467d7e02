"""`desk.automation`: every transition of a runbook's run. Key: the target."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.message import Explanation, Message
from desk_contracts.people import OptionalPerson, PersonId
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


class UndoState(StrEnum):
    """What became of a run's changes that its runbook can take back.

    `not_undone` where it is in doubt what was done or whether it helped, or where a person has the
    run: people decide. `in_doubt` where an undo was sent and nobody knows whether it was done.
    """

    UNDONE = "undone"
    PARTLY_UNDONE = "partly_undone"
    CANNOT_UNDO = "cannot_undo"
    NOT_UNDONE = "not_undone"
    IN_DOUBT = "in_doubt"


class StopKind(StrEnum):
    """Why a runbook starts nothing any more: too few of a ring were healed, too many targets show
    the same at once, so that one cause lies behind them, or its breaker opened."""

    RING = "ring"
    FLEET = "fleet"
    BREAKER = "breaker"


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


class RunRequested(Payload, type="desk.run.requested.v1", topic=names.AUTOMATION):
    """A person asked for a run on a target, without a signal; it is the cause of the run."""

    run: Identifier
    runbook: Identifier
    title: ShortText
    by: PersonId
    reason: LongText
    needs_approval: bool = Field(description="Whether others must say yes before it acts.")


class RunSkipped(Payload, type="desk.run.skipped.v1", topic=names.AUTOMATION):
    """A runbook matched but must not act: a limit, a cool-down, a guard, its mode."""

    runbook: Identifier
    version: str = Field(default="", description="Content hash of the runbook.")
    episode: str = ""
    explanation: Explanation
    run: str = ""
    request: str = Field(
        default="", description="The ticket whose request it fulfils; empty if it is a repair."
    )


class RunWithheld(Payload, type="desk.run.withheld.v1", topic=names.AUTOMATION):
    """A run waits for the end of a window or of an open signal, and holds nothing meanwhile.

    Said once when the wait begins; the window may change meanwhile.
    """

    run: Identifier
    runbook: Identifier
    title: ShortText
    episode: str = ""
    service: str = ""
    reason: Message
    until: datetime | None = Field(
        default=None, description="When the window closes, as it is known; none for a signal."
    )
    request: str = Field(
        default="", description="The ticket whose request it fulfils; empty if it is a repair."
    )


class RunApprovalRequested(Payload, type="desk.run.approval-requested.v1", topic=names.AUTOMATION):
    """A run waits for people's yes to exactly this plan; without it nothing is done."""

    run: Identifier
    runbook: Identifier
    version: str = Field(default="", description="Content hash of the runbook.")
    title: ShortText
    plan: str = Field(description="Hash of the plan; a yes names it, and holds for no other.")
    explanation: Explanation = Field(description="What would be done, to what.")
    team: str = Field(description="Whose members may say yes, and who gets the run without one.")
    role: str = Field(default="", description="Instead of the team: whoever has this role may.")
    needed: int = Field(default=1, ge=1, description="How many different people must say yes.")
    until: datetime = Field(description="After it silence is no.")
    episode: str = ""
    service: str = ""
    person: OptionalPerson = ""


class RunApprovalRecorded(Payload, type="desk.run.approval-recorded.v1", topic=names.AUTOMATION):
    """Somebody said yes or no to the plan of a run."""

    run: Identifier
    runbook: Identifier
    version: str = Field(default="", description="Content hash of the runbook.")
    plan: str = Field(description="Hash of the plan that was answered.")
    by: PersonId
    is_approved: bool
    comment: LongText = ""
    given: int = Field(ge=0, description="How many have said yes so far, this one included.")
    needed: int = Field(ge=1)


class ConsentAnswer(StrEnum):
    """What a person says who is asked whether their device may be touched."""

    NOW = "now"
    LATER = "later"
    NO = "no"


class RunConsentRequested(Payload, type="desk.run.consent-requested.v1", topic=names.AUTOMATION):
    """A run waits for the person whose device it would touch; without their yes nothing is done."""

    run: Identifier
    runbook: Identifier
    title: ShortText
    plan: str = Field(description="Hash of the plan; an answer names it, and holds for no other.")
    person: PersonId
    until: datetime = Field(description="Silence is no consent: nothing is done then.")
    latest: datetime = Field(description="The latest moment to which the person may put it off.")
    request: str = Field(default="", description="The ticket whose request the run fulfils.")


class RunConsentRecorded(Payload, type="desk.run.consent-recorded.v1", topic=names.AUTOMATION):
    """The person at the device said now, later or no; the newest answer counts."""

    run: Identifier
    runbook: Identifier
    plan: str = Field(description="Hash of the plan that was answered.")
    by: PersonId
    answer: ConsentAnswer
    at: datetime | None = Field(default=None, description="The moment that they chose for later.")
    reason: LongText = ""
    request: str = Field(
        default="",
        description="The ticket in which they asked for it themselves: nobody had to ask them.",
    )


class AutomationStopped(Payload, type="desk.automation.stopped.v1", topic=names.AUTOMATION):
    """An operator stopped all acting: no act begins after this, on any replica."""

    by: PersonId
    reason: LongText


class AutomationResumed(Payload, type="desk.automation.resumed.v1", topic=names.AUTOMATION):
    """An operator let acting go on."""

    by: PersonId
    reason: LongText
    stopped_by: PersonId = Field(description="Who had stopped it.")
    stopped_at: datetime = Field(description="Since when nothing acted.")


class RingOpened(Payload, type="desk.runbook.ring-opened.v1", topic=names.AUTOMATION):
    """A runbook may act on so many more targets. Key: the runbook."""

    runbook: Identifier
    version: str = Field(description="Content hash of the runbook whose rings these are.")
    ring: int = Field(ge=1, description="1 for the first; a new version begins with it again.")
    size: int = Field(ge=1, description="How many targets it has place for.")
    healed: int = Field(default=0, ge=0, description="How many of the ring before were healed.")
    waiting: int = Field(default=0, ge=0, description="How many runs wait for a later ring.")


class RunbookStopped(Payload, type="desk.runbook.stopped.v1", topic=names.AUTOMATION):
    """A runbook starts nothing any more until a person lets it go on, or until one run of it heals
    where its breaker opened; what it began goes on. It asks its team for a look at the cause behind
    all these targets. Key: the runbook."""

    runbook: Identifier
    version: str = Field(default="", description="Content hash of the runbook.")
    title: ShortText
    team: str
    kind: StopKind
    explanation: Explanation
    targets: tuple[Identifier, ...] = Field(
        default=(), description="Those that show it, at most 50: not healed, or with the fault."
    )
    target_count: int | None = Field(
        default=None, ge=0, description="How many show it, listed or not; none in older events."
    )
    waiting: int = Field(default=0, ge=0, description="How many runs wait already.")
    run: str = Field(
        default="", description="The run whose end or match showed it, where there is one."
    )
    until: datetime | None = Field(
        default=None,
        description="From then on one run may try; none where a person lets it go on.",
    )


class RunbookResumed(Payload, type="desk.runbook.resumed.v1", topic=names.AUTOMATION):
    """A stopped runbook goes on, with the first ring if it has rings. Key: the runbook."""

    runbook: Identifier
    title: ShortText
    kind: StopKind = Field(description="Why it was stopped.")
    stopped_at: datetime
    by: OptionalPerson = Field(
        default="",
        description="Who let it go on; empty where a newer version or a cure did.",
    )
    reason: LongText = ""
    withheld: int = Field(
        default=0, ge=0, description="How many matches its open breaker had withheld by then."
    )
    targets: tuple[Identifier, ...] = Field(
        default=(), description="Of these the newest, at most 50; nothing was done to them."
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
    request: str = Field(default="", description="The ticket whose request the run fulfils.")


class RunHealed(Payload, type="desk.run.healed.v1", topic=names.AUTOMATION):
    """Fresh telemetry shows that the trouble is gone."""

    run: Identifier
    runbook: Identifier
    version: str = Field(default="", description="Content hash of the runbook.")
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


class RunRelapsed(Payload, type="desk.run.relapsed.v1", topic=names.AUTOMATION):
    """The trouble of a verified cure was back at the same target within seven days.

    The cure is taken back: no figure counts it as one that lasted.
    """

    run: Identifier = Field(description="The run that was told as healed.")
    runbook: Identifier
    version: str = Field(default="", description="Content hash of the runbook.")
    title: ShortText
    episode: str = Field(default="", description="The trouble that was cured.")
    again: Identifier = Field(description="The same trouble, when it was back.")
    healed_at: datetime
    relapsed_at: datetime = Field(description="When it was seen again.")
    service: str = ""
    person: OptionalPerson = ""
    team: str = Field(description="Who answers for what it could not heal.")


class FixRepeated(Payload, type="desk.automation.fix-repeated.v1", topic=names.AUTOMATION):
    """A fix was needed so often that its cause has to be mended; triage opens a problem from this.

    Each cure counts for one such event of its target, and one of its runbook.
    """

    runbook: Identifier = Field(description="The fix, which stands for the cause that it is for.")
    title: ShortText
    why: LongText = Field(default="", description="What the runbook takes for the cause.")
    team: str = Field(description="Who answers for the runbook, and gets the problem.")
    target: str = Field(default="", description="Empty where all targets were counted.")
    service: str = ""
    count: int = Field(ge=1, description="Verified cures since the last such event, if any.")
    days: int = Field(ge=1, description="In so many days, the last one included, in UTC.")
    runs: tuple[Identifier, ...] = Field(default=(), description="The newest of them.")
    number: int = Field(ge=1, description="The first such event of this cause and target is 1.")


class RunEscalated(Payload, type="desk.run.escalated.v1", topic=names.AUTOMATION):
    """The repair did not work, or nobody can tell; the owner team gets it with the evidence.

    Intake opens a proactive ticket from this, with the run id as its origin; what was to fulfil a
    request goes to the team that answers for it, on its ticket.
    """

    run: Identifier
    runbook: Identifier
    version: str = Field(default="", description="Content hash of the runbook.")
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
    ticket: str = Field(
        default="",
        description="The ticket of the person who took the run over; then no other is opened.",
    )
    request: str = Field(
        default="", description="The ticket whose request it fulfils; empty if it is a repair."
    )
    undo: UndoState | None = Field(
        default=None, description="What became of changes that can be taken back; none if none can."
    )

"""What is known of one run: its plan, its journal, whose turn it is and how it ended.

The journal is written ahead: an intent stands in it before anything is sent.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from desk_contracts.chain import Link
from desk_contracts.events.automation import Outcome, StepStatus, UndoState
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message
from desk_kernel.retention import FORGOTTEN_AFTER

from desk_automation.actions.model import EntryKind, PlannedAct, PlannedStep
from desk_automation.holdback.model import Arm
from desk_automation.recurrence.model import Relapse
from desk_automation.runs.plan import Plan
from desk_automation.safety.approval import Approval
from desk_automation.safety.consent import Consent
from desk_automation.verification.sample import Sample


class Phase(StrEnum):
    """Where a run is in its life; the last four are ends."""

    SETTLING = "settling"
    AWAITING_APPROVAL = "awaiting_approval"
    AWAITING_CONSENT = "awaiting_consent"
    QUEUED = "queued"
    WORKING = "working"
    VERIFYING = "verifying"
    UNDOING = "undoing"
    HEALED = "healed"
    ESCALATED = "escalated"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


# A device that was away may tell so much later what it did by itself, and tell it twice.
TOLD_WITHIN = timedelta(days=365)
ENDED = frozenset({Phase.HEALED, Phase.ESCALATED, Phase.SKIPPED, Phase.CANCELLED})


class Trigger(Frozen):
    """The event that started the run, as far as it is needed later."""

    event: str
    correlation: str = ""
    traceparent: str = ""
    at: datetime
    subject: str
    subject_kind: str
    episode: str
    signal: str = ""
    title: str = ""
    service: str = ""
    person: str = ""
    site: str = ""
    measurement: str = ""
    value: float = 0.0
    # The ticket whose request it fulfils.
    request: str = ""
    # Who asked for it without a signal, and why.
    requested_by: str = ""
    reason: str = ""


class Lease(Frozen):
    """Who works on the run now; an older token is refused wherever it shows up."""

    holder: str
    token: int
    expires: datetime


class Entry(Frozen):
    """One line of the journal: an attempt of one call, or a wait.

    `resumed` counts the workers that began it again; `is_sent` is false only where it is certain
    that no byte of it left.
    """

    position: int
    step: str
    kind: EntryKind
    # The kind of action it is, by the name of its executor.
    executor: str
    attempt: int
    status: StepStatus
    token: int
    key: str = ""
    at: datetime
    ended_at: datetime | None = None
    resumed: int = 0
    # What it answered, or what failed; of one in doubt why nobody knows what it did.
    message: Message | None = None
    is_sent: bool = True


class Undoing(Frozen):
    """Steps that are taken back, the last first, and what is told of the run when that is over."""

    steps: tuple[PlannedAct, ...]
    outcome: Outcome
    reason: Message


class Withheld(Frozen):
    """A window or an open signal holds the run back, or did.

    `over_at` is when that was seen to be over; until `ask_until` a measurement since then is waited
    for.
    """

    since: datetime
    over_at: datetime | None = None
    ask_until: datetime | None = None


class Run(Frozen):
    """One repair of one target for one episode."""

    id: str
    target: str
    trigger: Trigger
    plan: Plan
    phase: Phase
    created_at: datetime
    timer_at: datetime | None = None
    queue_until: datetime
    deadline: datetime | None = None
    position: int = 0
    guarded: int = 0
    is_started: bool = False
    # The device did it by itself while the desk was out of its reach, and told it later.
    is_by_device: bool = False
    journal: tuple[Entry, ...] = ()
    token: int = 0
    lease: Lease | None = None
    acted_at: datetime | None = None
    verify_until: datetime | None = None
    samples: tuple[Sample, ...] = ()
    outcome: Outcome | None = None
    reason: Message | None = None
    approval: Approval | None = None
    # Of the person at the device, and how often they answered.
    consent: Consent | None = None
    replies: int = 0
    # Who stopped it or took it over, why, and the ticket that they work on instead.
    cancelled_by: str = ""
    is_taken: bool = False
    comment: str = ""
    ticket: str = ""
    ended_at: datetime | None = None
    is_closed: bool = False
    # The outcome that was told first, and that late measurements showed not to be so.
    corrects: Outcome | None = None
    undoing: Undoing | None = None
    undo: UndoState | None = None
    # Whether it is compared with natural recovery, and until when it waits for that.
    arm: Arm = ""
    held_until: datetime | None = None
    withheld: Withheld | None = None
    # The place for which it stands in line, and its turn there.
    waits_at: str = ""
    queue_number: int = 0
    # Since when the breaker is open that withheld it, its cause being with people already.
    breaker_since: datetime | None = None
    # The same trouble, back too soon: the cure is taken back.
    relapse: Relapse | None = None
    # Where the chain of its transitions ends.
    link: Link = Link()

    @property
    def steps(self) -> tuple[PlannedStep, ...]:
        """Those of its plan, then those that take them back."""
        return (*self.plan.steps, *(self.undoing.steps if self.undoing else ()))

    @property
    def line(self) -> str:
        """The place in whose line it stands; empty while it does not."""
        return self.waits_at if self.phase is Phase.QUEUED and self.withheld is None else ""

    @property
    def cause(self) -> str:
        """What is the same of two matches with one cause; none of what somebody asked for, who
        gets an answer of their own."""
        trigger = self.trigger
        is_asked = trigger.request or trigger.requested_by
        return "" if is_asked else f"{trigger.signal} {trigger.service}".strip()

    @property
    def may_be_corrected(self) -> bool:
        """Whether it was escalated for want of measurements that may still come."""
        has_window = self.acted_at is not None and self.verify_until is not None
        is_measured = has_window and self.plan.verify is not None
        return is_measured and self.phase is Phase.ESCALATED and self.undoing is None

    @property
    def has_ended(self) -> bool:
        return self.phase in ENDED

    @property
    def over_since(self) -> datetime | None:
        """Since when nothing needs its record; None while something does.

        Not before the event that started it: by that one's time it is known that it was removed.
        """
        is_settled = self.is_closed and self.timer_at is None and self.lease is None
        if self.ended_at is None or not (self.has_ended and is_settled):
            return None
        moments = [self.ended_at, self.created_at, self.trigger.at]
        moments += [] if self.relapse is None else [self.relapse.at]
        late = TOLD_WITHIN - FORGOTTEN_AFTER if self.is_by_device else timedelta()
        return max(moments) + late

    @property
    def may_act(self) -> bool:
        """Whether it needs nobody's yes, or has it for exactly its plan."""
        if self.plan.mode != "approve":
            return True
        given = self.approval
        return given is not None and given.is_granted and given.plan == self.plan.hash

    def has_consent(self, now: datetime) -> bool:
        """Whether nobody's device is touched without their yes to exactly its plan."""
        if self.plan.consent is None:
            return True
        return self.consent is not None and self.consent.is_given(self.plan.hash, now)

    @property
    def has_acted(self) -> bool:
        """Whether something may have been changed, for certain or perhaps."""
        return any(
            entry.kind == "act" and entry.status not in {StepStatus.FAILED, StepStatus.SKIPPED}
            for entry in self.journal
        )

    @property
    def has_sent(self) -> bool:
        """Whether an act was ever sent, with or without an effect."""
        return any(entry.kind == "act" and entry.is_sent for entry in self.journal)

    @property
    def doubts(self) -> tuple[Entry, ...]:
        """The acts that may have taken place and that nothing settled since."""
        return tuple(
            item
            for item in self.journal
            if item.kind == "act" and item.status is StepStatus.IN_DOUBT
        )

    @property
    def open_act(self) -> Entry | None:
        """The act that was begun and of which nobody knows the outcome."""
        return self._last_open(("act",))

    @property
    def open_entry(self) -> Entry | None:
        """Whatever was begun last and not finished, acts excepted."""
        return self._last_open(("guard", "probe", "confirm", "wait"))

    @property
    def current_act(self) -> PlannedAct | None:
        """The step at hand, if it is an act."""
        step = self.steps[self.position] if self.position < len(self.steps) else None
        return step if isinstance(step, PlannedAct) else None

    def tries(self, kind: EntryKind, step: str) -> int:
        """How many attempts of a call are in the journal since the step at hand began."""
        return sum(
            entry.kind == kind and entry.step == step and entry.position == self.position
            for entry in self.journal
        )

    def sends(self, kind: EntryKind, step: str) -> int:
        """How often a call of the step at hand may have been sent, whoever died over it. What a
        person withheld was not sent and costs no try."""
        return sum(
            1 + entry.resumed
            for entry in self.journal
            if entry.kind == kind
            and entry.step == step
            and entry.position == self.position
            and entry.status is not StepStatus.SKIPPED
        )

    def sends_in_a_row(self, kind: EntryKind, step: str) -> int:
        """How often this very call was sent of late without an answer that says anything."""
        count = 0
        for entry in reversed(self.journal):
            is_same = (entry.kind, entry.step) == (kind, step)
            if not is_same or entry.status not in {StepStatus.FAILED, StepStatus.INTENT}:
                break
            count += 1 + entry.resumed
        return count

    def has_live_lease(self, now: datetime) -> bool:
        return self.lease is not None and self.lease.expires > now

    def _last_open(self, kinds: tuple[EntryKind, ...]) -> Entry | None:
        entries = [
            entry
            for entry in self.journal
            if entry.kind in kinds and entry.status is StepStatus.INTENT
        ]
        return entries[-1] if entries else None

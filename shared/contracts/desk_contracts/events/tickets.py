"""`desk.tickets`: a ticket's whole life, written only by intake. Key: the ticket id.

`sequence` of the envelope is gap-free from 1, so a reader can prove that it missed nothing.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import Field, FiniteFloat

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.message import Explanation, Message
from desk_contracts.people import OptionalPerson, PersonId
from desk_contracts.value_types import Identifier, Level, LongText, Priority, ShortText, Value

# What a form's field can hold.
Answer = str | bool | int | FiniteFloat | tuple[str, ...]


class Kind(StrEnum):
    """What sort of ticket it is; `proactive` ones are opened by the desk before anybody called."""

    INCIDENT = "incident"
    REQUEST = "request"
    QUESTION = "question"
    PROACTIVE = "proactive"


class State(StrEnum):
    """Where a ticket is in its life."""

    NEW = "new"
    TRIAGED = "triaged"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"
    MERGED = "merged"


class WaitingFor(StrEnum):
    """Whose turn it is while a ticket waits; SLAs say which of these stop their clock."""

    EMPLOYEE = "employee"
    VENDOR = "vendor"
    APPROVAL = "approval"


class Channel(StrEnum):
    """How the request reached us."""

    API = "api"
    PORTAL = "portal"
    MAIL = "mail"
    CHAT = "chat"
    PHONE = "phone"
    EVENT = "event"
    DESK = "desk"


class Role(StrEnum):
    """In which role somebody acts on a ticket; `automation` never counts as a first response."""

    EMPLOYEE = "employee"
    MEMBER = "member"
    AUTOMATION = "automation"
    SYSTEM = "system"


class How(StrEnum):
    """How a ticket came to be resolved."""

    MEMBER = "member"
    SELF_SERVICE = "self_service"
    AUTOMATION = "automation"
    PROBLEM = "problem"
    WITHDRAWN = "withdrawn"
    DENIED = "denied"


class ResolutionCode(StrEnum):
    """What kind of an answer a resolution is; `how` says who gave it."""

    FIXED = "fixed"
    WORKAROUND = "workaround"
    EXPLAINED = "explained"
    FULFILLED = "fulfilled"
    NOT_REPRODUCIBLE = "not_reproducible"
    DECLINED = "declined"


class LinkKind(StrEnum):
    """What a ticket can be linked to."""

    PROBLEM = "problem"
    RUN = "run"
    SIGNAL = "signal"
    TICKET = "ticket"


class TicketOpened(Payload, type="desk.ticket.opened.v1", topic=names.TICKETS):
    """A ticket exists. `requested_at` lies before the event's time if it came by a slow way."""

    code: str = Field(description="The short code that people say and type.")
    kind: Kind
    title: ShortText
    description: LongText = ""
    requester: PersonId
    channel: Channel
    service: str = ""
    device: str = ""
    site: str = ""
    group: str = Field(default="", description="The requester's group, for SLA policies of groups.")
    impact: Level | None = None
    urgency: Level | None = None
    language: str = "en"
    requested_at: datetime | None = None
    attributes: dict[str, str] = Field(default_factory=dict)
    amended: tuple[str, ...] = Field(
        default=(), description="Fields of the request that were made to fit, `time` among them."
    )
    told_time: str = Field(
        default="", description="What the request said as its time, if that was not believed."
    )
    requester_written: str = Field(
        default="", description="The requester as it was written, where that differs; for display."
    )
    split_from: str = Field(
        default="", description="The ticket that this one was a part of until a person split it."
    )


class TicketTriaged(Payload, type="desk.ticket.triaged.v1", topic=names.TICKETS):
    """Category and priority are decided."""

    category: str
    priority: Priority
    service: str = ""
    explanation: Explanation = ()
    charter: str = Field(default="", description="Version of the charter the decision rests on.")


class TicketAssigned(Payload, type="desk.ticket.assigned.v1", topic=names.TICKETS):
    """A team has it, perhaps a member of that team."""

    team: str
    member: OptionalPerson = ""
    previous_team: str = ""
    explanation: Explanation = ()
    charter: str = ""


class TicketStarted(Payload, type="desk.ticket.started.v1", topic=names.TICKETS):
    """Somebody works on it now."""

    by: PersonId
    device: str = Field(
        default="", description="The device it is about: what the desk does there by itself stops."
    )


class TicketPaused(Payload, type="desk.ticket.paused.v1", topic=names.TICKETS):
    """Work waits for somebody outside the team."""

    waiting_for: WaitingFor
    by: PersonId
    until: datetime | None = None


class TicketResumed(Payload, type="desk.ticket.resumed.v1", topic=names.TICKETS):
    """The wait is over."""

    by: PersonId


class TicketUpdated(Payload, type="desk.ticket.updated.v1", topic=names.TICKETS):
    """Facts of the ticket changed; only the fields given are new."""

    by: PersonId
    title: ShortText | None = None
    description: LongText | None = None
    service: str | None = None
    device: str | None = None
    impact: Level | None = None
    urgency: Level | None = None
    priority: Priority | None = None


class TicketCommented(Payload, type="desk.ticket.commented.v1", topic=names.TICKETS):
    """Somebody said something. Automatic notes never count as a response."""

    by: PersonId
    role: Role
    text: LongText = Field(default="", description="What a person wrote; empty for a message.")
    message: Message | None = Field(default=None, description="What the desk itself says.")
    public: bool = True
    automatic: bool = False


class TicketAttached(Payload, type="desk.ticket.attached.v1", topic=names.TICKETS):
    """Somebody added a file. Its bytes are not here: `dataref` says where they are."""

    attachment: Identifier
    name: ShortText
    media_type: str = Field(description="What the content is, whatever the name says.")
    size: int = Field(ge=1, description="In bytes.")
    sha256: str = Field(description="Of the content, in hexadecimal digits.")
    dataref: str = Field(description="Where intake answers with the content, for who may read it.")
    by: PersonId
    role: Role
    public: bool = True


class TicketLinked(Payload, type="desk.ticket.linked.v1", topic=names.TICKETS):
    """The ticket belongs to a problem, a repair run, a signal or another ticket."""

    kind: LinkKind
    target: Identifier
    message: Message | None = Field(default=None, description="What the link means to people.")
    by: OptionalPerson = Field(default="", description="Who linked them; empty for the desk.")


class TicketWatcherAdded(Payload, type="desk.ticket.watcher-added.v1", topic=names.TICKETS):
    """Another person may read the ticket and comment on it."""

    person: PersonId
    by: PersonId


class TicketWatcherRemoved(Payload, type="desk.ticket.watcher-removed.v1", topic=names.TICKETS):
    """A person watches the ticket no longer."""

    person: PersonId
    by: PersonId


class TicketAlsoAffected(Payload, type="desk.ticket.also-affected.v1", topic=names.TICKETS):
    """Another person than the requester has the same trouble; each is said once."""

    person: PersonId
    by: PersonId = Field(description="Who says so: the person, or staff who heard it of them.")


class TicketMerged(Payload, type="desk.ticket.merged.v1", topic=names.TICKETS):
    """The ticket goes on inside another one."""

    into: Identifier
    by: PersonId
    code: str = Field(default="", description="The code of the ticket that was merged.")
    title: str = Field(default="", description="The title of the ticket that was merged.")


class TicketResolved(Payload, type="desk.ticket.resolved.v1", topic=names.TICKETS):
    """The person can work again."""

    by: PersonId
    how: How = How.MEMBER
    resolution: Message = Field(description="What a person wrote, or what the desk says.")
    cause: str = ""
    code: ResolutionCode | None = Field(
        default=None, description="What kind of an answer it is; null if nobody said."
    )
    verified_by: str = Field(
        default="",
        description="The run or the signal's episode that showed by fresh telemetry that it works"
        " again; empty where no telemetry did.",
    )
    requester: OptionalPerson = Field(default="", description="Whom it was solved for.")
    cycle: int = Field(default=0, ge=0, description="How often it had been reopened by then.")


class TicketConfirmed(Payload, type="desk.ticket.confirmed.v1", topic=names.TICKETS):
    """The requester says that a resolution solved it. No silence and no closing ever says so."""

    by: PersonId = Field(description="The requester; nobody else can confirm.")
    resolution: int = Field(
        ge=1, description="`sequence` of the `resolved` event of this ticket that it confirms."
    )


class TicketEscalated(Payload, type="desk.ticket.escalated.v1", topic=names.TICKETS):
    """Its SLA is at risk or breached: what was done about it, by a level of the charter."""

    policy: str
    owner: str = Field(default="", description="The team that is told as owner of the service.")
    explanation: Explanation
    charter: str = ""


class TicketReopened(Payload, type="desk.ticket.reopened.v1", topic=names.TICKETS):
    """It was not solved after all."""

    by: PersonId
    reason: LongText
    refutes: int | None = Field(
        default=None,
        description="`sequence` of the `resolved` event that the requester says did not solve it;"
        " null if it was not the requester who reopened it.",
    )


class TicketPersonRequested(Payload, type="desk.ticket.person-requested.v1", topic=names.TICKETS):
    """Whoever asked wants to talk to a person, not to read what machines found."""

    by: PersonId
    text: LongText = Field(default="", description="How they can be reached, for example.")


class TicketClosed(Payload, type="desk.ticket.closed.v1", topic=names.TICKETS):
    """Nobody will act on it again."""

    by: PersonId


class ApprovalAsked(Value):
    """Who may say yes to a request, how many of them must, and until when."""

    needed: int = Field(ge=1)
    approvers: tuple[PersonId, ...] = Field(min_length=1, description="Each has one vote.")
    until: datetime = Field(description="Silence is no consent: at this moment it is denied.")
    may_delegate: bool = True


class TicketItemRequested(Payload, type="desk.ticket.item-requested.v1", topic=names.TICKETS):
    """The ticket asks for an item of the catalogue. `digest` is what approvals are bound to."""

    item: Identifier
    answers: dict[str, Answer] = Field(default_factory=dict, description="The form, filled in.")
    digest: Identifier = Field(
        description="Digest of the item as it was offered, the requester and the answers."
    )
    team: str = Field(description="Who fulfils it, or answers for it where a runbook does.")
    runbook: str = Field(default="", description="The runbook that fulfils it, if one does.")
    run_within_s: int = Field(
        default=3_600,
        ge=1,
        description="Seconds that a runbook has; then the team gets it, whatever came of it.",
    )
    approval: ApprovalAsked | None = None
    charter: str = ""


class TicketApprovalDecided(Payload, type="desk.ticket.approval-decided.v1", topic=names.TICKETS):
    """One approver said yes or no to what was asked."""

    by: PersonId
    digest: Identifier
    is_granted: bool
    reason: LongText = ""


class TicketApprovalDelegated(
    Payload, type="desk.ticket.approval-delegated.v1", topic=names.TICKETS
):
    """An approver gave their vote to somebody else."""

    by: PersonId
    to: PersonId
    digest: Identifier
    reason: LongText = ""


class ApprovalOutcome(StrEnum):
    """How an approval ended."""

    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"


class TicketApprovalConcluded(
    Payload, type="desk.ticket.approval-concluded.v1", topic=names.TICKETS
):
    """The approval is over: enough said yes, enough said no, or its time has passed."""

    outcome: ApprovalOutcome
    digest: Identifier


class TicketUpdateIgnored(Payload, type="desk.ticket.update-ignored.v1", topic=names.TICKETS):
    """A late or impossible fact: kept in the timeline, changes nothing else."""

    fact: str = Field(description="Wire type of the event that could not be applied.")
    reason: Message = Field(description="Why it changes nothing.")

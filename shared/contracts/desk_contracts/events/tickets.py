"""`desk.tickets`: a ticket's whole life, written only by intake. Key: the ticket id.

`sequence` of the envelope is gap-free from 1, so a reader can prove that it missed nothing.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.message import Explanation, Message
from desk_contracts.people import OptionalPerson, PersonId
from desk_contracts.value_types import Identifier, Level, LongText, Priority, ShortText


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


class TicketLinked(Payload, type="desk.ticket.linked.v1", topic=names.TICKETS):
    """The ticket belongs to a problem, a repair run, a signal or another ticket."""

    kind: LinkKind
    target: Identifier
    message: Message | None = Field(default=None, description="What the link means to people.")


class TicketMerged(Payload, type="desk.ticket.merged.v1", topic=names.TICKETS):
    """The ticket goes on inside another one."""

    into: Identifier
    by: PersonId


class TicketResolved(Payload, type="desk.ticket.resolved.v1", topic=names.TICKETS):
    """The person can work again."""

    by: PersonId
    how: How = How.MEMBER
    resolution: Message = Field(description="What a person wrote, or what the desk says.")
    cause: str = ""
    requester: OptionalPerson = Field(default="", description="Whom it was solved for.")
    cycle: int = Field(default=0, ge=0, description="How often it had been reopened by then.")


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


class TicketPersonRequested(Payload, type="desk.ticket.person-requested.v1", topic=names.TICKETS):
    """Whoever asked wants to talk to a person, not to read what machines found."""

    by: PersonId
    text: LongText = Field(default="", description="How they can be reached, for example.")


class TicketClosed(Payload, type="desk.ticket.closed.v1", topic=names.TICKETS):
    """Nobody will act on it again."""

    by: PersonId


class TicketUpdateIgnored(Payload, type="desk.ticket.update-ignored.v1", topic=names.TICKETS):
    """A late or impossible fact: kept in the timeline, changes nothing else."""

    fact: str = Field(description="Wire type of the event that could not be applied.")
    reason: Message = Field(description="Why it changes nothing.")

"""`desk.notifications.*`: what teams and employees are told. Key: recipient; written by notify."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.people import PersonId
from desk_contracts.topics import team_topic
from desk_contracts.value_types import LongText, ShortText


class Audience(StrEnum):
    """Whom a message is for."""

    TEAM = "team"
    PERSON = "person"


class MessageKind(StrEnum):
    """What a message is about, so that subscribers can filter."""

    TICKET_ASSIGNED = "ticket_assigned"
    TICKET_RECEIVED = "ticket_received"
    TICKET_CHANGED = "ticket_changed"
    TICKET_RESOLVED = "ticket_resolved"
    PROBLEM_DECLARED = "problem_declared"
    PROBLEM_RESOLVED = "problem_resolved"
    APPROVAL_REQUESTED = "approval_requested"
    REPAIR_STARTED = "repair_started"
    REPAIR_DONE = "repair_done"
    REPAIR_FAILED = "repair_failed"
    SLA_AT_RISK = "sla_at_risk"
    SLA_BREACHED = "sla_breached"
    SLA_CORRECTED = "sla_corrected"
    TICKET_ESCALATED = "ticket_escalated"
    SIGNAL_RAISED = "signal_raised"
    REPORT = "report"


class Notified(Payload, type="desk.notification.sent.v1", topic=names.NOTIFICATIONS):
    """One message to one recipient, on its topic whatever other channels carry it too."""

    audience: Audience
    recipient: PersonId
    kind: MessageKind
    title: ShortText
    body: LongText
    ticket: str = ""
    code: str = ""
    problem: str = Field(default="", description="The problem it belongs to, to group by.")
    urgent: bool = Field(default=False, description="True passes quiet hours.")
    opened_at: datetime | None = Field(
        default=None,
        description="When the ticket was opened, in what its first team is told of it.",
    )

    def destination(self) -> str:
        return team_topic(names.PEOPLE if self.audience is Audience.PERSON else self.recipient)

"""`desk.tickets`: who is asked for a yes, and what a runbook does then. Key: the ticket id."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.events.tickets import Answer
from desk_contracts.message import Explanation
from desk_contracts.people import PersonId
from desk_contracts.value_types import Identifier, ShortText


class TicketApprovalRequested(
    Payload, type="desk.ticket.approval-requested.v1", topic=names.TICKETS
):
    """These people are asked for a yes or a no; once more if they have not answered by half-time.

    It says all that they need to know, since what they are asked about is somebody else's ticket.
    """

    approvers: tuple[PersonId, ...] = Field(min_length=1)
    until: datetime = Field(description="Silence is no consent: denied then.")
    code: str
    title: ShortText
    requester: PersonId
    is_reminder: bool = False


class TicketFulfilmentRequested(
    Payload, type="desk.ticket.fulfilment-requested.v1", topic=names.TICKETS
):
    """A runbook is to do what was asked for: nobody had to say yes, or enough people did.

    Automation starts the run that the runbook of this name describes, once for each ticket.
    """

    runbook: Identifier
    item: Identifier
    person: PersonId = Field(description="Who asked.")
    answers: dict[str, Answer] = Field(default_factory=dict, description="The form, filled in.")
    device: str = Field(default="", description="The person's own device, where it is about one.")
    service: str = ""
    title: ShortText
    until: datetime = Field(description="The team gets it if the run has not ended by then.")


class TicketFulfilmentWithdrawn(
    Payload, type="desk.ticket.fulfilment-withdrawn.v1", topic=names.TICKETS
):
    """The ticket ended in another way: a run that has not acted yet does not begin to."""

    runbook: Identifier
    device: str = ""
    service: str = ""


class FulfilmentStatus(StrEnum):
    """How far the runbook is that does what was asked for."""

    REQUESTED = "requested"
    STARTED = "started"
    DONE = "done"
    HANDED_OVER = "handed-over"


class TicketFulfilmentReported(
    Payload, type="desk.ticket.fulfilment-reported.v1", topic=names.TICKETS
):
    """What became of the run; `handed-over`: people do it now."""

    status: FulfilmentStatus
    runbook: Identifier
    run: str = Field(default="", description="Empty if automation never answered.")
    explanation: Explanation = ()

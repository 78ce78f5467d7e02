"""`desk.requests`: what outside systems ask the desk to open a ticket for. Key: the requester."""

from typing import Annotated

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.events.tickets import Kind
from desk_contracts.people import PersonWritten
from desk_contracts.value_types import LINE, Level, LongText, TitleText


class TicketRequested(Payload, type="desk.ticket.requested.v1", topic=names.REQUESTS):
    """Somebody outside asks for a ticket; the event's source and id make exactly one of it."""

    requester: PersonWritten = Field(description="Who needs help: a person's id or mail address.")
    title: TitleText
    description: LongText = ""
    kind: Kind = Kind.INCIDENT
    service: Annotated[str, LINE] = Field(
        default="", description="Name of the service as in services.yaml, if known."
    )
    device: Annotated[str, LINE] = Field(default="", description="The device concerned, if known.")
    site: Annotated[str, LINE] = ""
    impact: Level | None = None
    urgency: Level | None = None
    language: Annotated[str, Field(max_length=35), LINE] = "en"
    attributes: dict[str, str] = Field(default_factory=dict, max_length=50)

"""`desk.metrics.contributions`: what tickets, repairs and warnings add to measures.
Key: part of a day, the person who asked, or a ticket.

Metrics writes it for itself, to carry figures from one document to another; nobody else reads it.
"""

from pydantic import AwareDatetime, Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.people import OptionalPerson
from desk_contracts.value_types import Identifier

# Measure, when it belongs, since when it is known (microseconds), weight, amount (microseconds).
Posted = tuple[str, int, int, int, int]


class ContributionsChanged(
    Payload, type="desk.metrics.contributions-changed.v1", topic=names.CONTRIBUTIONS
):
    """All that one source posts to one part of a day, or a ticket to the document of the person who
    asked, in place of its earlier revisions.
    """

    of: Identifier = Field(description="The ticket, run or warning that posts.")
    revision: int = Field(ge=1, description="Only a higher one replaces what is there.")
    kind: str = ""
    service: str = ""
    team: str = ""
    site: str = ""
    person: OptionalPerson = ""
    device: str = ""
    contributions: tuple[Posted, ...] = ()


class ContactRepeated(Payload, type="desk.metrics.contact-repeated.v1", topic=names.CONTRIBUTIONS):
    """A person asked again about the service or device of an earlier ticket, which is the key."""

    again: Identifier = Field(description="The later ticket.")
    asked_at: AwareDatetime
    is_so: bool = Field(
        default=True, description="False if one of them turned out to be about something else."
    )

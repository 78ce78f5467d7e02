"""`desk.feedback`: how a ticket went for who asked, what people miss, what they no longer use.

Written by intake. Key: the ticket of a survey, else the service or the thing wanted.
"""

from typing import Annotated

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.people import PersonId
from desk_contracts.value_types import Identifier, LongText, ShortText

Score = Annotated[int, Field(ge=1, le=5, description="1: very unhappy; 5: very happy.")]


class SurveyAnswered(Payload, type="desk.survey.answered.v1", topic=names.FEEDBACK):
    """The person who asked says how it went. A later answer replaces an earlier one."""

    ticket: Identifier
    cycle: int = Field(ge=0, description="How often the ticket had been reopened by then.")
    revision: int = Field(ge=1, description="Which answer about this cycle; the highest counts.")
    score: Score
    comment: LongText = ""
    by: PersonId
    language: str = Field(default="en", description="Of the comment, BCP 47.")
    kind: str = Field(default="", description="The ticket as it was known when answered.")
    service: str = ""
    team: str = ""
    site: str = ""
    device: str = ""
    counted: bool = Field(
        default=True,
        description="False where somebody of the desk rates what they solved themselves: it is"
        " kept, and counts in no score.",
    )


class DemandRequested(Payload, type="desk.demand.requested.v1", topic=names.FEEDBACK):
    """Somebody asks for what is not offered yet."""

    feedback: Identifier
    what: ShortText
    reason: LongText = ""
    by: PersonId
    language: str = "en"


class DemandObsoleteReported(
    Payload, type="desk.demand.obsolete-reported.v1", topic=names.FEEDBACK
):
    """Somebody no longer has any use for a service."""

    feedback: Identifier
    service: Identifier
    reason: LongText = ""
    by: PersonId
    language: str = "en"

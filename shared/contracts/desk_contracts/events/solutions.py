"""`desk.solutions`: what became of solutions. Key: the ticket id; written by metrics.

Of the five facts of a solution, three are events of `desk.tickets`: answered (`commented`,
`resolved`), done (`resolved`), confirmed by the person (`confirmed`). That telemetry verified it
stands in `resolved`. Whether it lasted is here. None of them follows from silence but the last, and
that is told only once everything of the seven days was read.
"""

from enum import StrEnum

from pydantic import AwareDatetime, Field

from desk_contracts import names
from desk_contracts.envelope import Payload


class ReturnReason(StrEnum):
    """How it showed that a solution did not last."""

    REOPENED = "reopened"
    ASKED_AGAIN = "asked_again"


class SolutionLasted(Payload, type="desk.solution.lasted.v1", topic=names.SOLUTIONS):
    """Seven days after it the ticket was not reopened, and its person did not ask again about the
    same service or device.
    """

    resolution: int = Field(ge=1, description="`sequence` of the `resolved` event it is about.")
    resolved_at: AwareDatetime


class SolutionReturned(Payload, type="desk.solution.returned.v1", topic=names.SOLUTIONS):
    """Within seven days the trouble was there again; takes back that it lasted, if told."""

    resolution: int = Field(ge=1, description="`sequence` of the `resolved` event it is about.")
    resolved_at: AwareDatetime
    reason: ReturnReason
    ticket: str = Field(default="", description="The ticket in which the person asked again.")

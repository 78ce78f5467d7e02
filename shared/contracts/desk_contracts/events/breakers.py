"""What the open breaker of a runbook withholds: matches that get no ticket of their own."""

from datetime import datetime

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.value_types import Identifier, ShortText


class RunbookMatchesWithheld(
    Payload, type="desk.runbook.matches-withheld.v1", topic=names.AUTOMATION
):
    """The open breaker of a runbook withheld further matches of a cause that people have already.

    Told at the first one and each time that their number has doubled; the whole number is told when
    the breaker closes. Key: the runbook.
    """

    runbook: Identifier
    version: str = Field(default="", description="Content hash of the runbook.")
    title: ShortText
    team: str
    stopped_at: datetime = Field(description="Since when the breaker is open.")
    run: str = Field(default="", description="The run that opened it.")
    failures: int = Field(default=0, ge=0, description="On how many targets no cure helped.")
    count: int = Field(ge=1, description="How many matches it withheld so far.")
    targets: tuple[Identifier, ...] = Field(
        default=(), description="Of these the newest, at most 50; nothing was done to them."
    )

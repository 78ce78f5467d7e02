"""Breakers: what a runbook's withholds while it is open, and how that of a service changes."""

from datetime import datetime

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.message import Explanation
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


class ServiceBreakerOpened(Payload, type="desk.service.breaker-opened.v1", topic=names.AUTOMATION):
    """No runbook acts on a service any more, since runs there, of whichever runbooks, did not heal.

    Told again when a run fails while it is open: `until` is later then, `stopped_at` the same. Key:
    the service.
    """

    service: Identifier
    team: str = Field(description="Who answers for the service.")
    stopped_at: datetime = Field(description="Since when it is not closed.")
    until: datetime = Field(description="From then on one run may try.")
    explanation: Explanation
    failures: int = Field(ge=1, description="How many runs in a row did not heal.")
    runs: tuple[Identifier, ...] = Field(
        default=(), description="Of these the newest, at most 50; the last one opened it."
    )
    run: str = Field(description="The run that opened it.")
    runbook: Identifier = Field(description="Of that run.")


class ServiceBreakerHalfOpened(
    Payload, type="desk.service.breaker-half-opened.v1", topic=names.AUTOMATION
):
    """One run was let act on the service, to see whether cures help there again. Key: the service.

    Its end opens or closes the breaker. One that did not come to act decides nothing; the next run
    is let try then.
    """

    service: Identifier
    team: str = Field(description="Who answers for the service.")
    stopped_at: datetime = Field(description="Since when it is not closed.")
    run: str = Field(description="The run that tries.")
    runbook: Identifier = Field(description="Of that run.")


class ServiceBreakerClosed(Payload, type="desk.service.breaker-closed.v1", topic=names.AUTOMATION):
    """Runbooks may act on the service again, since a run healed there. Key: the service."""

    service: Identifier
    team: str = Field(description="Who answers for the service.")
    stopped_at: datetime = Field(description="Since when it was not closed.")
    run: str = Field(description="The run that healed.")
    runbook: Identifier = Field(description="Of that run.")


class ServiceBreakerRemoved(
    Payload, type="desk.service.breaker-removed.v1", topic=names.AUTOMATION
):
    """The charter has no breaker for the service any more, and the one that it had was not closed:
    nothing holds runbooks back there now, although no run healed. Key: the service."""

    service: Identifier
    team: str = Field(
        default="", description="Who answers for the service; empty where it is gone as well."
    )
    stopped_at: datetime = Field(description="Since when it was not closed.")
    failures: int = Field(ge=0, description="How many runs in a row had not healed by then.")

"""`desk.triage.reports`: what reports trouble, all in one partition. Key: the same for all.

Triage writes it for itself: what is unusual shows only beside all other tickets, in one order.
"""

from datetime import datetime

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.events.automation import StopKind
from desk_contracts.message import Explanation
from desk_contracts.people import PersonId
from desk_contracts.value_types import Identifier


class TroubleReported(Payload, type="desk.triage.trouble-reported.v1", topic=names.TROUBLE):
    """One ticket that reports trouble."""

    ticket: Identifier
    person: PersonId
    reported_at: datetime = Field(description="When it was asked for.")
    service: str = ""
    category: str = ""
    words: tuple[str, ...] = Field(
        default=(), description="Its first different words, as they are compared."
    )


class EvidenceChanged(Payload, type="desk.triage.evidence-changed.v1", topic=names.TROUBLE):
    """A signal of a service itself was raised, or is open no longer."""

    episode: Identifier
    service: str
    title: str = ""
    is_open: bool
    is_unknown: bool = Field(
        default=False,
        description="True if nobody watches it any more: whether it is over is not known.",
    )


class RepeatedFixReported(Payload, type="desk.triage.fix-reported.v1", topic=names.TROUBLE):
    """Automation mended the same again and again: its cause is a problem of its owner."""

    runbook: Identifier
    title: str
    why: str = ""
    team: str
    target: str = Field(default="", description="Empty where all targets were counted.")
    service: str = ""
    count: int = Field(ge=1, description="Verified cures since the last such report.")
    days: int = Field(ge=1)
    number: int = Field(ge=1)


class StopReported(Payload, type="desk.triage.stop-reported.v1", topic=names.TROUBLE):
    """Automation stopped a runbook since its repairs prove nothing, or lets it go on again."""

    runbook: Identifier
    title: str
    team: str = Field(default="", description="Who answers for it; empty once it goes on.")
    kind: StopKind
    stopped_at: datetime
    resumed_at: datetime | None = Field(
        default=None, description="Since when it goes on; none while it is stopped."
    )
    explanation: Explanation = ()
    targets: tuple[Identifier, ...] = Field(
        default=(), description="Those that show it, at most 50."
    )
    target_count: int = Field(default=0, ge=0, description="How many show it, listed or not.")
    waiting: int = Field(default=0, ge=0, description="How many runs waited when it was stopped.")
    withheld: int = Field(
        default=0, ge=0, description="How many further matches its open breaker withheld so far."
    )
    withheld_at: tuple[Identifier, ...] = Field(
        default=(), description="The newest targets of these, at most 50."
    )

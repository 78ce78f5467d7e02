"""`desk.automation`: in which mode a runbook acts, where evidence speaks for another than its own.

Key: the runbook. Each event names the content hash of the runbook: an edited one is another.
"""

from datetime import datetime
from typing import Literal

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.message import Explanation
from desk_contracts.people import OptionalPerson, PersonId
from desk_contracts.value_types import Identifier, LongText, ShortText, Value

RunbookMode = Literal["observe", "suggest", "approve", "auto"]


class PromotionEvidence(Value):
    """What the events since the runbook's mode changed last say of this version of it."""

    proposed: int = Field(default=0, ge=0, description="Runs that it proposed, or asked a yes for.")
    approved: int = Field(default=0, ge=0, description="A yes, to exactly the plan as it was.")
    denied: int = Field(default=0, ge=0, description="A no, or silence until it was over.")
    healed: int = Field(default=0, ge=0, description="Verified cures, relapsed ones included.")
    not_healed: int = Field(default=0, ge=0)
    inconclusive: int = Field(default=0, ge=0)
    in_doubt: int = Field(default=0, ge=0)
    relapsed: int = Field(default=0, ge=0, description="Of the cures, those that did not last.")
    harmed: int = Field(
        default=0, ge=0, description="Did not help and could not be wholly taken back."
    )
    stops: int = Field(
        default=0, ge=0, description="Its breaker opened, or a ring of it was not healed."
    )
    first_at: datetime | None = Field(default=None, description="The oldest of these events.")
    last_at: datetime | None = Field(default=None, description="The newest of them.")


class PromotionProposed(Payload, type="desk.runbook.promotion-proposed.v1", topic=names.AUTOMATION):
    """The evidence speaks for the next mode. Nothing changes until a person says so."""

    runbook: Identifier
    version: str = Field(description="Content hash of the runbook that it is about.")
    title: ShortText
    team: str = Field(description="Who answers for it, and decides.")
    mode: RunbookMode = Field(description="The mode that it has.")
    proposed: RunbookMode = Field(description="The mode that it may be let act in.")
    evidence: PromotionEvidence
    explanation: Explanation


class PromotionWithdrawn(
    Payload, type="desk.runbook.promotion-withdrawn.v1", topic=names.AUTOMATION
):
    """The evidence does not speak for what was proposed any more. Its mode stays as it is."""

    runbook: Identifier
    version: str = Field(description="Content hash of the runbook that it is about.")
    title: ShortText
    team: str = Field(description="Who answers for it, and was asked.")
    mode: RunbookMode = Field(description="The mode that it has.")
    proposed: RunbookMode = Field(description="The mode that was proposed.")
    evidence: PromotionEvidence
    explanation: Explanation = Field(description="What is missing, or what was bad.")


class RunbookPromoted(Payload, type="desk.runbook.promoted.v1", topic=names.AUTOMATION):
    """A person let this version of the runbook act in a higher mode."""

    runbook: Identifier
    version: str
    title: ShortText
    team: str
    previous: RunbookMode
    mode: RunbookMode
    by: PersonId
    reason: LongText
    evidence: PromotionEvidence
    explanation: Explanation


class RunbookDemoted(Payload, type="desk.runbook.demoted.v1", topic=names.AUTOMATION):
    """It acts in the mode of the charter again: for bad evidence at once, or since a person says
    so."""

    runbook: Identifier
    version: str
    title: ShortText
    team: str
    previous: RunbookMode
    mode: RunbookMode
    by: OptionalPerson = Field(default="", description="Empty where evidence did it.")
    reason: LongText = Field(default="", description="What the person said.")
    evidence: PromotionEvidence
    explanation: Explanation

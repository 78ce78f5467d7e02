"""`desk.triage`: what triage concludes about a ticket. Key: the ticket id."""

from pydantic import Field, FiniteFloat

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.events.sla import ClockName
from desk_contracts.message import Explanation
from desk_contracts.people import OptionalPerson, PersonId
from desk_contracts.value_types import Identifier, Priority, Value


class TeamProposal(Value):
    """A team that may be the right one, for the person who decides."""

    team: str
    probability: FiniteFloat = Field(ge=0, le=1, description="As calibrated on finished tickets.")
    reasons: Explanation = Field(default=(), max_length=4)


class TriageDecided(Payload, type="desk.triage.decided.v1", topic=names.TRIAGE):
    """Category, priority and team of a ticket, with the reasons in words."""

    category: str
    priority: Priority
    team: str
    service: str = ""
    member: OptionalPerson = ""
    skills: tuple[str, ...] = ()
    explanation: Explanation
    charter: str = Field(description="Version of the charter the decision rests on.")
    model: str = Field(
        default="", description="Version of the learned model that chose the team, if one did."
    )


class TriageDeferred(Payload, type="desk.triage.deferred.v1", topic=names.TRIAGE):
    """No rule knows; a person of the named team decides."""

    team: str
    explanation: Explanation
    charter: str
    proposals: tuple[TeamProposal, ...] = Field(
        default=(), max_length=3, description="What was learned proposes, the most probable first."
    )


class DuplicateFound(Payload, type="desk.triage.duplicate-found.v1", topic=names.TRIAGE):
    """The ticket tells of a problem that is known already."""

    problem: Identifier
    explanation: Explanation


class RepetitionFound(Payload, type="desk.triage.repetition-found.v1", topic=names.TRIAGE):
    """One person asks twice: the ticket says the same as an earlier one of theirs, or nearly."""

    code: str = Field(description="The code of the ticket.")
    of: Identifier = Field(description="The earlier ticket.")
    of_code: str = Field(description="The code of the earlier ticket.")
    is_exact: bool = Field(description="Word for word the same; else a person has to judge.")
    likeness: FiniteFloat = Field(ge=0, le=1, description="How alike they are; 1 is the same.")
    explanation: Explanation


class EscalationDecided(Payload, type="desk.triage.escalated.v1", topic=names.TRIAGE):
    """An SLA is at risk or breached, and what the charter wants done then; once for each level."""

    policy: str = Field(description="The level: a policy of escalation.yaml.")
    clock: ClockName
    cycle: int = Field(default=1, description="Of the clock; a ticket reopened begins anew.")
    is_offered: bool = Field(
        default=False, description="Who has it without working on it gives it back."
    )
    offered_to: tuple[PersonId, ...] = Field(
        default=(), description="Who can take it, the best first; nobody means all of the team."
    )
    priority: Priority | None = Field(default=None, description="What its priority rises to.")
    owner: str = Field(default="", description="The team that answers for the service, to be told.")
    explanation: Explanation
    charter: str = Field(description="Version of the charter the decision rests on.")

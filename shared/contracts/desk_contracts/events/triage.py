"""`desk.triage`: what triage concludes about a ticket. Key: the ticket id."""

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.message import Explanation
from desk_contracts.people import OptionalPerson
from desk_contracts.value_types import Identifier, Priority


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


class TriageDeferred(Payload, type="desk.triage.deferred.v1", topic=names.TRIAGE):
    """No rule knows; a person of the named team decides."""

    team: str
    explanation: Explanation
    charter: str


class DuplicateFound(Payload, type="desk.triage.duplicate-found.v1", topic=names.TRIAGE):
    """The ticket tells of a problem that is known already."""

    problem: Identifier
    explanation: Explanation

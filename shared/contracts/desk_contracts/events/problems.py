"""`desk.problems`: many like tickets are one problem. Key: the problem id; written by triage."""

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.message import Explanation, Message
from desk_contracts.people import PersonId
from desk_contracts.value_types import Identifier


class ProblemDetected(Payload, type="desk.problem.detected.v1", topic=names.PROBLEMS):
    """Several tickets or signals point to one cause."""

    service: str
    title: Message
    tickets: tuple[Identifier, ...]
    people: tuple[PersonId, ...]
    signals: tuple[Identifier, ...] = ()
    team: str
    message: Message = Field(description="What employees are told.")
    explanation: Explanation = ()
    charter: str = ""


class ProblemUpdated(Payload, type="desk.problem.updated.v1", topic=names.PROBLEMS):
    """More tickets belong to it; only the new ones are listed."""

    service: str
    title: Message
    tickets: tuple[Identifier, ...] = ()
    people: tuple[PersonId, ...] = ()
    message: Message | None = None


class ProblemResolved(Payload, type="desk.problem.resolved.v1", topic=names.PROBLEMS):
    """The cause is gone; every ticket that belongs to it is listed."""

    service: str
    title: Message
    tickets: tuple[Identifier, ...]
    people: tuple[PersonId, ...]
    resolution: Message = Field(description="What is said of its end.")

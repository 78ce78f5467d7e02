"""`desk.problems`: many like tickets are one problem. Key: the problem id; written by triage."""

from enum import StrEnum

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.events.automation import StopKind
from desk_contracts.message import Explanation, Message
from desk_contracts.people import OptionalPerson, PersonId
from desk_contracts.value_types import Identifier

# One event may not be large enough to list them.
_TICKET_COUNT = "How many tickets are in it, listed here or not; none in older events."
_PEOPLE_COUNT = "How many people are in it, listed here or not; none in older events."


class ProblemStatus(StrEnum):
    """A proposed one is its owner's to judge; only of a confirmed one people are told.

    It is confirmed by a member, by a signal of the service itself, or by so many reports that
    chance is out of the question; `explanation` says by which.
    """

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"


class ProblemEnd(StrEnum):
    """How a problem ended: only what is solved is over for the people in it."""

    SOLVED = "solved"
    FADED = "faded"
    REJECTED = "rejected"
    MERGED = "merged"


class ProblemDetected(Payload, type="desk.problem.detected.v1", topic=names.PROBLEMS):
    """Several tickets or signals point to one cause."""

    service: str = Field(description="Empty if it is not known which service it is.")
    title: Message
    tickets: tuple[Identifier, ...]
    people: tuple[PersonId, ...]
    signals: tuple[Identifier, ...] = ()
    team: str
    message: Message = Field(description="What employees are told.")
    explanation: Explanation = ()
    charter: str = ""
    status: ProblemStatus = ProblemStatus.CONFIRMED
    recalls: str = Field(default="", description="The problem before, that it looks like.")
    ticket_count: int | None = Field(default=None, ge=0, description=_TICKET_COUNT)
    people_count: int | None = Field(default=None, ge=0, description=_PEOPLE_COUNT)
    runbook: str = Field(
        default="",
        description="The fix that is needed too often, or stopped, where nothing else points to"
        " the problem.",
    )
    stop: StopKind | None = Field(
        default=None, description="Why the runbook was stopped, where that points to the problem."
    )


class ProblemConfirmed(Payload, type="desk.problem.confirmed.v1", topic=names.PROBLEMS):
    """A proposed problem is one: all its people are told from now on."""

    service: str
    title: Message
    tickets: tuple[Identifier, ...]
    people: tuple[PersonId, ...]
    team: str
    message: Message = Field(description="What employees are told.")
    explanation: Explanation = ()
    by: OptionalPerson = Field(
        default="", description="The member who said so; empty if the desk did."
    )
    ticket_count: int | None = Field(default=None, ge=0, description=_TICKET_COUNT)
    people_count: int | None = Field(default=None, ge=0, description=_PEOPLE_COUNT)


class ProblemUpdated(Payload, type="desk.problem.updated.v1", topic=names.PROBLEMS):
    """More tickets belong to it; only the new ones are listed. Or some do not belong to it."""

    service: str
    title: Message
    tickets: tuple[Identifier, ...] = ()
    people: tuple[PersonId, ...] = ()
    message: Message | None = None
    status: ProblemStatus = ProblemStatus.CONFIRMED
    removed: tuple[Identifier, ...] = Field(
        default=(), description="Tickets that do not belong to it, as somebody said."
    )
    removed_people: tuple[PersonId, ...] = Field(
        default=(),
        description="People in it no longer, nor in a problem that was split off from it.",
    )
    explanation: Explanation = Field(
        default=(), description="What its owner hears of it besides: news of a stopped runbook."
    )
    ticket_count: int | None = Field(default=None, ge=0, description=_TICKET_COUNT)
    people_count: int | None = Field(default=None, ge=0, description=_PEOPLE_COUNT)


class ProblemResolved(Payload, type="desk.problem.resolved.v1", topic=names.PROBLEMS):
    """It is over; every ticket that belongs to it is listed."""

    service: str
    title: Message
    tickets: tuple[Identifier, ...]
    people: tuple[PersonId, ...]
    resolution: Message = Field(description="What is said of its end.")
    status: ProblemStatus = ProblemStatus.CONFIRMED
    is_solved: bool = Field(
        default=True,
        description="False if reports only stopped, or it was none: its tickets stay as they are.",
    )
    cleared: tuple[Identifier, ...] = Field(
        default=(),
        description="The signals whose end showed that it is over; none where a person said so.",
    )
    end: ProblemEnd | None = Field(
        default=None,
        description="Solved; faded: reports only stopped; rejected: it was none; merged: another"
        " problem has its tickets. None in older events, where `is_solved` says all.",
    )
    merged_into: str = Field(
        default="", description="The problem that goes on, where `end` is merged."
    )
    ticket_count: int | None = Field(default=None, ge=0, description=_TICKET_COUNT)

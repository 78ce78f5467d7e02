"""What intake knows of a problem: enough to answer "is it down?". Fed by triage's events."""

from datetime import datetime

from desk_contracts import Event
from desk_contracts.events.problems import (
    ProblemConfirmed,
    ProblemDetected,
    ProblemResolved,
    ProblemStatus,
    ProblemUpdated,
)
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message
from desk_kernel import Reducers


class KnownProblem(Frozen):
    """One trouble with many tickets, as employees may see it."""

    id: str
    service: str
    title: Message
    message: Message | None = None
    team: str = ""
    tickets: int = 0
    people: int = 0
    is_open: bool = True
    # One that is only proposed is its owner's to judge, and shown to nobody else.
    is_confirmed: bool = True
    since: datetime
    updated_at: datetime
    resolution: Message | None = None


# The problem after the event; None where there is nothing to know.
apply: Reducers[KnownProblem | None, [], KnownProblem | None] = Reducers(
    lambda _open_problem, _event: None
)


def _choose(stated: int | None, counted: int) -> int:
    """What the event states; what was counted where it states nothing.

    A confirmation lists some tickets once more, and a removal does not say of whom they were.
    """
    return counted if stated is None else stated


@apply.on(ProblemDetected)
def _detect(problem: KnownProblem | None, event: Event[ProblemDetected]) -> KnownProblem:
    data = event.data
    return problem or KnownProblem(
        id=event.subject,
        service=data.service,
        title=data.title,
        message=data.message,
        team=data.team,
        tickets=_choose(data.ticket_count, len(data.tickets)),
        people=_choose(data.people_count, len(data.people)),
        is_confirmed=data.status is ProblemStatus.CONFIRMED,
        since=event.time,
        updated_at=event.time,
    )


@apply.on(ProblemConfirmed)
def _confirm(before: KnownProblem | None, event: Event[ProblemConfirmed]) -> KnownProblem:
    problem, data = before or _met_late(event), event.data
    return problem.model_copy(
        update={
            "title": data.title,
            "message": data.message,
            "team": data.team,
            "tickets": _choose(data.ticket_count, max(problem.tickets, len(data.tickets))),
            "people": _choose(data.people_count, max(problem.people, len(data.people))),
            "is_confirmed": True,
            "updated_at": max(problem.updated_at, event.time),
        }
    )


def _met_late(
    event: Event[ProblemConfirmed | ProblemUpdated | ProblemResolved],
) -> KnownProblem:
    """Its beginning was before our time; the rest is still worth telling."""
    return KnownProblem(
        id=event.subject,
        service=event.data.service,
        title=event.data.title,
        is_confirmed=getattr(event.data, "status", ProblemStatus.CONFIRMED)
        is ProblemStatus.CONFIRMED,
        since=event.time,
        updated_at=event.time,
    )


@apply.on(ProblemUpdated)
def _update(before: KnownProblem | None, event: Event[ProblemUpdated]) -> KnownProblem:
    problem, data = before or _met_late(event), event.data
    more = len(data.tickets) - len(data.removed)
    return problem.model_copy(
        update={
            "title": data.title,
            "message": data.message or problem.message,
            "tickets": _choose(data.ticket_count, max(0, problem.tickets + more)),
            "people": _choose(data.people_count, problem.people + len(data.people)),
            "updated_at": max(problem.updated_at, event.time),
        }
    )


@apply.on(ProblemResolved)
def _resolve(before: KnownProblem | None, event: Event[ProblemResolved]) -> KnownProblem:
    problem, data = before or _met_late(event), event.data
    return problem.model_copy(
        update={
            "is_open": False,
            "resolution": data.resolution,
            "updated_at": max(problem.updated_at, event.time),
        }
    )

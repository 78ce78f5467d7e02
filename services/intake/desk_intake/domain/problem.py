"""What intake knows of a problem: enough to answer "is it down?". Fed by triage's events."""

from datetime import datetime

from desk_shared.events import AnyEvent
from desk_shared.events.message import Message
from desk_shared.events.problems import ProblemDetected, ProblemResolved, ProblemUpdated
from desk_shared.frozen import Frozen


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
    since: datetime
    updated_at: datetime
    resolution: Message | None = None


def apply(problem: KnownProblem | None, event: AnyEvent) -> KnownProblem | None:
    """The problem after the event; None where there is nothing to know."""
    data = event.data
    if isinstance(data, ProblemDetected):
        return problem or _opened(event, data)
    if isinstance(data, ProblemUpdated):
        return _updated(problem or _met_late(event, data.service, data.title), event, data)
    if isinstance(data, ProblemResolved):
        return _resolved(problem or _met_late(event, data.service, data.title), event, data)
    return None


def _opened(event: AnyEvent, data: ProblemDetected) -> KnownProblem:
    return KnownProblem(
        id=event.subject,
        service=data.service,
        title=data.title,
        message=data.message,
        team=data.team,
        tickets=len(data.tickets),
        people=len(data.people),
        since=event.time,
        updated_at=event.time,
    )


def _met_late(event: AnyEvent, service: str, title: Message) -> KnownProblem:
    """Its beginning was before our time; the rest is still worth telling."""
    return KnownProblem(
        id=event.subject, service=service, title=title, since=event.time, updated_at=event.time
    )


def _updated(problem: KnownProblem, event: AnyEvent, data: ProblemUpdated) -> KnownProblem:
    return problem.model_copy(
        update={
            "title": data.title,
            "message": data.message or problem.message,
            "tickets": problem.tickets + len(data.tickets),
            "people": problem.people + len(data.people),
            "updated_at": max(problem.updated_at, event.time),
        }
    )


def _resolved(problem: KnownProblem, event: AnyEvent, data: ProblemResolved) -> KnownProblem:
    return problem.model_copy(
        update={
            "is_open": False,
            "resolution": data.resolution,
            "updated_at": max(problem.updated_at, event.time),
        }
    )

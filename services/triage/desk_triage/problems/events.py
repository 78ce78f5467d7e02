"""The events about a problem, each of which stays small."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from desk_charter.model import Charter
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.problems import (
    ProblemConfirmed,
    ProblemDetected,
    ProblemEnd,
    ProblemResolved,
    ProblemUpdated,
)
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, message

from desk_triage.problems.model import Problem
from desk_triage.routing.model import SOURCE

# An event stays under 64 KiB with its texts; the rest is room for envelope and explanation.
MAX_LIST_BYTES = 32 * 1024

Member = tuple[str, str]


class Ending(NamedTuple):
    """How a problem ends, and what is said of it."""

    how: ProblemEnd
    why: Message
    # The signals whose end showed that it is over.
    cleared: tuple[str, ...] = ()
    # The problem that goes on.
    merged_into: str = ""


def title_of(charter: Charter, service: str) -> Message:
    """What a problem of the service is called; one of no known service has no name of its own."""
    if not service:
        return message("problem.title-unnamed")
    owned = charter.find_service(service)
    return message("problem.title", service=owned.title if owned else service)


def describe_problem(
    problem: Problem, reasons: Sequence[Message], charter: str, at: datetime, cause: str
) -> list[AnyEvent]:
    """That there may be one problem; members beyond what one event may list follow as updates."""
    first, *more = split_members(problem.members)
    detected = ProblemDetected(
        service=problem.service,
        title=problem.title,
        tickets=tuple(ticket for ticket, _ in first),
        people=_list_people(first),
        signals=problem.signals,
        team=problem.team,
        message=problem.message,
        explanation=tuple(reasons),
        charter=charter,
        status=problem.status,
        recalls=problem.recalls,
        ticket_count=problem.tickets,
        people_count=problem.head_count,
        runbook=problem.runbook,
        stop=problem.stop,
    )
    event = _event(problem, detected, "problem/detected", at, cause)
    return [event, *_describe_more(problem, more, _list_people(first), at, cause)]


def describe_confirmation(
    problem: Problem, reasons: Sequence[Message], by: str, at: datetime, cause: str = ""
) -> list[AnyEvent]:
    """That it is one; people beyond what one event may list follow as updates."""
    first, *more = split_members(problem.members)
    confirmed = ProblemConfirmed(
        service=problem.service,
        title=problem.title,
        tickets=tuple(ticket for ticket, _ in first),
        people=_list_people(first),
        team=problem.team,
        message=problem.message,
        explanation=tuple(reasons),
        by=by,
        ticket_count=problem.tickets,
        people_count=problem.head_count,
    )
    event = _event(problem, confirmed, "problem/confirmed", at, cause)
    updates = _describe_more(problem, more, _list_people(first), at, cause, "confirmed")
    return [event, *updates]


def describe_update(problem: Problem, at: datetime, cause: str = "") -> list[AnyEvent]:
    """That those who are joining belong to it; only people no event has named yet are named."""
    joining = set(problem.joining)
    named = {person for ticket, person in problem.members if (ticket, person) not in joining}
    return _describe_more(problem, split_members(problem.joining), named, at, cause)


def explain_joining(problem: Problem) -> tuple[Message, ...]:
    """Why those who are joining do, where their words do not show it."""
    count = problem.joining_by_meaning
    return (message("problem.joined-by-meaning", count=count),) if count else ()


def describe_removal(
    problem: Problem, gone: Sequence[Member], at: datetime, *, is_split: bool = False
) -> list[AnyEvent]:
    """That these do not belong to it, over as many events as that takes.

    Whoever has no ticket in it any more is named, once; after a split they are in the other one.
    """
    named, events = set(problem.people), list[AnyEvent]()
    for members in split_members(gone):
        people = [person for person in _list_people(members) if person not in named]
        named.update(people)
        removed = ProblemUpdated(
            service=problem.service,
            title=problem.title,
            message=problem.message,
            status=problem.status,
            removed=tuple(ticket for ticket, _ in members),
            removed_people=() if is_split else tuple(people),
            ticket_count=problem.tickets,
            people_count=problem.head_count,
        )
        events.append(_event(problem, removed, f"problem/removed/{members[0][0]}", at))
    return events


def describe_change(
    problem: Problem, reasons: Sequence[Message], rule: str, at: datetime, cause: str
) -> AnyEvent:
    """What its owner hears while nothing joins it."""
    update = ProblemUpdated(
        service=problem.service,
        title=problem.title,
        message=problem.message,
        status=problem.status,
        explanation=tuple(reasons),
        ticket_count=problem.tickets,
        people_count=problem.head_count,
    )
    return _event(problem, update, f"problem/changed/{rule}", at, cause)


def describe_resolution(problem: Problem, at: datetime, ending: Ending) -> list[AnyEvent]:
    """That it is over. Every listed member is named once, over as many events as that takes."""
    events = list[AnyEvent]()
    for number, members in enumerate(split_members(problem.members)):
        resolved = ProblemResolved(
            service=problem.service,
            title=problem.title,
            tickets=tuple(ticket for ticket, _ in members),
            people=_list_people(members),
            resolution=ending.why,
            status=problem.status,
            is_solved=ending.how is ProblemEnd.SOLVED,
            cleared=ending.cleared,
            end=ending.how,
            merged_into=ending.merged_into,
            ticket_count=problem.tickets,
        )
        events.append(_event(problem, resolved, f"problem/resolved/{number}", at))
    return events


def _describe_more(
    problem: Problem,
    parts: Iterable[Sequence[Member]],
    named: Iterable[str],
    at: datetime,
    cause: str,
    rule: str = "updated",
) -> list[AnyEvent]:
    """As many events as it takes. A ticket joins once, so the first one of a list makes its id."""
    listed, events = set(named), list[AnyEvent]()
    for members in parts:
        update = ProblemUpdated(
            service=problem.service,
            title=problem.title,
            tickets=tuple(ticket for ticket, _ in members),
            people=tuple(person for person in _list_people(members) if person not in listed),
            message=problem.message,
            status=problem.status,
            explanation=() if events else explain_joining(problem),
            ticket_count=problem.tickets,
            people_count=problem.head_count,
        )
        listed.update(_list_people(members))
        events.append(_event(problem, update, f"problem/{rule}/{members[0][0]}", at, cause))
    return events


def _event(
    problem: Problem, data: Payload, rule: str, at: datetime, cause: str = ""
) -> Event[Payload]:
    return Event(
        id=derive_id(problem.id, rule),
        source=SOURCE,
        subject=problem.id,
        time=at,
        data=data,
        correlation_id=problem.id,
        causation_id=cause,
    )


def split_members(members: Iterable[Member]) -> Iterator[list[Member]]:
    """The members in lists small enough for one event each; at least one list."""
    batch: list[Member] = []
    size = 0
    for member in members:
        needs = sum(len(text.encode()) + 4 for text in member)
        if batch and size + needs > MAX_LIST_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(member)
        size += needs
    yield batch


def _list_people(members: Sequence[Member]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(person for _, person in members))

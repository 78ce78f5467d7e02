"""The events about a problem, each of which stays small."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from desk_charter.model import Charter
from desk_contracts import AnyEvent, Event, derive
from desk_contracts.events.problems import ProblemDetected, ProblemResolved, ProblemUpdated
from desk_contracts.events.triage import DuplicateFound
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, message

from desk_triage.problems.model import IncidentCluster, Problem
from desk_triage.routing.model import SOURCE

# An event stays under 64 KiB with its texts; the rest is room for envelope and explanation.
MAX_LIST_BYTES = 32 * 1024

Member = tuple[str, str]


def title_of(charter: Charter, service: str) -> str:
    """The service as people call it."""
    owned = charter.find_service(service)
    return owned.title if owned else service


def describe_problem(
    cause: AnyEvent,
    cluster: IncidentCluster,
    problem: Problem,
    reasons: Sequence[Message],
    charter: Charter,
) -> list[AnyEvent]:
    """That there is one problem; members beyond what one event may list follow as updates."""
    first, *more = split_members(problem.members)
    detected = ProblemDetected(
        service=cluster.service,
        title=problem.title,
        tickets=tuple(ticket for ticket, _ in first),
        people=_list_people(first),
        signals=problem.signals,
        team=problem.team,
        message=problem.message,
        explanation=tuple(reasons),
        charter=charter.version,
    )
    event = derive(
        cause,
        detected,
        source=SOURCE,
        subject=problem.id,
        rule="problem/detected",
        at=cause.time,
    )
    updates = _describe_more(cause, cluster, problem, more, _list_people(first), cause.time)
    return [event, *updates]


def describe_update(
    cluster: IncidentCluster, problem: Problem, at: datetime, cause: AnyEvent | None = None
) -> list[AnyEvent]:
    """That those who are joining belong to it; only people no event has named yet are named."""
    joining = set(problem.joining)
    named = {person for ticket, person in problem.members if (ticket, person) not in joining}
    return _describe_more(cause, cluster, problem, split_members(problem.joining), named, at)


def _describe_more(
    cause: AnyEvent | None,
    cluster: IncidentCluster,
    problem: Problem,
    parts: Iterable[Sequence[Member]],
    named: Iterable[str],
    at: datetime,
) -> list[AnyEvent]:
    """As many events as it takes. A ticket joins once, so the first one of a list makes its id."""
    listed, events = set(named), list[AnyEvent]()
    for members in parts:
        update = ProblemUpdated(
            service=cluster.service,
            title=problem.title,
            tickets=tuple(ticket for ticket, _ in members),
            people=tuple(person for person in _list_people(members) if person not in listed),
            message=problem.message,
        )
        listed.update(_list_people(members))
        events.append(
            Event(
                id=derive_id(problem.id, f"problem/updated/{members[0][0]}"),
                source=SOURCE,
                subject=problem.id,
                time=at,
                data=update,
                correlation_id=problem.id,
                causation_id=cause.id if cause else "",
            )
        )
    return events


def describe_duplicate(cause: AnyEvent, problem: Problem, service: str) -> AnyEvent:
    """That a ticket tells of a problem that is known already."""
    duplicate = DuplicateFound(
        problem=problem.id, explanation=(message("problem.duplicate", service=service),)
    )
    return derive(
        cause,
        duplicate,
        source=SOURCE,
        subject=cause.subject,
        rule=f"duplicate/{problem.id}",
        at=cause.time,
    )


def describe_resolution(
    cluster: IncidentCluster, problem: Problem, at: datetime, resolution: Message
) -> tuple[AnyEvent, ...]:
    """That it is over. Every listed member is named once, over as many events as that takes."""
    return tuple(
        Event(
            id=derive_id(problem.id, "problem/resolved", number),
            source=SOURCE,
            subject=problem.id,
            time=at,
            data=ProblemResolved(
                service=cluster.service,
                title=problem.title,
                tickets=tuple(ticket for ticket, _ in members),
                people=_list_people(members),
                resolution=resolution,
            ),
            correlation_id=problem.id,
        )
        for number, members in enumerate(split_members(problem.members))
    )


def split_members(members: Sequence[Member]) -> Iterator[list[Member]]:
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

"""Who joined a problem without a ticket, so that they are told of its end. Pure.

Those with a ticket are listed by the problem itself. The end and the joining come on two topics, in
any order; whoever joined is told, also where the end was read first.
"""

from collections.abc import Iterator, Sequence

from desk_contracts import AnyEvent, Event, derive
from desk_contracts.events.feedback import ContactEnded, ContactPrevented, Taken
from desk_contracts.events.problems import ProblemEnd, ProblemResolved
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message
from desk_contracts.people import PersonId
from desk_kernel import Decision, Readings, Reducers

from desk_intake.tickets.record import SOURCE

# So many are told by one event; it stays below what a topic takes.
MOST_PEOPLE = 500


class End(Frozen):
    """How a problem ended."""

    title: Message
    resolution: Message
    is_solved: bool
    how: ProblemEnd | None = None
    merged_into: str = ""


class JoinedProblem(Frozen):
    """A problem, those who joined it without a ticket and are to be told, and how it ended."""

    people: tuple[PersonId, ...] = ()
    end: End | None = None


# Which problem an event is about; empty if none is joined or ends.
problem_of: Readings[str] = Readings("")
# The problem after the event; None if nothing changes.
follow_joining: Reducers[JoinedProblem, [], Decision[JoinedProblem] | None] = Reducers(
    lambda _problem, _event: None
)


@problem_of.on(ContactPrevented)
def _find_target(event: Event[ContactPrevented]) -> str:
    return event.data.target if event.data.taken is Taken.PROBLEM else ""


@problem_of.on(ProblemResolved)
def _find_ended(event: Event[ProblemResolved]) -> str:
    return event.subject


@problem_of.on(ContactEnded)
def _find_merged(event: Event[ContactEnded]) -> str:
    return event.data.merged_into


@follow_joining.on(ContactPrevented)
def _join(problem: JoinedProblem, event: Event[ContactPrevented]) -> Decision[JoinedProblem] | None:
    return _add(problem, (event.data.by,), event.data.target, event)


@follow_joining.on(ContactEnded)
def _take_over(
    problem: JoinedProblem, event: Event[ContactEnded]
) -> Decision[JoinedProblem] | None:
    """Who joined one that was merged into this one has joined this one."""
    return _add(problem, event.data.people, event.data.merged_into, event)


def _add(
    problem: JoinedProblem, people: Sequence[str], id: str, cause: AnyEvent
) -> Decision[JoinedProblem] | None:
    if problem.end is not None:
        return Decision(problem, tuple(_announce(problem.end, people, id, cause)))
    added = tuple(person for person in people if person not in problem.people)
    if not added:
        return None
    return Decision(problem.model_copy(update={"people": (*problem.people, *added)}))


@follow_joining.on(ProblemResolved)
def _finish(
    problem: JoinedProblem, event: Event[ProblemResolved]
) -> Decision[JoinedProblem] | None:
    if problem.end is not None:
        return None
    data = event.data
    end = End(
        title=data.title,
        resolution=data.resolution,
        is_solved=data.is_solved,
        how=data.end,
        merged_into=data.merged_into,
    )
    announced = tuple(_announce(end, problem.people, event.subject, event))
    return Decision(JoinedProblem(end=end), announced)


def _announce(end: End, people: Sequence[str], problem: str, cause: AnyEvent) -> Iterator[AnyEvent]:
    for ordinal, first in enumerate(range(0, len(people), MOST_PEOPLE)):
        data = ContactEnded(
            problem=problem,
            title=end.title,
            resolution=end.resolution,
            is_solved=end.is_solved,
            end=end.how,
            merged_into=end.merged_into,
            people=tuple(people[first : first + MOST_PEOPLE]),
        )
        yield derive(
            cause,
            data,
            source=SOURCE,
            subject=problem,
            rule="joined-problem-over",
            at=cause.time,
            ordinal=ordinal,
        )

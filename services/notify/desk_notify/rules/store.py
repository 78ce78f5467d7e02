"""What the rules keep: a document per ticket, per person and per topic of a team."""

from collections.abc import Iterable
from typing import TypeVar

from desk_contracts import AnyEvent, Event, names
from desk_contracts.events.problems import ProblemResolved, ProblemUpdated
from desk_kernel import Context, Decision, Readings
from desk_platform.kafka import Projection
from desk_platform.store import Documents, Schema
from pydantic import BaseModel

from desk_notify.rendering.notice import Messages
from desk_notify.rules import people, team_topics, tickets
from desk_notify.rules.model import Person, TeamTopic, Ticket
from desk_notify.subscriptions.model import CurrentDirectory

S = TypeVar("S", bound=BaseModel)

TICKETS = Schema(
    "tickets",
    Ticket,
    kept="one for each ticket, always: nothing is told twice",
)
PEOPLE = Schema(
    "people",
    Person,
    kept="one for each person",
)
TEAM_TOPICS = Schema(
    "team_topics",
    TeamTopic,
    kept="one for each matter that a team was told of, always: nothing is told twice",
)


# The tickets that a problem's end concerns, or that do not belong to it any more.
tickets_of: Readings[Iterable[str]] = Readings(())


@tickets_of.on(ProblemResolved)
def _find_solved(event: Event[ProblemResolved]) -> Iterable[str]:
    return event.data.tickets


@tickets_of.on(ProblemUpdated)
def _find_removed(event: Event[ProblemUpdated]) -> Iterable[str]:
    return event.data.removed


def ticket_projection(
    documents: Documents[Ticket], directory_now: CurrentDirectory
) -> Projection[Ticket]:
    """A document per ticket, fed by its own life, its SLAs and the end of its problem."""

    def keys(event: AnyEvent) -> Iterable[str]:
        if of_problem := tickets_of(event):
            return dict.fromkeys(of_problem)
        is_ours = event.data.TOPIC == names.TICKETS or tickets.concerns(event)
        return (event.subject,) if is_ours else ()

    def react(state: Ticket | None, event: AnyEvent, _context: Context) -> Decision[Ticket] | None:
        return _decision(tickets.react(state, event, directory_now()))

    return Projection(documents, keys, react, ordered=True)


def person_projection(
    documents: Documents[Person], directory_now: CurrentDirectory
) -> Projection[Person]:
    """A document per person, so that nobody is told twice of one problem."""

    def react(state: Person | None, event: AnyEvent, context: Context) -> Decision[Person] | None:
        return _decision(people.react(state, context.id, event, directory_now()))

    return Projection(documents, people.people_of, react)


def team_topic_projection(
    documents: Documents[TeamTopic], directory_now: CurrentDirectory
) -> Projection[TeamTopic]:
    """A document per problem, failed repair, alarming signal and report, for its team."""

    def react(
        state: TeamTopic | None, event: AnyEvent, _context: Context
    ) -> Decision[TeamTopic] | None:
        return _decision(team_topics.react(state, event, directory_now()))

    return Projection(documents, team_topics.topics_of, react)


def _decision(conclusion: tuple[S, Messages] | None) -> Decision[S] | None:
    return None if conclusion is None else Decision(*conclusion)

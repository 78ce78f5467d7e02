"""How prevented contacts are kept and follow tickets; what the index of problems knows."""

from collections.abc import Iterable
from datetime import datetime

from desk_contracts import AnyEvent, Event
from desk_contracts.events.tickets import Kind, TicketOpened
from desk_contracts.messages import LANGUAGES, catalogue
from desk_contracts.text import plain_words
from desk_kernel import Context, Decision, Readings, Reducers
from desk_platform.kafka import Projection
from desk_platform.similar import IndexedModel, Written
from desk_platform.store import Documents, Schema

from desk_intake.before.decide import compare_ticket, forget
from desk_intake.before.joined import JoinedProblem, follow_joining, problem_of
from desk_intake.before.model import PersonContacts
from desk_intake.status.model import KnownProblem
from desk_intake.status.model import apply as follow_known

CONTACTS = Schema(
    collection="contacts",
    model=PersonContacts,
    kept="one for each person; what is in it for 90 days at most",
)
JOINED = Schema(
    collection="joined",
    model=JoinedProblem,
    kept="one for each problem that somebody joined",
)


def contacts_projection(documents: Documents[PersonContacts]) -> Projection[PersonContacts]:
    """What people took instead of a ticket, compared with the tickets that they log after all."""

    def react(
        state: PersonContacts | None, event: AnyEvent, _context: Context
    ) -> Decision[PersonContacts] | None:
        return _react(state, event)

    def on_timer(state: PersonContacts | None, context: Context) -> Decision[PersonContacts] | None:
        return None if state is None else forget(state, context.now)

    return Projection(documents, _keys, react, on_timer)


def follow_joined(documents: Documents[JoinedProblem]) -> Projection[JoinedProblem]:
    """A document for each problem that somebody joined without a ticket, or that is over."""

    def keys(event: AnyEvent) -> Iterable[str]:
        problem = problem_of(event)
        return (problem,) if problem else ()

    def react(
        state: JoinedProblem | None, event: AnyEvent, _context: Context
    ) -> Decision[JoinedProblem] | None:
        return follow_joining(state or JoinedProblem(), event)

    return Projection(documents, keys=keys, react=react)


_keys: Readings[Iterable[str]] = Readings(())
_react: Reducers[PersonContacts | None, [], Decision[PersonContacts] | None] = Reducers(
    lambda _state, _event: None
)
_react.on(TicketOpened)(compare_ticket)


@_keys.on(TicketOpened)
def _find_person(event: Event[TicketOpened]) -> Iterable[str]:
    """What the desk opens by itself nobody logged, nor what a member splits off a ticket."""
    is_logged = event.data.kind is not Kind.PROACTIVE and not event.data.split_from
    return (event.data.requester,) if is_logged else ()


class IndexedProblem(IndexedModel):
    """A problem as it is found. Whether it is still open, its document says."""

    problem: KnownProblem

    @property
    def tags(self) -> frozenset[str]:
        """Whether people are told of it, and its service."""
        if not (self.problem.is_open and self.problem.is_confirmed):
            return frozenset()
        service = plain_words(self.problem.service)
        return frozenset({"open", *({f"about:{service}"} if service else ())})

    @property
    def texts(self) -> tuple[Written, ...]:
        """What people are told, in every language of the desk."""
        title, notice = self.problem.title, self.problem.message
        return tuple(
            Written(
                catalogue(language).render(title),
                catalogue(language).render(notice) if notice else "",
                language,
            )
            for language in LANGUAGES
        )

    @property
    def at(self) -> datetime:
        """When it began."""
        return self.problem.since


def follow_problem(indexed: IndexedProblem | None, event: AnyEvent) -> IndexedProblem | None:
    """The problem after an event; None if nothing of it changes."""
    before = indexed.problem if indexed else None
    after = follow_known(before, event)
    return None if after is None or after == before else IndexedProblem(id=after.id, problem=after)

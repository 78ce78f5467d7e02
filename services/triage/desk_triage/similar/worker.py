"""Follows the tickets of each person."""

from collections.abc import Iterable

from desk_contracts import AnyEvent, Event
from desk_contracts.events.tickets import Kind, TicketOpened
from desk_kernel import Context, Decision, Readings, Reducers
from desk_platform.kafka import Projection
from desk_platform.store import Documents

from desk_triage.similar.decide import remember
from desk_triage.similar.model import PersonTickets


def person_projection(documents: Documents[PersonTickets]) -> Projection[PersonTickets]:
    """The latest tickets of each person; what the desk opens by itself repeats nobody."""

    def react(
        state: PersonTickets | None, event: AnyEvent, _context: Context
    ) -> Decision[PersonTickets] | None:
        return _react(state, event)

    return Projection(documents, _keys, react)


_keys: Readings[Iterable[str]] = Readings(())
_react: Reducers[PersonTickets | None, [], Decision[PersonTickets] | None] = Reducers(
    lambda _state, _event: None
)
_react.on(TicketOpened)(remember)


@_keys.on(TicketOpened)
def _find_person(event: Event[TicketOpened]) -> Iterable[str]:
    return () if event.data.kind is Kind.PROACTIVE else (event.data.requester,)

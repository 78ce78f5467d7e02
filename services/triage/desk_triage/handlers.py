"""The folds of triage: which documents an event concerns, and the rule that decides for one."""

from collections.abc import Iterable
from dataclasses import dataclass

from desk_shared.bus import Fold, Reacted, Turn
from desk_shared.events import AnyEvent, Event
from desk_shared.events.changes import ChangeFinished, ChangeStarted
from desk_shared.events.tickets import TicketOpened
from desk_shared.store import Documents
from desk_shared.store.document import S

from desk_triage.domain import changes, tickets
from desk_triage.domain.changes import ServiceChanges
from desk_triage.domain.model import Ticket
from desk_triage.domain.outcome import Outcome
from desk_triage.ports import CharterInForce, Noticeboard


@dataclass(frozen=True, slots=True)
class Known:
    """What every rule is told beside its event."""

    charter: CharterInForce
    board: Noticeboard


def ticket_fold(documents: Documents[Ticket], known: Known) -> Fold[Ticket]:
    """Tickets in their strict order: decided when opened, then watched for corrections."""

    def react(state: Ticket | None, event: AnyEvent, _turn: Turn) -> Reacted[Ticket] | None:
        if isinstance(event.data, TicketOpened):
            opened: Event[TicketOpened] = event  # type: ignore[assignment]
            return None if state else _reacted(_open(opened, known))
        after = tickets.follow(state, event) if state else None
        return None if after is None else Reacted(after)

    return Fold(documents, _ticket_keys, react, ordered=True)


def _open(event: Event[TicketOpened], known: Known) -> Outcome[Ticket]:
    return tickets.open_ticket(event, known.charter.current, known.board.current)


def _ticket_keys(event: AnyEvent) -> Iterable[str]:
    return (event.subject,) if event.data.TOPIC == TicketOpened.TOPIC else ()


def change_fold(documents: Documents[ServiceChanges]) -> Fold[ServiceChanges]:
    """Changes of each service, forgotten when nobody suspects them any more."""

    def keys(event: AnyEvent) -> Iterable[str]:
        return (event.subject,) if isinstance(event.data, ChangeStarted | ChangeFinished) else ()

    def react(
        state: ServiceChanges | None, event: AnyEvent, _turn: Turn
    ) -> Reacted[ServiceChanges] | None:
        outcome = changes.follow(state, event)
        return None if outcome is None else _reacted(outcome)

    def wake(state: ServiceChanges | None, turn: Turn) -> Reacted[ServiceChanges] | None:
        return None if state is None else _reacted(changes.forget(state, turn.now))

    return Fold(documents, keys, react, wake)


def _reacted(outcome: Outcome[S]) -> Reacted[S]:
    return Reacted(outcome.state, outcome.events, outcome.due)

"""The bus side of metrics: each ticket's clocks, folded from events and woken by timers."""

from collections.abc import Callable, Iterable
from datetime import datetime

from desk_shared.bus import Fold, Reacted, Turn
from desk_shared.events import AnyEvent
from desk_shared.events.names import TICKETS
from desk_shared.store import Documents

from desk_metrics.domain.clocks import TicketClocks, evolve
from desk_metrics.domain.policies import PolicyBook
from desk_metrics.domain.telling import decide

READS = (TICKETS,)


def clocks_fold(
    documents: Documents[TicketClocks], book: Callable[[], PolicyBook]
) -> Fold[TicketClocks]:
    """The promises of tickets. Events are judged at their own time, so a replayed year of them
    says what living through it said; timers then bring each ticket up to the present."""

    def keys(event: AnyEvent) -> Iterable[str]:
        return (event.subject,) if event.topic == TICKETS else ()

    def react(
        state: TicketClocks | None, event: AnyEvent, turn: Turn
    ) -> Reacted[TicketClocks] | None:
        after = evolve(state or TicketClocks(event.subject), event)
        return _decided(after, book(), min(event.time, turn.now))

    def wake(state: TicketClocks | None, turn: Turn) -> Reacted[TicketClocks] | None:
        return None if state is None else _decided(state, book(), turn.now)

    return Fold(documents, keys=keys, react=react, wake=wake, ordered=True)


def _decided(state: TicketClocks, book: PolicyBook, at: datetime) -> Reacted[TicketClocks]:
    decision = decide(state, book, at)
    return Reacted(decision.state, decision.events, decision.due)

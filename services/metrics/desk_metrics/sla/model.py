"""The clocks of one ticket as they are kept: its facts by sequence, what was emitted of them."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from desk_contracts.envelope import AnyEvent
from desk_contracts.errors import Invalid
from desk_contracts.events.sla import ClockName

from desk_metrics.sla.facts import Fact, Moment, add_fact, read_fact

# What became of it and when: enough to know whether a transition was emitted already.
Mark: TypeAlias = tuple[str, Moment]

_NOTHING: Moment = (0, 0)


class Emitted(NamedTuple):
    """What was emitted of one SLA, and how often it had to be withdrawn; the first six fields are
    its key."""

    clock: ClockName
    policy: str
    version: str
    cycle: int
    team: str
    applies: Moment
    revision: int
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class TicketClocks:
    """All that is kept of a ticket; texts and whole numbers only, so every store can hold it."""

    ticket: str
    facts: tuple[Fact, ...] = ()
    emitted: tuple[Emitted, ...] = ()
    # The latest moment at which it was decided, and the latest fact that was decided on: what
    # ended before needs no second look unless a fact comes late.
    as_of: int = 0
    decided_to: Moment = _NOTHING
    # Before this moment nothing is to be emitted unless a fact comes, by a book of so many
    # editions.
    quiet_until: int = 0
    editions: int = 0


def evolve(state: TicketClocks, event: AnyEvent) -> TicketClocks:
    """The state with one more event of the ticket; arrival order and duplicates do not matter."""
    if event.subject != state.ticket or event.sequence is None:
        raise Invalid(
            f"event {event.id} is not a numbered event of ticket {state.ticket}",
            code="foreign-event",
        )
    fact = read_fact(event, event.sequence)
    facts = state.facts if fact is None else add_fact(state.facts, fact)
    if fact is None or facts is state.facts:
        return state
    is_late = (fact.at, fact.sequence) <= state.decided_to
    decided_to = _NOTHING if is_late else state.decided_to
    # By hand: `replace` takes several times as long. Quiet no more, until it is decided again.
    return TicketClocks(state.ticket, facts, state.emitted, state.as_of, decided_to)

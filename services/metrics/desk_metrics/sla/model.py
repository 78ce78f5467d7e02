"""The clocks of one ticket, as they are kept: its facts by sequence and what was said of them."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from desk_shared.errors import Invalid
from desk_shared.events.envelope import AnyEvent
from desk_shared.events.sla import ClockName

from desk_metrics.sla.clocks import Key
from desk_metrics.sla.facts import Fact, Moment, added, fact_of

# What and when: enough to know whether a saying is the same as one already said.
Said: TypeAlias = tuple[str, Moment]

_NOTHING: Moment = (0, 0)


class Told(NamedTuple):
    """What was said of one SLA, and how often it had to be taken back."""

    clock: ClockName
    policy: str
    version: str
    cycle: int
    team: str
    applies: Moment
    revision: int
    said: tuple[Said, ...]

    @property
    def key(self) -> Key:
        return self[:6]


@dataclass(frozen=True, slots=True)
class TicketClocks:
    """All that is kept of a ticket; texts and whole numbers only, so every store can hold it."""

    ticket: str
    facts: tuple[Fact, ...] = ()
    told: tuple[Told, ...] = ()
    # The latest moment at which it was decided, and the latest fact that was decided on: what
    # ended before needs no second look unless a fact comes late.
    as_of: int = 0
    settled: Moment = _NOTHING
    # Before this moment nothing is to be said unless a fact comes, by a book of so many editions.
    quiet_until: int = 0
    editions: int = 0


def evolve(state: TicketClocks, event: AnyEvent) -> TicketClocks:
    """The state with one more event of the ticket; arrival order and duplicates do not matter."""
    if event.subject != state.ticket or event.sequence is None:
        raise Invalid(
            f"event {event.id} is not a numbered event of ticket {state.ticket}",
            code="foreign-event",
        )
    fact = fact_of(event, event.sequence)
    facts = state.facts if fact is None else added(state.facts, fact)
    if fact is None or facts is state.facts:
        return state
    settled = state.settled if (fact.at, fact.sequence) > state.settled else _NOTHING
    # By hand: `replace` takes several times as long. Quiet no more, until it is decided again.
    return TicketClocks(state.ticket, facts, state.told, state.as_of, settled)

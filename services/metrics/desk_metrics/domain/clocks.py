"""The clocks of one ticket, as they are kept: its facts by sequence and what was said of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias, cast

from desk_shared.errors import Invalid
from desk_shared.events.envelope import AnyEvent
from desk_shared.events.promises import ClockName

from desk_metrics.domain.facts import Fact, FactKind, added, fact_of
from desk_metrics.domain.life import Moment
from desk_metrics.domain.promises import Key

# What and when: enough to know whether a saying is the same as one already said.
Said: TypeAlias = tuple[str, Moment]

_NOTHING: Moment = (0, 0)


class Told(NamedTuple):
    """What was said of one promise, and how often it had to be taken back."""

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
    """All that is kept of a ticket."""

    ticket: str
    facts: tuple[Fact, ...] = ()
    told: tuple[Told, ...] = ()
    # The latest moment at which it was decided, and the latest fact that was decided on: what
    # ended before needs no second look unless a fact comes late.
    as_of: int = 0
    settled: Moment = _NOTHING


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
    return replace(state, facts=facts, settled=settled)


def as_document(state: TicketClocks) -> dict[str, object]:
    """Lists, texts and whole numbers only, for a store; read back by `from_document`."""
    return {
        "ticket": state.ticket,
        "facts": [[f.sequence, f.at, str(f.kind), list(f.values)] for f in state.facts],
        "told": [
            [
                str(told.clock),
                *told[1:5],
                list(told.applies),
                told.revision,
                [[what, list(moment)] for what, moment in told.said],
            ]
            for told in state.told
        ],
        "as_of": state.as_of,
        "settled": list(state.settled),
    }


_FactRow: TypeAlias = tuple[int, int, str, Sequence[str | None]]
_ToldRow: TypeAlias = tuple[
    str, str, str, int, str, Sequence[int], int, Sequence[tuple[str, Sequence[int]]]
]


def from_document(document: Mapping[str, object]) -> TicketClocks:
    """The state that was written by `as_document`."""
    facts = cast(Sequence[_FactRow], document["facts"])
    told = cast(Sequence[_ToldRow], document["told"])
    return TicketClocks(
        ticket=cast(str, document["ticket"]),
        facts=tuple(Fact(n, at, FactKind(kind), tuple(values)) for n, at, kind, values in facts),
        told=tuple(_told(row) for row in told),
        as_of=cast(int, document["as_of"]),
        settled=_moment(cast(Sequence[int], document["settled"])),
    )


def _told(row: _ToldRow) -> Told:
    clock, policy, version, cycle, team, applies, revision, said = row
    return Told(
        ClockName(clock),
        policy,
        version,
        cycle,
        team,
        _moment(applies),
        revision,
        tuple((what, _moment(moment)) for what, moment in said),
    )


def _moment(pair: Sequence[int]) -> Moment:
    return (pair[0], pair[1])

"""From what was decided to numbered events and the ticket after them.

Ids follow from cause, ticket and place in the decision, so a replay gives the same ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from desk_contracts import AnyEvent, Event, Payload, number_event
from desk_contracts.ids import derive_id
from desk_contracts.names import INTAKE_SOURCE
from desk_kernel import Decision

from desk_intake.tickets.evolve import evolve
from desk_intake.tickets.model import Ticket

SOURCE = INTAKE_SOURCE
P = TypeVar("P", bound=Payload)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is decided: a call, a fact from the bus or a timer, and when it happened.

    Ids follow from `identity`; `id` is only shown, since another source may have the same one.
    """

    id: str
    at: datetime
    correlation_id: str = ""
    traceparent: str = ""
    foreign: str = ""

    @property
    def identity(self) -> str:
        return self.foreign or self.id


def cause_of(fact: AnyEvent, now: datetime) -> Cause:
    """A fact from the bus. A clock ahead of ours makes nothing happen in the future."""
    return Cause(
        id=fact.id,
        at=min(fact.time, now),
        correlation_id=fact.correlation_id,
        traceparent=fact.traceparent,
        foreign=fact.identity,
    )


def emit(
    cause: Cause, data: P, *, about: str, subject: str, at: datetime, ordinal: int = 0
) -> Event[P]:
    """The event of a decision about a document; the same cause gives the same one again."""
    return Event(
        id=derive_id(cause.identity, f"{about}/{data.TYPE}", ordinal),
        source=SOURCE,
        subject=subject,
        time=at,
        data=data,
        correlation_id=cause.correlation_id or cause.id,
        causation_id=cause.id,
        traceparent=cause.traceparent,
    )


def record(
    id: str, ticket: Ticket | None, decided: Sequence[Payload], cause: Cause
) -> Decision[Ticket] | None:
    """The ticket with everything decided; None if nothing was. Its time never runs backwards."""
    events: list[AnyEvent] = []
    sequence = ticket.sequence if ticket else 0
    at = max(cause.at, ticket.updated_at) if ticket else cause.at
    for ordinal, data in enumerate(decided):
        event = emit(cause, data, about=id, subject=id, at=at, ordinal=ordinal)
        event = number_event(event, sequence + ordinal + 1)
        ticket = evolve(ticket, event)
        events.append(event)
    return Decision(ticket, tuple(events)) if ticket and events else None

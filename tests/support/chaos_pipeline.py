"""The pipeline that is killed: two folds over desk.tickets, and what they must come to.

`tales` is ordered and depends on the order, `counts` is unordered and cannot stand an event twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from desk_contracts import AnyEvent, Event, derive
from desk_contracts.errors import Transient
from desk_contracts.events.tickets import Channel, Kind, Role, TicketCommented, TicketOpened
from desk_contracts.events.triage import DuplicateFound
from desk_contracts.ids import derive_id
from desk_kernel import Context, Decision
from desk_platform.kafka import Projection
from desk_platform.store import Documents, Schema
from pydantic import BaseModel, ConfigDict

GROUP = "triage"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SHAKY = "shaky"
PEOPLE = 20


class Tale(BaseModel):
    """A chain over the events of one ticket: another order gives another digest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = 0
    digest: str = ""


class Count(BaseModel):
    """How much one person said: an event counted twice shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = 0
    total: int = 0


TALES: Schema[Tale] = Schema("tickets", Tale)
COUNTS: Schema[Count] = Schema("counts", Count)


def ticket_event(ticket: str, number: int, text: str) -> AnyEvent:
    """Event `number` in a ticket's life; always the same one."""
    person = f"person-{(number + len(text)) % PEOPLE}"
    if number == 1:
        opened = TicketOpened(
            code="K7M2-Q9PG",
            kind=Kind.INCIDENT,
            title=text,
            requester=person,
            channel=Channel.PORTAL,
        )
        return _event(ticket, number, opened)
    return _event(ticket, number, TicketCommented(by=person, role=Role.MEMBER, text=text))


def _event(ticket: str, number: int, data: TicketOpened | TicketCommented) -> AnyEvent:
    return Event(
        id=derive_id(ticket, "event", number),
        source="/desk/intake",
        subject=ticket,
        time=START + timedelta(seconds=number),
        data=data,
        sequence=number,
    )


def tell(state: Tale | None, event: AnyEvent, _context: Context) -> Decision[Tale]:
    """Two events for every event."""
    before = state or Tale()
    digest = derive_id(before.digest, event.id)
    derived = tuple(_derive(event, event.subject, "tell", ordinal) for ordinal in (0, 1))
    return Decision(Tale(count=before.count + 1, digest=digest), derived)


def tell_unwillingly(state: Tale | None, event: AnyEvent, context: Context) -> Decision[Tale]:
    """The same, but some events have to be tried again."""
    if isinstance(event.data, TicketCommented) and event.data.text == SHAKY:
        raise Transient("not at the first try")
    return tell(state, event, context)


def count(state: Count | None, event: AnyEvent, _context: Context) -> Decision[Count]:
    """One event for every event."""
    before = state or Count()
    after = Count(count=before.count + 1, total=before.total + (event.sequence or 0))
    (key,) = counted_for(event)
    return Decision(after, (_derive(event, key, "count", 0),))


def person_of(event: AnyEvent) -> str:
    data = event.data
    if isinstance(data, TicketOpened):
        return data.requester
    assert isinstance(data, TicketCommented)
    return data.by


def _derive(event: AnyEvent, subject: str, rule: str, ordinal: int) -> Event[DuplicateFound]:
    data = DuplicateFound(problem=f"problem-{event.sequence}", explanation=())
    return derive(
        event,
        data,
        source="/desk/triage",
        subject=subject,
        rule=rule,
        at=event.time,
        ordinal=ordinal,
    )


def tales(documents: Documents[Tale], *, unwilling: bool) -> Projection[Tale]:
    react = tell_unwillingly if unwilling else tell
    return Projection(documents, lambda event: [event.subject], react, ordered=True)


def counted_for(event: AnyEvent) -> list[str]:
    return [person_of(event)]


def counts(documents: Documents[Count]) -> Projection[Count]:
    return Projection(documents, counted_for, count)


@dataclass(frozen=True)
class Expected:
    """What the log must come to, computed by a plain loop over its distinct events."""

    tales: dict[str, Tale]
    counts: dict[str, Count]
    derived: dict[str, AnyEvent]
    in_order: dict[str, list[str]]


def project(log: Iterable[AnyEvent]) -> Expected:
    distinct = {event.id: event for event in log}
    expected = Expected({}, {}, {}, {})
    context = Context(START)
    for event in sorted(distinct.values(), key=lambda entry: (entry.subject, entry.sequence or 0)):
        decision = tell(expected.tales.get(event.subject), event, context)
        expected.tales[event.subject] = decision.state
        derived = list(decision.events)
        expected.in_order.setdefault(event.subject, []).extend(item.id for item in derived)
        for person in counted_for(event):
            counted = count(expected.counts.get(person), event, context)
            expected.counts[person] = counted.state
            derived += counted.events
        expected.derived.update({item.id: item for item in derived})
    return expected

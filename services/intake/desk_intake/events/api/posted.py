"""What is posted as an event, judged one by one: may it go to the bus, under whose name, as what?

The same door as on the bus decides, so that what is accepted here is not refused there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from desk_charter.admission import refusal_of, refuse_type
from desk_charter.sources import OutsideSystem, is_covered
from desk_contracts import AnyEvent, Codec, Message
from desk_contracts.catalogue import PAYLOADS
from desk_contracts.digest import content_of, id_reused
from desk_contracts.errors import Invalid
from desk_contracts.events.requests import TicketRequested
from desk_contracts.ids import identity, request_ticket_id
from desk_contracts.json_values import refuse_repeated_name
from desk_platform.clock import Clock
from desk_platform.http.cloudevents import SentEvent, type_of
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.store import Stored

from desk_intake.tickets.model import Ticket

FOREIGN = "foreign-source"
_CODEC = Codec()
_LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Taken:
    """An event that may pass, what is published for it, and a digest of what it says."""

    event: AnyEvent
    message: Message
    content: str

    @property
    def ticket(self) -> str | None:
        """Id of the ticket that it opens, if it asks for one."""
        event = self.event
        is_request = isinstance(event.data, TicketRequested)
        return request_ticket_id(event.source, event.id) if is_request else None


Outcome = Taken | Invalid


@dataclass(slots=True)
class _Record:
    """The event as the broker will hand it out; `timestamp` is its arrival in milliseconds."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    timestamp: int
    partition: int = 0
    offset: int = 0


def judge_event(sent: SentEvent, system: OutsideSystem, clock: Clock) -> Outcome:
    """The event as it will be read from the bus, or why it may not go there."""
    now = clock.now()
    try:
        refuse_repeated_name(sent.value)
        event = _CODEC.decode(None, sent.value, sent.headers, now)
    except Invalid as refused:
        return _with_types(refused, type_of(sent), system)
    if not is_covered(system.source, event.source):
        return Invalid(
            f"you are '{system.name}', whose sources begin with {system.source}; this event says it"
            f" comes from {event.source[:_LONGEST_SHOWN]!r}",
            code=FOREIGN,
        )
    refusal = refusal_of(system, event)
    if refusal is not None:
        return refusal
    message = Message(event.topic, event.subject.encode(), sent.value, sent.headers)
    arrived = int(now.timestamp() * 1000)
    record = _Record(message.topic, message.key, message.value, message.headers, arrived)
    try:
        event = RecordDecoder(_CODEC, clock=clock).read(record)
    except Invalid as refused:
        return refused
    return Taken(event, message, content_of(event))


def _with_types(refused: Invalid, type: str, system: OutsideSystem) -> Invalid:
    """Who sends a type that is not theirs hears of that first, and which types are."""
    if refused.kind == "unknown-type":
        allowed = ", ".join(system.types)
        return Invalid(f"{refused.message}; you may send {allowed}", code=refused.kind)
    if type in PAYLOADS and type not in system.known_types:
        return refuse_type(system, type)
    return refused


def without_contradictions(
    outcomes: Sequence[Outcome], tickets: Mapping[str, Stored[Ticket]]
) -> list[Outcome]:
    """Of two events with one identity and two contents the first counts, in a call and for ever.

    For ever is known of requests only: their tickets remember what asked for them.
    """
    first: dict[str, str] = {}
    checked: list[Outcome] = []
    for outcome in outcomes:
        if isinstance(outcome, Taken):
            id = identity(outcome.event.source, outcome.event.id)
            ticket = tickets.get(outcome.ticket or "")
            is_other = ticket is not None and ticket.has_other(id, outcome.content)
            if is_other or first.setdefault(id, outcome.content) != outcome.content:
                checked.append(id_reused(outcome.event))
                continue
        checked.append(outcome)
    return checked


def to_publish(outcomes: Sequence[Outcome]) -> list[Message]:
    """One message for each identity, in their order."""
    messages: dict[str, Message] = {}
    for outcome in outcomes:
        if isinstance(outcome, Taken):
            messages.setdefault(identity(outcome.event.source, outcome.event.id), outcome.message)
    return list(messages.values())

"""Decides tickets when they are opened, and follows them for corrections."""

from collections.abc import Iterable
from typing import Protocol

from desk_charter import Charter
from desk_contracts import AnyEvent, Event
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.message import message
from desk_kernel import Context, Decision, Readings
from desk_platform.kafka import Projection
from desk_platform.lookout import Consideration, Lookout
from desk_platform.store import Documents

from desk_triage.changes.worker import Inputs
from desk_triage.routing import decide
from desk_triage.routing.model import Predict, Routing, Ticket

UNKNOWN_SERVICE = "unknown-service"


class Quality(Protocol):
    """What keeps count of decisions, and of how right they were."""

    def count(self, decision: Routing) -> None: ...
    def judge(self, before: Ticket, event: AnyEvent) -> None: ...


def ticket_projection(
    documents: Documents[Ticket], inputs: Inputs, predict: Predict, quality: Quality
) -> Projection[Ticket]:
    """Tickets in their strict order: decided when opened, then watched for corrections."""

    def keys(event: AnyEvent) -> Iterable[str]:
        return (event.subject,) if event.data.TOPIC == TicketOpened.TOPIC else ()

    def react(state: Ticket | None, event: AnyEvent, _context: Context) -> Decision[Ticket] | None:
        if state is not None:
            quality.judge(state, event)
            after = decide.follow(state, event)
            return None if after is None else Decision(after)
        return begin(event)

    begin: Readings[Decision[Ticket] | None] = Readings(None)

    @begin.on(TicketOpened)
    def open_ticket(event: Event[TicketOpened]) -> Decision[Ticket]:
        charter = inputs.charter()
        note_service(inputs.lookout, event, event.data.service, charter)
        decision = decide.open_ticket(event, charter, inputs.snapshot(), predict)
        quality.count(decision.state.decision)
        return decision

    return Projection(documents, keys, react, ordered=True)


def note_service(lookout: Lookout, event: AnyEvent, service: str, charter: Charter) -> None:
    """Keep that an event names a service that nobody has written down."""
    if not service or charter.service_called(service) is not None:
        return
    lookout.note_unhandled(UNKNOWN_SERVICE, service, event.subject, event.time)
    reason = message("detector.unknown-service")
    looked = Consideration("service", service, event.time, "unknown", reason, service=service)
    lookout.note(event.subject, looked)

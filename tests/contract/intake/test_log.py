"""What intake guarantees the readers of `desk.tickets`: its writing can be read by everybody."""

from datetime import UTC, datetime

from desk_contracts import AnyEvent, Codec
from desk_contracts.events.tickets import (
    Channel,
    Kind,
    TicketAssigned,
    TicketOpened,
    TicketResolved,
    TicketTriaged,
)
from desk_contracts.message import verbatim
from desk_contracts.value_types import Priority
from desk_intake.tickets.evolve import replay
from desk_intake.tickets.record import Cause, record

NOW = datetime(2026, 3, 2, 9, 0, 0, 123_456, tzinfo=UTC)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_ticket_survives_the_way_through_the_log() -> None:
    decided = [
        TicketOpened(
            code="K7M2-Q9PG", kind=Kind.INCIDENT, title="VPN für Köln weg", requester="ana",
            channel=Channel.PORTAL, attributes={"form": "x"},
        ),
        TicketTriaged(category="vpn", priority=Priority.P2),
        TicketAssigned(team="network"),
        TicketResolved(by="max", resolution=verbatim("New certificate")),
    ]  # fmt: skip
    recorded = record("t-1", None, decided, Cause("call-1", NOW, "story-1", TRACE))
    assert recorded is not None
    codec = Codec()
    read: list[AnyEvent] = []
    for event in recorded.events:
        message = codec.encode(event)
        read.append(codec.decode(message.key, message.value, message.headers))
    assert tuple(read) == recorded.events
    assert replay(read) == recorded.state
    assert [item.sequence for item in read] == [1, 2, 3, 4]
    assert {(item.topic, item.subject, item.source) for item in read} == {
        ("desk.tickets", "t-1", "/desk/intake")
    }
    assert {(item.causation_id, item.correlation_id, item.traceparent) for item in read} == {
        ("call-1", "story-1", TRACE)
    }

"""Notify on a real broker, a real store and a real mail server."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from desk_shared.events import AnyEvent, Event
from desk_shared.events.tickets import (
    Channel,
    Kind,
    TicketAssigned,
    TicketOpened,
    TicketResolved,
    TicketStarted,
)
from desk_shared.ids import ticket_code
from desk_shared.testing import eventually

from tests.integration.notify.running import Bus, Notify

pytestmark = [pytest.mark.connected, pytest.mark.timeout(150)]

ANA = "ana@desk.example"


def life(number: int, requester: str = ANA, team: str = "network") -> Iterator[AnyEvent]:
    """A ticket that is opened, assigned, started and solved."""
    id = f"ticket-{number}"
    code = ticket_code(id)
    payloads = (
        TicketOpened(
            code=code, kind=Kind.INCIDENT, title="VPN drops", requester=requester,
            channel=Channel.PORTAL,
        ),
        TicketAssigned(team=team),
        TicketStarted(by="network-1"),
        TicketResolved(by="network-1", resolution="The gateway has a new certificate."),
    )  # fmt: skip
    for sequence, payload in enumerate(payloads, 1):
        yield Event(
            id=str(uuid4()),
            source="/desk/intake",
            subject=id,
            time=datetime.now(UTC),
            data=payload,
            sequence=sequence,
        )


async def test_a_ticket_reaches_its_team_and_its_person(notify: Notify, bus: Bus) -> None:
    await notify.start()
    await bus.publish(life(1))
    code = ticket_code("ticket-1")

    assert await eventually(lambda: bus.titles("network")) == [f"{code} is yours: VPN drops"]
    await eventually(lambda: _count(bus, ANA, 4))
    assert await bus.titles(ANA) == [
        f"We have received your ticket {code}",
        f"Your ticket {code} is with Network and remote access",
        f"We are working on your ticket {code}",
        f"Your ticket {code} is solved",
    ]
    assert await eventually(lambda: notify.deliveries("network")) == [("log:", "sent")]
    await eventually(lambda: notify.lines("message_sent") == 1)
    smtp = await notify.component("smtp")
    assert (smtp["state"], smtp["required"]) == ("ready", False)
    assert smtp["reason"] == "not configured: no mail is sent"


async def _count(bus: Bus, recipient: str, wanted: int) -> bool:
    return len(await bus.told(recipient)) >= wanted

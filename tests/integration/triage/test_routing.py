"""A ticket opened on the real broker is decided, and the reasons can be read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import httpx
import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.events.tickets import Channel, Kind, TicketOpened
from desk_contracts.events.triage import TriageDecided
from desk_contracts.ids import new_id, ticket_code
from desk_testing import eventually
from desk_testing.processes import ANYBODY, ServiceProcess

pytestmark = [pytest.mark.connected, pytest.mark.timeout(450)]


class Bus(Protocol):
    async def publish(self, events: Sequence[AnyEvent]) -> None: ...

    async def read(self) -> list[AnyEvent]: ...


def opened(title: str, requester: str = "ana") -> AnyEvent:
    ticket = new_id()
    return Event(
        id=new_id(),
        source="/desk/intake",
        subject=ticket,
        time=datetime.now(UTC),
        sequence=1,
        data=TicketOpened(
            code=ticket_code(ticket),
            kind=Kind.INCIDENT,
            title=title,
            requester=requester,
            channel=Channel.PORTAL,
        ),
    )


async def test_an_opened_ticket_is_decided_once_and_explained(
    bus: Bus, triage: ServiceProcess
) -> None:
    ticket = opened("My VPN does not connect")
    await bus.publish([ticket, ticket])

    async def decided() -> list[AnyEvent]:
        return [item for item in await bus.read() if item.subject == ticket.subject]

    decision = (await eventually(decided, timeout=60))[0]
    assert isinstance(decision.data, TriageDecided)
    assert (decision.data.team, decision.data.category) == ("network", "vpn")
    async with httpx.AsyncClient(headers=ANYBODY, timeout=60) as client:
        answer = (await client.get(f"{triage.url}/v1/decisions/{ticket.subject}")).json()
        missing = await client.get(f"{triage.url}/v1/decisions/nobody")
    assert answer["rule"] == "vpn"
    assert answer["charter"] == decision.data.charter
    assert missing.status_code == 404


async def test_a_kill_loses_no_decision_and_makes_none_twice(
    bus: Bus, triage: ServiceProcess
) -> None:
    tickets = [opened(f"Printer {number} is jammed", f"person-{number}") for number in range(60)]
    await bus.publish(tickets[:30])
    triage.kill()
    await bus.publish(tickets[30:])
    await triage.start()

    async def all_decided() -> bool:
        result = {item.subject for item in await bus.read() if isinstance(item.data, TriageDecided)}
        return {entry.subject for entry in tickets} <= result

    await eventually(all_decided, timeout=90)
    ids = {
        (item.subject, item.id) for item in await bus.read() if isinstance(item.data, TriageDecided)
    }
    assert len(ids) == len(tickets)

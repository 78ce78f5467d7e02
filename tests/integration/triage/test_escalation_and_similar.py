"""On real servers: an SLA's level is done once however often triage dies; what is like is found."""

import asyncio
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.sla import ClockName, SlaAtRisk, SlaBreached
from desk_contracts.events.tickets import (
    Channel,
    Kind,
    TicketAssigned,
    TicketOpened,
    TicketResolved,
    TicketTriaged,
)
from desk_contracts.events.triage import EscalationDecided, RepetitionFound
from desk_contracts.ids import new_id, ticket_code
from desk_contracts.message import verbatim
from desk_contracts.value_types import Priority
from desk_testing import eventually
from desk_testing.processes import ANYBODY, ServiceProcess

pytestmark = [pytest.mark.connected, pytest.mark.timeout(450)]


class Bus(Protocol):
    async def publish(self, events: Sequence[AnyEvent]) -> None: ...

    async def read(self) -> list[AnyEvent]: ...


def of_ticket(ticket: str, data: Payload, sequence: int) -> AnyEvent:
    return Event(new_id(), "/desk/intake", ticket, datetime.now(UTC), data, sequence)


def opened(ticket: str, title: str, requester: str = "ana") -> AnyEvent:
    data = TicketOpened(
        code=ticket_code(ticket),
        kind=Kind.INCIDENT,
        title=title,
        requester=requester,
        channel=Channel.PORTAL,
    )
    return of_ticket(ticket, data, 1)


def of_sla(ticket: str, data: Payload) -> AnyEvent:
    return Event(new_id(), "/desk/metrics", ticket, datetime.now(UTC), data)


async def find(bus: Bus, kind: type[Payload], ticket: str) -> list[AnyEvent]:
    events = {item.id: item for item in await bus.read()}
    return [e for e in events.values() if isinstance(e.data, kind) and e.subject == ticket]


async def test_each_level_is_done_once_whenever_triage_dies(
    bus: Bus, triage: ServiceProcess
) -> None:
    ticket, due = new_id(), datetime.now(UTC) + timedelta(hours=1)
    response = ClockName.RESPONSE
    warning = SlaAtRisk(clock=response, policy="p", policy_version="1", percent=75, due=due)
    breach = SlaBreached(clock=response, policy="p", policy_version="1", due=due)
    events = [
        opened(ticket, "My VPN does not connect"),
        of_ticket(ticket, TicketTriaged(category="vpn", priority=Priority.P2, service="vpn"), 2),
        of_ticket(ticket, TicketAssigned(team="network", member="network-1"), 3),
        of_sla(ticket, warning),
    ]
    # The SLA's event may be read before the ticket it is about.
    await bus.publish([events[3]])
    triage.kill()
    await bus.publish(events)
    await triage.start()

    async def first() -> list[AnyEvent]:
        return await find(bus, EscalationDecided, ticket)

    (at_risk,) = await eventually(first, timeout=60)
    assert isinstance(at_risk.data, EscalationDecided)
    assert at_risk.data.policy == "answer-at-risk"
    assert "network-1" not in at_risk.data.offered_to

    triage.kill()
    await bus.publish([events[3], of_sla(ticket, warning), of_sla(ticket, breach)])
    await triage.start()

    async def second() -> list[AnyEvent]:
        both = await find(bus, EscalationDecided, ticket)
        return both if len(both) > 1 else []

    both = await eventually(second, timeout=60)
    policies = [item.data.policy for item in both if isinstance(item.data, EscalationDecided)]
    assert policies == ["answer-at-risk", "answer-late"]


async def list_similar(triage: ServiceProcess, ticket: str) -> dict[str, Any]:
    """What is like it; nothing while that is not complete."""
    async with httpx.AsyncClient(headers=ANYBODY, timeout=60) as client:
        response = await client.get(f"{triage.url}/v1/tickets/{ticket_code(ticket)}/similar")
    body: dict[str, Any] = response.json()
    is_whole = response.status_code == 200 and body["is_complete"]
    return body if is_whole and body["open"] and body["solved"] else {}


async def test_like_tickets_are_found_also_after_a_kill(bus: Bus, triage: ServiceProcess) -> None:
    query, like, other, again = (new_id() for _ in range(4))
    title = "Printer on floor three is jammed"
    solved = TicketResolved(by="ned", resolution=verbatim("Take the paper out."))
    await bus.publish(
        [
            opened(query, title),
            opened(like, "The printer is jammed once more", "ben"),
            of_ticket(like, solved, 2),
            opened(other, "Payroll does not open", "carl"),
            opened(again, title),
        ]
    )

    async def repeated() -> list[AnyEvent]:
        return await find(bus, RepetitionFound, again) or await find(bus, RepetitionFound, query)

    (repetition,) = await eventually(repeated, timeout=60)
    assert isinstance(repetition.data, RepetitionFound)
    assert repetition.data.is_exact
    assert {repetition.subject, repetition.data.of} == {query, again}

    before = await eventually(partial(list_similar, triage, query), timeout=60)
    (shown,) = before["solved"]
    assert (shown["ticket"], shown["resolution"]) == (like, "Take the paper out.")
    assert "similar.shared-words" in {item["code"] for item in shown["reasons"]}
    assert [item["ticket"] for item in before["open"]] == [again]

    triage.kill()
    await triage.start()
    assert await eventually(partial(list_similar, triage, query), timeout=60) == before
    triage.kill()
    await asyncio.to_thread(shutil.rmtree, triage.log.with_suffix(".index"))
    await triage.start()
    assert await eventually(partial(list_similar, triage, query), timeout=120) == before


async def test_without_a_place_for_its_index_triage_does_the_rest(
    bus: Bus, triage: ServiceProcess, tmp_path: Path
) -> None:
    in_the_way, ticket = tmp_path / "file", new_id()
    in_the_way.write_text("no folder")
    similar = f"/v1/tickets/{ticket_code(ticket)}/similar"
    triage.kill()
    await triage.start(TRIAGE_INDEX=str(in_the_way / "similar.index"))
    assert (await triage.get(similar)).status_code == 503

    async def says_why() -> bool:
        answer = (await triage.get("/health/ready")).json()
        (index,) = (item for item in answer["components"] if item["name"] == "similar tickets")
        return index["state"] == "degraded" and "delete it: it is made anew" in index["reason"]

    await eventually(says_why)
    await bus.publish([opened(ticket, "My VPN does not connect")])

    async def is_routed() -> bool:
        return bool([e for e in await bus.read() if e.subject == ticket])

    await eventually(is_routed, timeout=60)
    in_the_way.unlink()

    async def is_found() -> bool:
        return (await triage.get(similar)).status_code == 200

    await eventually(is_found, timeout=60)

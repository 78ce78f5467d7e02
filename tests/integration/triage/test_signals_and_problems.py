"""Trouble in telemetry is told once, and many like tickets are one problem, on real servers."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import httpx
import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.envelope import Payload
from desk_contracts.events.problems import ProblemDetected, ProblemResolved, ProblemUpdated
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.events.telemetry import Measured
from desk_contracts.events.tickets import Channel, Kind, TicketOpened
from desk_contracts.ids import new_id, ticket_code
from desk_contracts.value_types import SubjectKind
from desk_testing import eventually
from desk_testing.processes import ANYBODY, ServiceProcess

pytestmark = [pytest.mark.connected, pytest.mark.timeout(450)]


class Bus(Protocol):
    async def publish(self, events: Sequence[AnyEvent]) -> None: ...

    async def read(self) -> list[AnyEvent]: ...


def disk(free: float, minutes_ago: float) -> AnyEvent:
    return Event(
        id=new_id(),
        source="/agents/laptop-7",
        subject="laptop-7",
        time=datetime.now(UTC) - timedelta(minutes=minutes_ago),
        data=Measured(
            subject_kind=SubjectKind.DEVICE,
            name="disk.free.percent",
            value=free,
            unit="%",
            person="ana",
            attributes={"agent_url": "http://127.0.0.1:9"},
        ),
    )


def vpn_ticket(number: int) -> AnyEvent:
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
            title="VPN does not connect",
            requester=f"person-{number}",
            channel=Channel.PORTAL,
        ),
    )


async def emitted(bus: Bus, kind: type[Payload]) -> dict[str, Any]:
    return {item.id: item.data for item in await bus.read() if isinstance(item.data, kind)}


async def disk_filling(bus: Bus) -> dict[str, Any]:
    raised = await emitted(bus, SignalRaised)
    return {id: data for id, data in raised.items() if data.signal == "disk-filling"}


async def test_a_falling_disk_is_one_signal_also_over_a_restart(
    bus: Bus, triage: ServiceProcess
) -> None:
    await bus.publish([disk(free, 60 - n) for n, free in enumerate((30, 20, 12, 9, 8))])
    await eventually(lambda: disk_filling(bus), timeout=60)
    triage.stop()
    await triage.start()
    await bus.publish([disk(7, 2), disk(7, 1)])
    async with httpx.AsyncClient(headers=ANYBODY, timeout=60) as client:
        open_ones = (await client.get(f"{triage.url}/v1/signals")).json()["items"]
    assert "disk-filling" in {item["signal"] for item in open_ones}
    await bus.publish([disk(60, 0)])

    async def is_cleared() -> bool:
        cleared = await emitted(bus, SignalCleared)
        return any(item.signal == "disk-filling" for item in cleared.values())

    await eventually(is_cleared, timeout=60)
    (signal,) = (await disk_filling(bus)).values()
    assert signal.value == 9
    assert (signal.service, signal.person) == ("laptop", "ana")
    assert signal.attributes == {"agent_url": "http://127.0.0.1:9"}
    async with httpx.AsyncClient(headers=ANYBODY, timeout=60) as client:
        answer = await client.get(f"{triage.url}/v1/why", params={"subject": signal_subject()})
    looks = {look["name"]: look for look in answer.json()["looks"]}
    assert looks["disk-nearly-full"]["values"]["value"] == "60"


def signal_subject() -> str:
    return disk(1, 0).subject


async def test_twenty_tickets_are_one_problem_that_a_member_ends(
    bus: Bus, triage: ServiceProcess
) -> None:
    tickets = [vpn_ticket(number) for number in range(20)]
    await bus.publish(tickets[:12])
    await eventually(lambda: emitted(bus, ProblemDetected), timeout=90)
    triage.kill()  # in the middle of it, with whatever was in hand
    await triage.start()
    await bus.publish([*tickets[:3], *tickets[12:]])  # some of them come again

    async def gathered() -> set[str]:
        result = {**await emitted(bus, ProblemDetected), **await emitted(bus, ProblemUpdated)}
        listed = [ticket for data in result.values() for ticket in data.tickets]
        assert len(listed) == len(set(listed))
        return set(listed) if len(listed) == 20 else set()

    assert await eventually(gathered, timeout=90) == {entry.subject for entry in tickets}
    assert len(await emitted(bus, ProblemDetected)) == 1
    async with httpx.AsyncClient(base_url=triage.url, headers=ANYBODY, timeout=60) as client:
        (problem,) = (await client.get("/v1/problems")).json()["items"]
        for _ in range(2):  # the same key twice is one resolution
            answer = await client.post(
                f"/v1/problems/{problem['id']}/resolve",
                json={"resolution": "A certificate had run out; it is renewed."},
                headers={"Idempotency-Key": "k-1"},
            )
            assert answer.status_code == 200
        assert (await client.get("/v1/problems")).json()["items"] == []
    resolved = await eventually(lambda: emitted(bus, ProblemResolved), timeout=60)
    (end,) = resolved.values()
    assert set(end.tickets) == {item.subject for item in tickets}
    assert (problem["tickets"], problem["people"]) == (20, 20)

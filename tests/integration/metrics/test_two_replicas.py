"""Two replicas of metrics: a verdict belongs to whoever holds the ticket's partition."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
from desk_platform.kafka.producer import partition_number
from desk_platform.kafka.timers import REFRESH
from desk_testing import eventually
from desk_testing.forks import Process
from desk_testing.processes import CHARTER, environment

from tests.support.metrics_running import Bus, Metrics, Ticket

pytestmark = [pytest.mark.connected, pytest.mark.timeout(540)]

QUARTER = timedelta(minutes=15)
START = datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture
async def replicas(
    bus: Bus, kafka: str, store_url: str, tmp_path: Path
) -> AsyncIterator[list[Metrics]]:
    env = environment(kafka, store_url, bus.prefix, CHARTER)
    both = [Metrics("metrics", env, tmp_path / f"metrics-{number}.log") for number in (1, 2)]
    try:
        await asyncio.gather(*(item.start() for item in both))
        yield both
    finally:
        for item in both:
            item.kill()


async def is_told(bus: Bus, ticket: Ticket, transition: str) -> bool:
    return transition in await bus.transitions(ticket.id)


async def test_no_breach_is_told_of_tickets_whose_answers_a_dead_replica_had_not_read(
    replicas: list[Metrics], bus: Bus
) -> None:
    """One replica stands still, tickets are answered in time, then it is killed. The other one sees
    their due moments pass while half of the answers are unread."""
    await eventually(lambda: all_share(replicas), timeout=180)
    frozen = await holder_of_tickets(replicas, bus)
    due, tickets, late = await started_in_time(bus)
    # The frozen one is still thought to be alive when they are due.
    await eventually(lambda: datetime.now(UTC) > due - timedelta(seconds=4), timeout=200)
    frozen.send_signal(signal.SIGSTOP)
    for ticket in tickets:
        ticket.assigned(datetime.now(UTC), "network").resolved(datetime.now(UTC))
    await bus.publish(event for ticket in tickets for event in ticket.events[2:])
    assert datetime.now(UTC) < due
    await eventually(lambda: datetime.now(UTC) > due + timedelta(seconds=2), timeout=90)
    frozen.kill()

    for ticket in tickets:
        await eventually(lambda t=ticket: is_told(bus, t, "resolution-p1 met"), timeout=180)  # type: ignore[misc]
    for ticket in late:
        await eventually(lambda t=ticket: is_told(bus, t, "response-p1 breached"), timeout=180)  # type: ignore[misc]
    by_ticket = {ticket.id: await bus.transitions(ticket.id) for ticket in tickets}
    assert [
        id for id, transitions in by_ticket.items() if "response-p1 breached" in transitions
    ] == []


async def started_in_time(bus: Bus) -> tuple[datetime, list[Ticket], list[Ticket]]:
    """Tickets whose timers the other replica has found in the store well before they are due; a
    slow machine gets more time for it."""
    for seconds in (22, 60, 150):
        due = datetime.now(UTC) + timedelta(seconds=seconds)
        tickets = [Ticket(f"t-{seconds}-{number}", due - QUARTER) for number in range(24)]
        late = [Ticket(f"late-{seconds}-{number}", due - QUARTER) for number in range(4)]
        for ticket in (*tickets, *late):
            ticket.triaged(due - QUARTER, "P1")
        await bus.publish(event for ticket in (*tickets, *late) for event in ticket.events)
        for ticket in (*tickets, *late):
            await eventually(lambda t=ticket: is_told(bus, t, "response-p1 started"), timeout=90)  # type: ignore[misc]
        if datetime.now(UTC) + REFRESH < due - timedelta(seconds=4):
            return due, tickets, late
    raise AssertionError("no ticket's SLA was started well before it was due")


async def test_a_deadline_waits_for_the_writer_and_says_so(
    replicas: list[Metrics], bus: Bus
) -> None:
    due = datetime.now(UTC) + timedelta(seconds=4)
    await bus.tell_how_far(due - timedelta(seconds=1))
    ticket = Ticket("t-waits", due - QUARTER).triaged(due - QUARTER, "P1")
    await bus.publish(ticket.events)
    await eventually(lambda: is_told(bus, ticket, "response-p1 started"), timeout=90)
    await eventually(lambda: waiting(replicas), timeout=180)
    assert "response-p1 breached" not in await bus.transitions(ticket.id)
    await bus.tell_how_far(datetime.now(UTC) + timedelta(hours=1))
    await eventually(lambda: is_told(bus, ticket, "response-p1 breached"), timeout=90)


async def holder_of_tickets(replicas: list[Metrics], bus: Bus) -> Process:
    """The process of a replica that holds a partition of tickets: while it stands still, one of
    two tickets in different partitions stays unread."""
    for number, (holder, other) in enumerate([replicas, reversed(replicas)]):
        process = holder.process
        assert process is not None
        names = [f"probe-{number}-{count}" for count in range(20)]
        probes = {partition_number(name.encode(), 2): Ticket(name, START) for name in names}
        process.send_signal(signal.SIGSTOP)
        for probe in probes.values():
            await bus.publish(probe.events)
        has_read = partial(knows, other, probes.values())
        try:
            await eventually(has_read, timeout=4)
        except AssertionError:
            return process
        finally:
            process.send_signal(signal.SIGCONT)
    raise AssertionError("nobody holds a partition of tickets")


async def knows(replica: Metrics, tickets: Iterable[Ticket]) -> bool:
    """Whether their events have been read, by whoever reads them."""
    answers = [await replica.get(f"/v1/tickets/{ticket.id}/sla") for ticket in tickets]
    return all(answer.status_code == httpx.codes.OK for answer in answers)


async def all_share(replicas: list[Metrics]) -> bool:
    """Each holds some of the tickets' partitions."""
    held = [
        item["partitions"]
        for replica in replicas
        for item in (await replica.get("/health/ready")).json()["consumers"]
        if item["name"] == "metrics"
    ]
    return len(held) == len(replicas) and all(held)


async def waiting(replicas: list[Metrics]) -> bool:
    """One of them shows the deadline that it cannot judge yet."""
    for replica in replicas:
        components = (await replica.get("/health/ready")).json()["components"]
        for item in components:
            if item["name"] == "verdicts of tickets" and item["state"] == "degraded":
                return "written until" in item["reason"]
    return False

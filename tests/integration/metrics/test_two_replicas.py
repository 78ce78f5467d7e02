"""Two replicas of metrics: a verdict belongs to whoever holds the ticket's partition."""

import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from desk_shared.testing import eventually
from desk_shared.testing.processes import CHARTER, environment

from tests.integration.metrics.running import Bus, Metrics, Ticket

pytestmark = [pytest.mark.connected, pytest.mark.timeout(180)]

QUARTER = timedelta(minutes=15)


@pytest.fixture
async def replicas(
    bus: Bus, kafka: str, mongo: str, tmp_path: Path
) -> AsyncIterator[list[Metrics]]:
    env = environment(kafka, mongo, bus.prefix, CHARTER)
    both = [Metrics("metrics", env, tmp_path / f"metrics-{number}.log") for number in (1, 2)]
    try:
        for one in both:
            await one.start()
        yield both
    finally:
        for one in both:
            one.kill()


async def is_told(bus: Bus, ticket: Ticket, saying: str) -> bool:
    return saying in await bus.said(ticket.id)


async def test_no_breach_is_told_of_tickets_whose_answers_a_dead_replica_had_not_read(
    replicas: list[Metrics], bus: Bus
) -> None:
    """One replica stands still, tickets are answered in time, then it is killed. The other one sees
    their due moments pass while half of the answers are unread."""
    await eventually(lambda: all_share(replicas), timeout=60)
    due = datetime.now(UTC) + timedelta(seconds=12)
    tickets = [Ticket(f"t-{number}", due - QUARTER) for number in range(24)]
    late = [Ticket(f"late-{number}", due - QUARTER) for number in range(4)]
    for ticket in (*tickets, *late):
        ticket.triaged(due - QUARTER, "P1")
        await bus.publish(ticket.events)
    for ticket in (*tickets, *late):
        await eventually(lambda t=ticket: is_told(bus, t, "response-p1 started"), timeout=30)  # type: ignore[misc]
    frozen = replicas[0].process
    assert frozen is not None
    frozen.send_signal(signal.SIGSTOP)
    for ticket in tickets:
        first = len(ticket.events)
        ticket.assigned(datetime.now(UTC), "network").resolved(datetime.now(UTC))
        await bus.publish(ticket.events[first:])
    assert datetime.now(UTC) < due
    await eventually(lambda: datetime.now(UTC) > due + timedelta(seconds=2), timeout=30)
    frozen.kill()

    for ticket in tickets:
        await eventually(lambda t=ticket: is_told(bus, t, "resolution-p1 kept"), timeout=60)  # type: ignore[misc]
    for ticket in late:
        await eventually(lambda t=ticket: is_told(bus, t, "response-p1 breached"), timeout=60)  # type: ignore[misc]
    told = {ticket.id: await bus.said(ticket.id) for ticket in tickets}
    assert [id for id, said in told.items() if "response-p1 breached" in said] == []


async def test_a_deadline_waits_for_the_writer_and_says_so(
    replicas: list[Metrics], bus: Bus
) -> None:
    due = datetime.now(UTC) + timedelta(seconds=4)
    await bus.tell_how_far(due - timedelta(seconds=1))
    ticket = Ticket("t-waits", due - QUARTER).triaged(due - QUARTER, "P1")
    await bus.publish(ticket.events)
    await eventually(lambda: is_told(bus, ticket, "response-p1 started"), timeout=30)
    await eventually(lambda: waiting(replicas), timeout=60)
    assert "response-p1 breached" not in await bus.said(ticket.id)
    await bus.tell_how_far(datetime.now(UTC) + timedelta(hours=1))
    await eventually(lambda: is_told(bus, ticket, "response-p1 breached"), timeout=30)


async def all_share(replicas: list[Metrics]) -> bool:
    """Each holds some of the tickets' partitions."""
    held = [
        one["partitions"]
        for replica in replicas
        for one in (await replica.get("/health/ready")).json()["consumers"]
        if one["name"] == "metrics"
    ]
    return len(held) == len(replicas) and all(held)


async def waiting(replicas: list[Metrics]) -> bool:
    """One of them shows the deadline that it cannot judge yet."""
    for replica in replicas:
        found = (await replica.get("/health/ready")).json()["components"]
        for one in found:
            if one["name"] == "verdicts of tickets" and one["state"] == "degraded":
                return "written until" in one["reason"]
    return False

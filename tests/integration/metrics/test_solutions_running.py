"""What lasted and what returned, on a real broker and a real store, whenever metrics dies."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from desk_testing import eventually

from tests.support.metrics_running import Bus, Metrics, Ticket

pytestmark = [pytest.mark.connected, pytest.mark.timeout(900)]


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def solved(id: str, days: float, requester: str) -> Ticket:
    ticket = Ticket(id, ago(days + 0.1), requester=requester).assigned(ago(days + 0.05), "network")
    return ticket.resolved(ago(days))


async def has(bus: Bus, ticket: Ticket, verdict: str) -> bool:
    return verdict in await bus.transitions(ticket.id)


async def test_each_is_told_once_however_often_metrics_dies(metrics: Metrics, bus: Bus) -> None:
    kept, young = solved("t-kept", 8, "ben"), solved("t-young", 6, "cem")
    repeated = solved("t-repeated", 8, "ana")
    again = Ticket("t-again", ago(5), requester="ana").assigned(ago(5), "network")
    events = [event for item in (kept, young, repeated, again) for event in item.events]
    await bus.publish(events[: len(events) // 2])
    metrics.kill()
    await bus.publish(events)
    await metrics.start()
    await eventually(partial(has, bus, repeated, " returned"), timeout=180)
    await eventually(partial(has, bus, kept, " lasted"), timeout=90)
    metrics.kill()
    await metrics.start()
    last = solved("t-last", 9, "dan")
    await bus.publish([*events, *last.events])
    await eventually(partial(has, bus, last, " lasted"), timeout=90)
    for ticket in (kept, young, repeated, again):
        transitions = await bus.transitions(ticket.id)
        assert len(transitions) == len(set(transitions)), transitions
    assert not await has(bus, young, " lasted")
    assert not await has(bus, kept, " returned")

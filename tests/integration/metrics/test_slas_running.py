"""SLAs on a real broker and a real store: timers, kills, redelivery, late events."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pytest
from desk_testing import eventually

from tests.support.metrics_running import Bus, Metrics, Ticket

pytestmark = [pytest.mark.connected, pytest.mark.timeout(900)]

QUARTER = timedelta(minutes=15)


def now() -> datetime:
    return datetime.now(UTC)


async def test_a_breach_is_told_by_a_timer_and_explained(metrics: Metrics, bus: Bus) -> None:
    due = now() + timedelta(seconds=4)
    ticket = Ticket("t-breach", due - QUARTER)
    ticket.triaged(due - QUARTER, "P1").assigned(due - QUARTER, "network")
    await bus.publish(ticket.events)

    await eventually(lambda: _has_transition(bus, ticket, "response-p1 breached"), timeout=90)
    told_after = now() - due
    assert timedelta(0) < told_after < timedelta(seconds=60)
    slas = await _slas(metrics, ticket.id)
    assert ("response-p1", "breached") in [(item["policy"], item["status"]) for item in slas]


async def test_a_kill_neither_loses_nor_repeats_a_transition(metrics: Metrics, bus: Bus) -> None:
    """Killed with clocks running. Half are answered in time, while nobody is there to hear it: no
    breach may be told of them, although their due moment has passed when metrics comes back."""
    due, tickets = await _killed_in_time(metrics, bus)
    await eventually(lambda: now() > due, timeout=200)
    await metrics.start()
    for ticket in tickets[20:]:
        breached = partial(_has_transition, bus, ticket, "response-p1 breached")
        await eventually(breached, timeout=180)
    for ticket in tickets[:20]:
        await eventually(partial(_has_transition, bus, ticket, "resolution-p1 met"), timeout=90)
    for ticket in tickets:
        transitions = await bus.transitions(ticket.id)
        assert len(transitions) == len(set(transitions)), transitions
        assert ("response-p1 breached" in transitions) == (ticket not in tickets[:20])


async def _killed_in_time(metrics: Metrics, bus: Bus) -> tuple[datetime, list[Ticket]]:
    """Half of the tickets are answered before they are due; a slow machine gets more time."""
    for seconds in (12, 40, 120):
        due = now() + timedelta(seconds=seconds)
        tickets = [Ticket(f"t-{seconds}-{number}", due - QUARTER) for number in range(40)]
        for ticket in tickets:
            ticket.triaged(due - QUARTER, "P1")
        await bus.publish(event for ticket in tickets for event in ticket.events)
        started = partial(_has_transition, bus, tickets[0], "response-p1 started")
        await eventually(started, timeout=90)
        metrics.kill()
        for ticket in tickets[:20]:
            ticket.assigned(now(), "network").resolved(now())
        await bus.publish(event for ticket in tickets[:20] for event in ticket.events[2:])
        if now() < due:
            return due, tickets
        await metrics.start()
    raise AssertionError("nothing could be answered before it was due")


async def test_events_sent_twice_say_nothing_twice(metrics: Metrics, bus: Bus) -> None:
    start = now() - timedelta(minutes=1)
    ticket = Ticket("t-twice", start).triaged(start, "P1").assigned(start, "network")
    await bus.publish([*ticket.events, *ticket.events])
    last = Ticket("t-after", start)
    await bus.publish(last.events)
    await eventually(lambda: _has_transition(bus, last, "response-default started"), timeout=90)
    await eventually(lambda: _has_transition(bus, ticket, "response-p1 started"), timeout=90)
    for item in (ticket, last):
        transitions = await bus.transitions(item.id)
        assert len(transitions) == len(set(transitions)), transitions
    assert (await metrics.get("/health/ready")).status_code == 200


async def test_events_late_and_out_of_order_end_with_the_truth(metrics: Metrics, bus: Bus) -> None:
    """The resolution overtakes; the answer comes a day late and was in time."""
    opened = now() - timedelta(hours=3)
    ticket = Ticket("t-late", opened).triaged(opened, "P1").assigned(opened, "network")
    ticket.resolved(opened + timedelta(minutes=10))
    await bus.publish([ticket.events[0], ticket.events[3], ticket.events[2], ticket.events[1]])

    await eventually(lambda: _has_transition(bus, ticket, "resolution-p1 met"), timeout=90)
    statuses = {sla["policy"]: sla["status"] for sla in await _slas(metrics, ticket.id)}
    assert statuses["response-p1"] == "met"
    assert "response-p1 breached" not in await bus.transitions(ticket.id)


async def _has_transition(bus: Bus, ticket: Ticket, transition: str) -> bool:
    return transition in await bus.transitions(ticket.id)


async def _slas(metrics: Metrics, ticket: str) -> list[dict[str, object]]:
    answer = await metrics.get(f"/v1/tickets/{ticket}/sla")
    assert answer.status_code == httpx.codes.OK, answer.text
    slas: list[dict[str, object]] = answer.json()["slas"]
    return slas


async def test_a_new_sla_reaches_a_ticket_that_nothing_happens_to(
    metrics: Metrics, bus: Bus
) -> None:
    ticket = Ticket("t-edition", now()).triaged(now(), "P1")
    await bus.publish(ticket.events)
    await eventually(lambda: _has_transition(bus, ticket, "response-p1 started"), timeout=90)
    slas = metrics.charter / "slas.yaml"
    written = slas.read_text("utf-8")
    slas.write_text(written.replace("target: 15m", "target: 5m"), "utf-8")

    await eventually(lambda: _has_transition(bus, ticket, "response-p1 cancelled"), timeout=180)
    await eventually(lambda: 5 in bus.goals(ticket.id), timeout=90)


async def test_figures_of_what_was_published_are_answered(metrics: Metrics, bus: Bus) -> None:
    start = now() - timedelta(hours=5)
    for number in range(5):
        ticket = Ticket(f"t-{number}", start).triaged(start, "P2").assigned(start, "network")
        await bus.publish(ticket.resolved(start + timedelta(hours=number)).events)

    async def resolved() -> list[tuple[str, float]]:
        answer = await metrics.get("/v1/measures?by=team&grain=week")
        assert answer.status_code == httpx.codes.OK, answer.text
        counts: dict[str, float] = {}
        for row in answer.json()["rows"]:
            before = counts.get(row["slice"], 0)
            counts[row["slice"]] = before + row["figures"]["resolved"]
        return sorted(counts.items())

    await eventually(lambda: _equals(resolved, [("network", 5)]), timeout=180)


async def _equals(
    ask: Callable[[], Awaitable[list[tuple[str, float]]]], wanted: list[tuple[str, float]]
) -> bool:
    return await ask() == wanted

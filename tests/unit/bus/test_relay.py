"""The relay publishes what a crash left in outboxes, and leaves the young ones to their writers."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from desk_contracts.errors import DependencyDown, Transient
from desk_kernel import Context, Decision
from desk_platform.health import State
from desk_platform.kafka import Cause, CommandQueue
from desk_platform.kafka.relay import BATCH, OVERDUE, Relay
from desk_platform.telemetry import names
from desk_testing import eventually

from tests.support.bus_desk import Desk, Story, noted


@pytest.fixture
def desk() -> Desk:
    return Desk(ordered=False)


@pytest.fixture
def relay(desk: Desk) -> Relay:
    meters = desk.telemetry.telemetry.meters
    return Relay("stories", desk.documents, desk.publisher, desk.clock, meters)


def write(_state: Story | None, _context: Context) -> Decision[Story]:
    return Decision(Story(), tuple(noted("t", number) for number in (1, 2, 3)))


async def leave_behind(desk: Desk) -> None:
    desk.publisher.is_down = True
    commands = CommandQueue(desk.unit_of_work)
    await commands.change("t", write, Cause("key"))
    await commands.finish()
    desk.publisher.is_down = False


async def test_an_overdue_outbox_is_published_whole_and_in_order(desk: Desk, relay: Relay) -> None:
    await leave_behind(desk)
    desk.clock.advance(OVERDUE + timedelta(seconds=1))
    assert await relay.sweep() == 1
    assert desk.published_ids() == ["t-1", "t-2", "t-3"]
    assert await relay.sweep() == 0
    assert desk.telemetry.value(names.OUTBOX_PENDING) == 0


async def test_a_young_outbox_is_left_to_its_writer(desk: Desk, relay: Relay) -> None:
    await leave_behind(desk)
    assert await relay.sweep() == 0
    assert desk.published_ids() == []


async def test_a_bus_that_is_away_keeps_the_outbox(desk: Desk, relay: Relay) -> None:
    await leave_behind(desk)
    desk.clock.advance(OVERDUE + timedelta(seconds=1))
    desk.publisher.is_down = True
    with pytest.raises(DependencyDown):
        await relay.sweep()
    running = asyncio.create_task(desk.supervisor.keep("relay", relay.run))
    await asyncio.sleep(0)
    desk.publisher.is_down = False
    await eventually(lambda: desk.published_ids() == ["t-1", "t-2", "t-3"])
    running.cancel()


async def test_settling_an_old_version_keeps_a_newer_outbox(desk: Desk, relay: Relay) -> None:
    await leave_behind(desk)
    desk.clock.advance(OVERDUE + timedelta(seconds=1))
    clear_outboxes = desk.documents.clear_outboxes

    async def late(published: object) -> None:
        desk.publisher.is_down = True
        await CommandQueue(desk.another()).change("t", write, Cause("another key"))
        desk.publisher.is_down = False
        await clear_outboxes(published)  # type: ignore[arg-type]

    desk.documents.clear_outboxes = late  # type: ignore[method-assign]
    await relay.sweep()
    assert len((await desk.documents.load(["t"]))["t"].outbox) == 6


async def leave(desk: Desk, *tickets: str) -> None:
    desk.publisher.is_down = True
    for ticket in tickets:
        await CommandQueue(desk.unit_of_work).change(ticket, outbox_of(ticket), Cause("key"))
    desk.publisher.is_down = False
    desk.clock.advance(OVERDUE + timedelta(seconds=1))


def outbox_of(ticket: str) -> Callable[[Story | None, Context], Decision[Story]]:
    return lambda _state, _context: Decision(Story(), (noted(ticket, 1),))


async def test_an_outbox_that_cannot_be_sent_waits_behind_those_that_can(desk: Desk) -> None:
    relay = Relay(
        "stories",
        desk.documents,
        desk.publisher,
        desk.clock,
        desk.telemetry.telemetry.meters,
        desk.health,
    )
    missing = Transient("the topic is missing: run `desk topics apply`", code="topic-missing")
    desk.publisher.refused = lambda message: missing if message.key.startswith(b"bad") else None
    await leave(desk, *(f"bad{n}" for n in range(BATCH)), "good")
    assert [await relay.sweep(), await relay.sweep()] == [BATCH, 1]
    assert desk.published_ids() == ["good-1"]
    assert desk.telemetry.value(names.DOCUMENTS_HELD) == BATCH
    assert desk.telemetry.value(names.DOCUMENT_FAILURES) == BATCH
    (shown,) = (
        component
        for component in desk.health.components()
        if component.name == "documents of relay stories"
    )
    assert shown.state is State.DEGRADED
    assert "desk topics apply" in shown.reason
    assert desk.health.answer_ready().is_ok
    desk.publisher.refused = lambda _: None
    desk.clock.advance(timedelta(minutes=2))
    await relay.sweep()
    assert len(desk.published_ids()) == BATCH + 1
    assert desk.telemetry.value(names.DOCUMENTS_HELD) == 0


async def test_an_outbox_is_relayed_although_its_state_cannot_be_read(
    desk: Desk, relay: Relay
) -> None:
    await leave(desk, "t", "u")
    desk.documents.damage("t")
    await relay.sweep()
    assert sorted(desk.published_ids()) == ["t-1", "u-1"]

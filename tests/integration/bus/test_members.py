"""Members come and go in the middle of a batch: nothing lost, nothing twice, offsets exact."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from desk_platform.kafka import BatchProcessor, Received, consumer, consumer_watch
from desk_platform.kafka.batch_processor import OnFailedRecords
from desk_platform.store import Documents, Stored
from desk_platform.telemetry import names
from desk_testing import eventually
from desk_testing.opening import close_now

from tests.support.bus_desk import Story, noted
from tests.support.bus_rig import Rig

pytestmark = [pytest.mark.connected, pytest.mark.timeout(360)]

TICKETS = [f"t{number}" for number in range(12)]
EVENTS = [noted(ticket, number) for number in range(1, 21) for ticket in TICKETS]
EXPECTED = {ticket: tuple(str(number) for number in range(1, 21)) for ticket in TICKETS}


class Held:
    """A handler whose first batch waits: before the work, or between its write and its publish."""

    def __init__(self, inner: BatchProcessor) -> None:
        self.inner = inner
        self.entered, self.go_on = asyncio.Event(), asyncio.Event()
        self.handled = 0

    async def handle(self, batch: Sequence[Received], on_failed: OnFailedRecords) -> None:
        self.entered.set()
        await self.go_on.wait()
        await self.inner.handle(batch, on_failed)
        self.handled += len(batch)

    def forget(self) -> None:
        self.inner.forget()


class SlowDocuments:
    """Documents whose first write waits, with the decision already made."""

    def __init__(self, documents: Documents[Story]) -> None:
        self._documents = documents
        self.load, self.clear_outboxes = documents.load, documents.clear_outboxes
        self.pending, self.due, self.find = documents.pending, documents.due, documents.find
        self.has_unpublished, self.states = documents.has_unpublished, documents.states
        self.find_facets, self.versions = documents.find_facets, documents.versions
        self.find_brief = documents.find_brief
        self.identities = documents.identities
        self.postpone, self.put_off = documents.postpone, documents.put_off
        self.take_up, self.remove = documents.take_up, documents.remove
        self.prepare, self.count = documents.prepare, documents.count
        self.entered, self.go_on = asyncio.Event(), asyncio.Event()

    async def write(self, documents: Sequence[Stored[Story]]) -> frozenset[str]:
        self.entered.set()
        await self.go_on.wait()
        return await self._documents.write(documents)


async def check(rig: Rig, *, copies: int | None = 0) -> None:
    """State is the fold of the log, derived ids are unique, offsets are exact."""
    await eventually(lambda: rig.are_told(EXPECTED), timeout=120)
    await eventually(rig.is_committed, timeout=60)
    derived = await rig.derived()
    assert {event.causation_id for event in derived} == {event.id for event in EVENTS}
    assert len({event.id for event in derived}) == len(EVENTS)
    if copies is not None:
        assert len(derived) - len(EVENTS) == copies
    assert await rig.letters() == []


async def test_a_rebalance_waits_for_the_batch_in_flight(rig: Rig) -> None:
    held = Held(BatchProcessor(rig.unit_of_work()))
    await rig.publish(EVENTS)
    await rig.join(held)
    await held.entered.wait()
    joining = asyncio.create_task(rig.join())
    await eventually(lambda: len(rig.members) == 2)
    held.go_on.set()
    await joining
    await check(rig)


async def test_two_members_on_one_key_leave_it_to_the_store(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One decides, loses its partitions, and writes after the other one did the same work."""
    monkeypatch.setattr(consumer, "REVOKE_GRACE", timedelta(milliseconds=200))
    slow = SlowDocuments(rig.documents)
    unit_of_work = rig.unit_of_work()
    unit_of_work._documents = slow
    await rig.publish(EVENTS)
    first = await rig.join(BatchProcessor(unit_of_work))
    await slow.entered.wait()
    await rig.join()
    # The second one has some partitions now, the first one is still in its batch of all of them.
    await eventually(rig.stories, timeout=90)
    slow.go_on.set()
    await check(rig, copies=None)
    assert rig.telemetry.value(names.GUARD_CONFLICTS) > 0
    assert first._failures == 0


async def test_a_stop_in_mid_batch_finishes_it_and_commits_exactly_that(rig: Rig) -> None:
    held = Held(BatchProcessor(rig.unit_of_work()))
    await rig.publish(EVENTS)
    member = await rig.join(held)
    await held.entered.wait()
    stopping = asyncio.create_task(close_now(member))
    await rig.publish([])
    held.go_on.set()
    await stopping
    handled = held.handled
    assert handled > 0
    committed = await rig.committed()
    assert sum(offset or 0 for offset in committed.values()) == handled
    await rig.join()
    await check(rig)


async def test_a_stop_that_cannot_wait_commits_nothing_of_the_batch(rig: Rig) -> None:
    held = Held(BatchProcessor(rig.unit_of_work()))
    await rig.publish(EVENTS)
    member = await rig.join(held, grace=timedelta(milliseconds=200))
    await held.entered.wait()
    await close_now(member)
    assert set((await rig.committed()).values()) == {None}
    await rig.join()
    await check(rig)


async def test_a_member_that_leaves_hands_over_without_a_pause(rig: Rig) -> None:
    first = await rig.join()
    await rig.join()
    await rig.publish(EVENTS[:120])
    await eventually(rig.stories)
    await close_now(first)
    await rig.publish(EVENTS[120:])
    await check(rig, copies=None)


async def test_progress_and_lag_are_told_while_a_batch_takes_long(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_watch, "LAG_EVERY", timedelta(milliseconds=100))
    held = Held(BatchProcessor(rig.unit_of_work()))
    await rig.publish(EVENTS)
    member = await rig.join(held)
    await held.entered.wait()
    await rig.publish([noted("late", 1)])
    (progress,) = rig.health.consumers()
    await eventually(lambda: bool(progress.lag))
    assert progress.assigned == 3
    assert rig.health.answer_ready().is_ok
    assert rig.health.answer_live().is_ok
    held.go_on.set()
    await eventually(lambda: progress.lag == 0)
    for _ in range(2):  # a rebalance moves partitions from under the one who looks
        await close_now(await rig.join())
    assert member._beside
    assert not any(task.done() for task in member._beside)

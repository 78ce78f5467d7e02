"""Whoever vouches for a silent replica: when it may, and what that one may do no more."""

import asyncio
from datetime import datetime, timedelta

import pytest
from desk_contracts.errors import DependencyDown
from desk_contracts.events.watermarks import WatermarkAdvanced
from desk_contracts.names import TICKETS
from desk_platform.clock import FakeClock
from desk_platform.kafka.open_moments import OpenMoments
from desk_platform.kafka.writer_leases import RENEWED_EVERY, SKEW, TERM, WriterLeases
from desk_platform.kafka.writers import LATE_WRITE, MISSED
from desk_testing import eventually
from desk_testing.opening import open_now

from tests.support.bus_desk import START
from tests.support.bus_writer import SECOND, Writer, settled


async def beside_a_killed_one() -> Writer:
    """Another replica is gone, and something recorded waits to be published."""
    writer = Writer()
    writer.writers.is_complete = True
    writer.writers.hear("gone", WatermarkAdvanced(topic=TICKETS, until=START))
    writer.bus.is_down = True
    with pytest.raises(DependencyDown):
        await writer.note(1)
    return writer


async def test_a_killed_replica_has_not_left_while_something_of_it_is_put_off() -> None:
    writer = await beside_a_killed_one()
    held = list((await writer.desk.documents.load(["t"])).values())
    await writer.desk.documents.postpone(held, START + timedelta(hours=1))
    writer.hears_itself(MISSED)
    await writer.watermark._speak_for_the_silent()
    assert writer.bus.by == []
    await settled(writer)
    await writer.speaks_for_the_silent()
    assert writer.bus.by == ["gone"]


async def test_a_killed_replica_has_left_once_nothing_waits_in_the_store() -> None:
    writer = await beside_a_killed_one()
    writer.hears_itself(MISSED)
    await writer.watermark._speak_for_the_silent()
    assert "gone" not in writer.bus.by
    await writer.desk.documents.clear_outboxes(
        list((await writer.desk.documents.load(["t"])).values())
    )
    await writer.speaks_for_the_silent()
    assert writer.bus.by[-1] == "gone"
    assert writer.bus.watermarks[-1].has_left


async def test_a_replica_that_keeps_its_lease_lives_however_silent_it_is() -> None:
    """Such as one that only the brokers do not hear: it goes on writing into the store."""
    writer = Writer()
    writer.writers.is_complete = True
    writer.writers.hear("cut-off", WatermarkAdvanced(topic=TICKETS, until=START))
    writer.hears_itself(MISSED)
    moments = OpenMoments()
    other = WriterLeases(TICKETS, "cut-off", writer.leases, writer.desk.clock, moments)
    await other.take()
    for _ in range(30):
        writer.desk.clock.advance(RENEWED_EVERY)
        assert await other.renew()
        await writer.watermark._speak_for_the_silent()
    assert writer.bus.by == []
    writer.desk.clock.advance(TERM)
    await writer.speaks_for_the_silent()
    assert writer.bus.by == ["cut-off"]
    assert not await other.renew()


async def test_who_is_vouched_for_records_nothing_before_it_has_told_of_itself_again() -> None:
    writer = Writer()
    await open_now(writer.watermark)
    began, moments = writer.desk.clock.now(), writer.unit_of_work.open_moments
    writer.desk.clock.advance(TERM - SKEW)
    assert not moments.may_record(began, writer.desk.clock.now())
    writer.desk.clock.advance(SKEW)
    name = f"writer {TICKETS} {writer.watermark.replica}"
    taken = await writer.leases.acquire(name, "another", TERM)
    assert taken is not None
    hold_task = asyncio.create_task(writer.watermark.hold())
    with pytest.raises(DependencyDown):
        await hold_task
    with pytest.raises(DependencyDown):
        await writer.note(1)
    await writer.leases.forget(taken)
    count = len(writer.bus.watermarks)
    hold_task = asyncio.create_task(writer.watermark.hold())
    await eventually(lambda: moments.is_open)
    hold_task.cancel()
    assert len(writer.bus.watermarks) == count + 1
    assert not moments.may_record(began, writer.desk.clock.now())
    await writer.note(1)


async def test_a_write_that_a_frozen_store_does_late_is_waited_for() -> None:
    """The store answers the question before it does what the killed replica had sent."""
    writer = Writer()
    writer.writers.is_complete = True
    writer.writers.hear("gone", WatermarkAdvanced(topic=TICKETS, until=START))
    writer.hears_itself(MISSED)
    await writer.watermark._speak_for_the_silent()
    writer.bus.is_down = True
    with pytest.raises(DependencyDown):
        await writer.note(1)
    await writer.speaks_for_the_silent()
    assert "gone" not in writer.bus.by
    await settled(writer)
    writer.bus.is_down = False
    await writer.speaks_for_the_silent()
    assert writer.bus.by[-1] == "gone"


class SlowDocuments:
    """Answers as late as a late write may come."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock

    async def has_unpublished(self, recorded_by: datetime) -> bool:  # noqa: ARG002
        self.clock.advance(LATE_WRITE)
        return False


async def test_a_slow_answer_tells_how_things_were_when_it_was_asked_for() -> None:
    writer = Writer()
    writer.writers.is_complete = True
    writer.writers.hear("gone", WatermarkAdvanced(topic=TICKETS, until=START))
    writer.hears_itself(MISSED)
    writer.watermark._documents = SlowDocuments(writer.desk.clock)  # type: ignore[assignment]
    for _ in range(2):
        await writer.watermark._speak_for_the_silent()
    assert writer.bus.by == []
    await writer.watermark._speak_for_the_silent()
    assert writer.bus.by == ["gone"]


async def test_nobody_is_silent_while_the_bus_or_the_listener_itself_stood_still() -> None:
    writer = Writer()
    writer.hears_itself(MISSED)
    writer.writers.hear("other", WatermarkAdvanced(topic=TICKETS, until=START))
    writer.desk.clock.advance(timedelta(minutes=10))
    writer.hears_itself()
    await writer.watermark._speak_for_the_silent()
    assert writer.bus.by == []
    writer.writers.hear("other", WatermarkAdvanced(topic=TICKETS, until=START + SECOND))
    writer.hears_itself(MISSED - 1)
    await writer.watermark._speak_for_the_silent()
    assert writer.bus.by == []


async def test_one_that_has_just_begun_to_listen_takes_nobody_for_silent() -> None:
    writer = Writer()
    writer.writers.hear("other", WatermarkAdvanced(topic=TICKETS, until=START))
    writer.hears_itself(MISSED - 1)
    await writer.watermark._speak_for_the_silent()
    assert writer.bus.by == []

"""A writer tells how far it has published, and never further than that."""

import asyncio
from datetime import datetime, timedelta

import pytest
from desk_contracts.errors import DependencyDown
from desk_contracts.events.watermarks import WatermarkAdvanced
from desk_contracts.names import TICKETS
from desk_platform.kafka import WorkItem
from desk_platform.kafka.open_moments import OpenMoments
from desk_platform.kafka.writers import AT_LEAST_EVERY, LATE_WRITE, Writers
from desk_testing import eventually
from desk_testing.opening import close_now, open_now

from tests.support.bus_desk import START, Desk, noted, received
from tests.support.bus_writer import SECOND, Writer, settled


async def test_idle_it_is_as_far_as_the_clock() -> None:
    writer = Writer()
    await open_now(writer.watermark)
    assert writer.until == START
    assert await writer.later() == START + SECOND
    assert await writer.later() == START + 2 * SECOND


async def test_nothing_is_decided_before_the_bus_has_been_told_of_it() -> None:
    """Other replicas vouch for a later moment meanwhile: verdicts would not wait for this one."""
    writer = Writer()
    writer.unit_of_work.open_moments.close()
    writer.bus.refuses_all = True
    with pytest.raises(DependencyDown):
        await open_now(writer.watermark)
    with pytest.raises(DependencyDown) as refused:
        await writer.note(1)
    assert refused.value.kind == "not-recording"
    assert await writer.unit_of_work.documents.load(["t"]) == {}
    writer.bus.refuses_all = False
    await open_now(writer.watermark)
    await writer.note(1)
    assert (await writer.unit_of_work.documents.load(["t"])).keys() == {"t"}


async def test_what_is_being_published_holds_it_at_the_moment_it_was_recorded() -> None:
    writer = Writer()
    await writer.later()
    writer.bus.held = asyncio.Event()
    noting = asyncio.create_task(writer.note(1))
    await eventually(lambda: writer.unit_of_work.open_moments.earliest() is not None)
    recorded = START + SECOND
    assert await writer.later() == recorded
    assert await writer.later() == recorded
    writer.bus.held.set()
    await noting
    assert await writer.later() == recorded + 3 * SECOND


async def test_what_could_not_be_published_holds_it_until_nothing_waits_in_the_store() -> None:
    writer = Writer()
    writer.bus.is_down = True
    with pytest.raises(DependencyDown):
        await writer.note(1)
    for _ in range(5):
        assert await writer.later() == START
    await writer.desk.documents.clear_outboxes(
        list((await writer.desk.documents.load(["t"])).values())  # as the relay does
    )
    assert await writer.later() == START
    assert await writer.later() == START + 7 * SECOND


async def test_an_outbox_that_was_put_off_holds_it_until_it_is_out() -> None:
    """Such as one whose topic is missing: the relay tries it again later and later."""
    writer = Writer()
    writer.bus.is_down = True
    with pytest.raises(DependencyDown):
        await writer.note(1)
    held = list((await writer.desk.documents.load(["t"])).values())
    await writer.desk.documents.postpone(held, START + timedelta(hours=1))
    for _ in range(5):
        assert await writer.later() == START
    await settled(writer)
    assert await writer.later() == START
    assert await writer.later() > START


async def test_a_change_of_a_document_that_waits_does_not_hide_since_when() -> None:
    writer = Writer()
    writer.bus.is_down = True
    for number in (1, 2, 3):
        with pytest.raises(DependencyDown):
            await writer.note(number)
        assert await writer.later() == START
    for _ in range(5):
        assert await writer.later() == START
    await settled(writer)
    assert await writer.later() == START
    assert await writer.later() == START + SECOND  # the doubts that came later are looked at next
    assert await writer.later() == START + SECOND
    assert await writer.later() > START + 2 * SECOND


async def test_a_busy_document_does_not_hold_it_once_each_outbox_is_out() -> None:
    """Its outboxes follow each other without a pause, but none of them waits."""
    writer = Writer()
    writer.bus.is_down = True
    with pytest.raises(DependencyDown):
        await writer.note(1)
    writer.bus.is_down = False
    moments: list[datetime] = []
    for number in range(2, 8):
        await writer.note(number)
        moments.append(await writer.later())
    assert moments[-1] > START


async def test_a_turn_that_was_given_up_is_doubtful_until_a_late_write_would_be_seen() -> None:
    writer = Writer()
    writer.bus.held = asyncio.Event()
    noting = asyncio.create_task(writer.note(1))
    await eventually(lambda: writer.unit_of_work.open_moments.earliest() is not None)
    noting.cancel()
    await asyncio.wait([noting])
    assert await writer.later(LATE_WRITE / 2) == START
    await writer.desk.documents.clear_outboxes(
        list((await writer.desk.documents.load(["t"])).values())
    )
    assert await writer.later(LATE_WRITE / 4) == START
    assert await writer.later(LATE_WRITE) > START


async def test_at_a_stop_it_says_goodbye_only_if_all_is_out() -> None:
    writer = Writer()
    await close_now(writer.watermark)
    assert writer.bus.watermarks[-1].has_left
    other = Writer()
    other.unit_of_work.open_moments.mark_uncertain(START)
    await close_now(other.watermark)
    assert not any(bu.has_left for bu in other.bus.watermarks)


async def test_one_that_is_held_up_goes_on_telling_that_it_is_there() -> None:
    writer = Writer()
    writer.bus.is_down = True
    with pytest.raises(DependencyDown):
        await writer.note(1)
    for _ in range(3):
        assert await writer.later(AT_LEAST_EVERY) == START
    assert [bu.until for bu in writer.bus.watermarks] == [START] * 3


async def test_doubts_that_come_again_and_again_do_not_hold_it_for_ever() -> None:
    writer = Writer()
    moments: list[datetime] = []
    for _ in range(12):
        writer.unit_of_work.open_moments.mark_uncertain(writer.desk.clock.now())
        moments.append(await writer.later(LATE_WRITE / 2))
    assert moments[-1] >= START + 4 * LATE_WRITE


async def test_a_replica_that_takes_a_lease_anew_tells_no_more_than_what_it_has_published() -> None:
    writer = Writer()
    writer.bus.is_down = True
    with pytest.raises(DependencyDown):
        await writer.note(1)
    writer.desk.clock.advance(LATE_WRITE / 2)
    await open_now(writer.watermark)
    assert writer.until == START


async def test_a_goodbye_that_the_bus_does_not_take_keeps_nobody_from_stopping() -> None:
    writer = Writer()
    writer.bus.refuses_all = True
    await close_now(writer.watermark)
    assert writer.bus.watermarks == []


def heard(*watermarks: tuple[str, datetime, bool], complete: bool = True) -> Writers:
    writers = Writers(TICKETS)
    writers.is_complete = complete
    for replica, until, has_left in watermarks:
        writers.hear(replica, WatermarkAdvanced(topic=TICKETS, until=until, has_left=has_left))
    return writers


def test_the_slowest_replica_that_still_writes_decides() -> None:
    first, other = ("a", START, False), ("b", START + SECOND, False)
    assert heard(first, other).until() == START
    assert heard(("a", START, True), other).until() == START + SECOND


def test_nothing_is_known_before_the_topic_was_read_to_its_end() -> None:
    assert heard(("a", START, False), complete=False).until() is None
    assert heard().until() is None


def test_with_every_replica_gone_it_stands_still() -> None:
    assert heard(("a", START, True), ("b", START + SECOND, True)).until() == START + SECOND


def test_what_is_told_of_another_topic_is_nothing() -> None:
    writers = heard(("a", START, False))
    writers.hear("b", WatermarkAdvanced(topic="desk.feedback", until=START - SECOND))
    assert writers.until() == START


def test_a_turn_that_ends_well_leaves_no_doubt() -> None:
    moments = OpenMoments()
    with moments.keep_open(START):
        assert moments.earliest() == START
    assert moments.earliest() is None
    assert moments.take_uncertain() is None


async def test_a_task_that_only_fails_by_itself_holds_nothing() -> None:
    """Its failure is parked, and nothing was written that could wait."""
    writer = Writer()
    await writer.unit_of_work.run([WorkItem("t", lambda _s, _t: 1 / 0)], writer.desk.on_failed)  # type: ignore[arg-type,return-value]
    assert await writer.later() == START + SECOND


async def test_once_it_is_out_what_waits_next_waits_only_since_then() -> None:
    desk = Desk()
    desk.publisher.is_down = True
    with pytest.raises(DependencyDown):
        await desk.feed(received(noted("t", 1), 1))
    desk.publisher.is_down = False
    await desk.feed(received(noted("t", 2), 2))  # with it the first one is out too, from memory on
    desk.clock.advance(10 * SECOND)
    desk.publisher.is_down = True
    with pytest.raises(DependencyDown):
        await desk.feed(received(noted("t", 3), 3))
    assert not await desk.documents.has_unpublished(START + 5 * SECOND)
    assert await desk.documents.has_unpublished(START + 10 * SECOND)

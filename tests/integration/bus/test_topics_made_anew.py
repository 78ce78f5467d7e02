"""A topic that was deleted and created again, or lost its end, swallows nothing and is told."""

import asyncio

import pytest
from desk_contracts.names import TICKETS
from desk_platform.kafka import BatchProcessor
from desk_platform.kafka.topic_ids import topic_ids
from desk_platform.kafka.tracked_consumer import TrackedConsumer
from desk_testing import eventually
from desk_testing.opening import close_now

from tests.support.bus_desk import noted
from tests.support.bus_rig import PARTITIONS, Rig, adopt, is_stopped
from tests.support.topics_made_anew import make_anew

pytestmark = [pytest.mark.connected, pytest.mark.timeout(90)]

OLD, NEW = ("t1", "t2"), "t3"


@pytest.mark.parametrize("is_running", [True, False])
async def test_a_topic_made_anew_is_not_read_until_it_is_adopted_and_then_wholly(
    rig: Rig, is_running: bool
) -> None:
    unit_of_work = rig.unit_of_work(ordered=False)
    member = await rig.join(BatchProcessor(unit_of_work), is_guarded=True)
    first = [noted(ticket, n) for n in range(1, 6) for ticket in OLD]
    expected = {ticket: tuple("12345") for ticket in OLD}
    await rig.publish(first)
    await eventually(lambda: rig.are_told(expected), timeout=30)
    await eventually(rig.is_committed, timeout=20)
    if not is_running:
        await close_now(member)
        rig.members.remove(member)
    await make_anew(rig.kafka, rig.prefix + TICKETS, PARTITIONS)
    # A repeat of a known event, and news of known and new subjects at offsets that are marked.
    await rig.publish([first[0], *(noted(item, 6) for item in OLD), noted(NEW, 1)])
    if not is_running:
        await rig.join(BatchProcessor(unit_of_work), is_guarded=True)

    await eventually(lambda: is_stopped(rig), timeout=30)
    assert await rig.are_told(expected)
    anew = await adopt(rig)
    assert [(item.position.topic, item.records) for item in anew] == [(rig.prefix + TICKETS, 4)]
    after = {ticket: tuple("123456") for ticket in OLD} | {NEW: ("1",)}
    await eventually(lambda: rig.are_told(after), timeout=30)
    await eventually(lambda: rig.health.answer_ready().is_ok, timeout=20)
    assert not await adopt(rig)


async def test_a_lost_tail_under_the_same_id_stops_the_reading(rig: Rig) -> None:
    member = await rig.join(is_guarded=True)
    await rig.publish([noted("t1", n) for n in range(1, 4)])
    await eventually(lambda: rig.are_told({"t1": tuple("123")}), timeout=30)
    await close_now(member)
    rig.members.remove(member)
    # What a broker that came back with less looks like from here: we are further than its end.
    positions = rig.store.positions()
    (position,) = await positions.all()
    await positions.advance(position, dict.fromkeys(range(PARTITIONS), 50))
    await rig.publish([noted("t1", 4)])
    await rig.join(is_guarded=True)
    await eventually(lambda: is_stopped(rig), timeout=30)
    assert await rig.are_told({"t1": tuple("123")})

    async def is_kept() -> bool:
        return bool((await positions.all())[0].replaced)

    await eventually(is_kept, timeout=20)
    await adopt(rig)
    await eventually(lambda: rig.are_told({"t1": tuple("1234")}), timeout=30)


async def test_brokers_tell_ids_of_topics_and_none_of_what_is_missing(rig: Rig) -> None:
    async with rig.client() as client:
        topics_by_name = await topic_ids(client._client, [rig.prefix + TICKETS, "there.is.none"])
    assert topics_by_name.cluster
    assert list(topics_by_name.topics) == [rig.prefix + TICKETS]
    assert len(topics_by_name.topics[rig.prefix + TICKETS]) == 36


async def test_who_asks_for_ids_and_ends_does_not_wait_behind_a_fetch(rig: Rig) -> None:
    """Batches wait while a member looks at its topics; the connection of fetches is slow."""
    topic = rig.prefix + TICKETS
    consumer = TrackedConsumer(topic, bootstrap_servers=rig.kafka, fetch_max_wait_ms=20_000)
    await consumer.start()
    try:
        await consumer.seek_to_end()
        assert await consumer.getmany(timeout_ms=500) == {}
        async with asyncio.timeout(10):
            topics_by_name = await topic_ids(consumer.cluster_client, [topic])
            ends = await consumer.ends_at_once(consumer.assignment())
            begins = await consumer.begins_at_once(consumer.assignment())
        assert list(topics_by_name.topics) == [topic]
        assert len(ends) == PARTITIONS
        assert begins == dict.fromkeys(ends, 0)
    finally:
        await consumer.stop()


async def test_where_a_member_left_is_in_the_store_however_soon_it_leaves(rig: Rig) -> None:
    """Else brokers that lose the last seconds of their log would not be found to be shorter."""
    member = await rig.join(is_guarded=True)
    await rig.publish([noted("t1", n) for n in range(1, 6)])
    await eventually(lambda: rig.are_told({"t1": tuple("12345")}), timeout=30)
    await close_now(member)
    rig.members.remove(member)
    [kept] = await rig.store.positions().all()
    assert sum(kept.offsets.values()) == 5

"""A replica that comes back under its name has its partitions at once; one that leaves has none."""

import pytest
from desk_platform.kafka.consumer import Consumer
from desk_testing import eventually
from desk_testing.opening import close_now

from tests.support.bus_desk import noted
from tests.support.bus_rig import PARTITIONS, Rig

pytestmark = [pytest.mark.connected, pytest.mark.timeout(120)]


def generation(member: Consumer) -> int:
    """The number of the group's last rebalance, as this member knows it."""
    consumer = member.current_consumer()
    assert consumer is not None
    number: int = consumer._coordinator.generation
    return number


def partitions(member: Consumer) -> int:
    consumer = member.current_consumer()
    return 0 if consumer is None else len(consumer.assignment())


async def test_who_comes_back_takes_up_what_it_had_without_a_rebalance(rig: Rig) -> None:
    killed = await rig.join(instance="one")
    await eventually(lambda: partitions(killed) == PARTITIONS)
    before = generation(killed)
    # As a new process does whose old one died: nobody has left the group.
    again = await rig.join(instance="one")
    await eventually(lambda: partitions(again) == PARTITIONS)
    assert generation(again) == before
    await rig.publish([noted("t1", 1)])
    await eventually(lambda: rig.are_told({"t1": ("1",)}))


async def test_one_without_a_name_makes_the_group_share_anew(rig: Rig) -> None:
    first = await rig.join()
    await eventually(lambda: partitions(first) == PARTITIONS)
    before = generation(first)
    second = await rig.join()
    await eventually(lambda: partitions(first) + partitions(second) == PARTITIONS)
    assert generation(second) > before


async def test_who_stops_in_peace_leaves_its_partitions_to_the_others(rig: Rig) -> None:
    leaving, staying = await rig.join(instance="one"), await rig.join(instance="two")
    await eventually(lambda: partitions(leaving) and partitions(staying))
    await close_now(leaving)
    rig.members.remove(leaving)
    # Well before the session of the one that left would be over.
    await eventually(lambda: partitions(staying) == PARTITIONS, timeout=8)

"""A member whose client ended by itself says so, and a closed connection does not end one."""

from typing import Never

import pytest
from aiokafka.consumer.group_coordinator import GroupCoordinator
from desk_platform.kafka.tracked_consumer import TrackedConsumer
from desk_testing import eventually

from tests.support.bus_desk import noted
from tests.support.bus_rig import Rig

pytestmark = [pytest.mark.connected, pytest.mark.timeout(90)]


def look_for_coordinator(consumer: TrackedConsumer) -> None:
    """As after a broker went away: the group is joined anew."""
    coordinator = consumer._coordinator
    assert isinstance(coordinator, GroupCoordinator)
    coordinator.coordinator_dead()


async def test_a_member_whose_coordination_ended_reads_no_more_and_is_not_alive(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await rig.join()
    consumer = member.current_consumer()
    assert consumer is not None
    assert not consumer.marks.has_ended

    async def fail(*_anything: object) -> Never:
        raise LookupError("nobody expects this")

    monkeypatch.setattr(consumer.cluster_client, "coordinator_lookup", fail)
    look_for_coordinator(consumer)

    async def has_ended() -> bool:
        return consumer.marks.has_ended

    await eventually(has_ended, timeout=30)


async def test_a_member_whose_connection_is_closed_meanwhile_reads_on(rig: Rig) -> None:
    member = await rig.join()
    consumer = member.current_consumer()
    assert consumer is not None
    for connection in consumer.cluster_client._conns.values():
        connection._writer.transport.abort()
    look_for_coordinator(consumer)
    await rig.publish([noted("t1", 1)])
    await eventually(lambda: rig.are_told({"t1": ("1",)}), timeout=30)
    assert not consumer.marks.has_ended

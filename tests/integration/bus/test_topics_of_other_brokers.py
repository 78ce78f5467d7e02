"""Brokers that came back with less than was read, and brokers of another cluster, are noticed."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from desk_local import LocalServers, local_servers
from desk_platform.kafka.consumer import Consumer
from desk_platform.kafka.retry import attempt_async
from desk_testing import eventually
from desk_testing.opening import close_now

from tests.support.bus_desk import noted
from tests.support.bus_rig import Rig, adopt, is_stopped

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]

CLUSTER = "cluster.id="


@pytest.fixture
async def brokers(tmp_path: Path) -> AsyncIterator[LocalServers]:
    async with local_servers(tmp_path, store=False, is_quick=True) as servers:
        yield servers


@pytest.fixture
async def rig(brokers: LocalServers, store_url: str, prefix: str) -> AsyncIterator[Rig]:
    rig = Rig(brokers.kafka, store_url, prefix)
    await rig.open()
    yield rig
    await rig.close()


def logs_of(brokers: LocalServers) -> Path:
    return brokers.places.make_data_of("kafka") / "logs"


async def begun(rig: Rig) -> Consumer:
    """A member has read three events, and so say its positions."""
    member = await rig.join(is_guarded=True)
    await rig.publish([noted("t1", n) for n in range(1, 4)])
    await eventually(lambda: rig.are_told({"t1": tuple("123")}), timeout=60)
    await eventually(rig.is_committed, timeout=20)
    return member


@pytest.mark.parametrize("is_noticed_first", [True, False])
async def test_a_broker_that_lost_its_end_under_running_readers_is_read_again_once_adopted(
    brokers: LocalServers, rig: Rig, tmp_path: Path, is_noticed_first: bool
) -> None:
    await begun(rig)
    older = tmp_path / "older"
    await asyncio.to_thread(brokers.broker.stop)
    await asyncio.to_thread(shutil.copytree, logs_of(brokers), older)
    await asyncio.to_thread(brokers.broker.start)
    await rig.publish([noted("t1", 4), noted("t1", 5)])
    await eventually(lambda: rig.are_told({"t1": tuple("12345")}), timeout=60)
    # So that the end is known to have been read before it is lost.
    await eventually(rig.is_committed, timeout=20)

    await asyncio.to_thread(brokers.broker.kill)
    shutil.rmtree(logs_of(brokers))
    shutil.copytree(older, logs_of(brokers))
    await asyncio.to_thread(brokers.broker.start)
    if is_noticed_first:
        await eventually(lambda: is_stopped(rig), timeout=60)
    # The writer tells anew what was lost, and something new: at offsets that were read before.
    events = [noted("t1", 4), noted("t1", 5), noted("t1", 6), noted("t2", 1)]

    async def is_published() -> bool:
        return await attempt_async(rig.publish(events)) is None

    # The brokers do not know how far this producer was, which begins anew then.
    await eventually(is_published, timeout=60)
    await eventually(lambda: is_stopped_for_good(rig), timeout=60)
    assert await rig.are_told({"t1": tuple("12345")})
    (adopted,) = await adopt(rig)
    assert adopted.records == 7
    await eventually(lambda: rig.are_told({"t1": tuple("123456"), "t2": ("1",)}), timeout=60)
    await eventually(lambda: rig.health.answer_ready().is_ok, timeout=30)


async def is_stopped_for_good(rig: Rig) -> bool:
    return any(item.replaced for item in await rig.store.positions().all())


async def test_another_cluster_with_the_same_names_is_noticed(
    brokers: LocalServers, rig: Rig
) -> None:
    """Whoever copies a broker's disk to a new cluster has the ids of topics, and offsets, too."""
    member = await begun(rig)
    await close_now(member)
    rig.members.remove(member)
    await asyncio.to_thread(brokers.broker.stop)
    properties = logs_of(brokers) / "meta.properties"
    lines = properties.read_text().splitlines()
    other = ["cluster.id=b3RoZXItY2x1c3Rlci0wMQ" if CLUSTER in line else line for line in lines]
    assert other != lines
    properties.write_text("\n".join(other))
    await asyncio.to_thread(brokers.broker.start)
    await rig.publish([noted("t1", 4)])
    await rig.join(is_guarded=True)
    await eventually(lambda: is_stopped(rig), timeout=60)
    assert await rig.are_told({"t1": tuple("123")})
    (adopted,) = await adopt(rig)
    assert "cluster" in adopted.why
    await eventually(lambda: rig.are_told({"t1": tuple("1234")}), timeout=60)

"""A batch is freed when it is handled: what waits for the collector is memory and its time."""

import gc
from collections.abc import Iterator

import pytest
from aiokafka import ConsumerRecord
from desk_testing import eventually

from tests.support.bus_desk import noted
from tests.support.bus_rig import Rig

pytestmark = [pytest.mark.connected, pytest.mark.timeout(120)]


@pytest.fixture
def garbage() -> Iterator[list[object]]:
    """What only the collector finds from now on, instead of being freed by it."""
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    yield gc.garbage
    gc.set_debug(0)
    gc.garbage.clear()


async def test_no_record_waits_for_the_collector(rig: Rig, garbage: list[object]) -> None:
    await rig.join()
    for number in (1, 2, 3):
        await rig.publish([noted("a", number)])
        await eventually(lambda: rig.are_told({"a": tuple("123"[:number])}))  # noqa: B023
        await eventually(rig.is_committed)
    gc.collect()
    assert not [item for item in garbage if isinstance(item, ConsumerRecord)]

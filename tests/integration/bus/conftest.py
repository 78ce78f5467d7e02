"""A rig on the run's servers."""

from collections.abc import AsyncIterator

import pytest

from tests.support.bus_rig import Rig


@pytest.fixture
async def rig(kafka: str, store_url: str, prefix: str) -> AsyncIterator[Rig]:
    rig = Rig(kafka, store_url, prefix)
    await rig.open()
    yield rig
    await rig.close()

"""Real servers around automation: its topics, its process, a target."""

from collections.abc import AsyncIterator

import pytest

from tests.support.automation_desk import Automation


@pytest.fixture
async def automation(service: Automation) -> AsyncIterator[Automation]:
    await service.start()
    yield service
    service.stop()

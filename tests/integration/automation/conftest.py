"""Real servers around automation: its topics, its process, a target."""

from collections.abc import AsyncIterator

import pytest

from tests.support.automation_desk import Automation
from tests.support.automation_servers import bus, service, target

__all__ = ["automation", "bus", "service", "target"]


@pytest.fixture
async def automation(service: Automation) -> AsyncIterator[Automation]:
    await service.start()
    yield service
    service.stop()

"""Real servers around automation: its topics, its process, a target."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from desk_testing.processes import CHARTER

from tests.support.automation_desk import Automation
from tests.support.automation_servers import bus, second, service, target

__all__ = ["automation", "bus", "second", "service", "target"]

WINDOW, QUICKER = "within: 30s", "within: 12s"


@pytest.fixture
async def automation(service: Automation, tmp_path: Path) -> AsyncIterator[Automation]:
    """With the desk's own runbooks, but for how long a cure has to show."""
    charter = tmp_path / "charter"
    shutil.copytree(CHARTER, charter)
    runbook = charter / "runbooks" / "clean-disk.yaml"
    text = runbook.read_text(encoding="utf-8")
    assert WINDOW in text
    runbook.write_text(text.replace(WINDOW, QUICKER), encoding="utf-8")
    service.env["DESK_CHARTER"] = str(charter)
    await service.start()
    yield service
    service.stop()

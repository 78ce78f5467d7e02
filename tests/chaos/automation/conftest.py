"""The same servers, target and process as in the integration tests, with runbooks of each class."""

from pathlib import Path

import pytest

from tests.support.automation_desk import Automation
from tests.support.automation_kills import write_charter
from tests.support.automation_servers import bus, second, service, target

__all__ = ["bus", "mortal", "second", "service", "target"]


@pytest.fixture
def mortal(service: Automation, tmp_path: Path) -> Automation:
    """Reads a charter with a runbook of each effect class."""
    charter = tmp_path / "charter"
    write_charter(charter)
    service.env["DESK_CHARTER"] = str(charter)
    return service

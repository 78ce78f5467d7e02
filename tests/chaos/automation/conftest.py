"""The same servers, target and process as in the integration tests, with runbooks of each class."""

import shutil
from pathlib import Path

import pytest
from desk_testing.processes import CHARTER

from tests.support.automation_desk import Automation
from tests.support.automation_servers import bus, second, service, target

__all__ = ["bus", "mortal", "second", "service", "target"]

RUNBOOK = """\
id: {id}
title: A repair that is {id}
why: To see what a crash does to it.
owner_team: workplace
risk: reversible
mode: auto
expires: 2030-12-31
when: data.signal == "{id}"
limits: {{per_target: {{cooldown: 1s, per_day: 9}}, per_runbook: {{per_hour: 5000}}}}
steps:
  - id: repair
    kind: act
    effect: {id}
    request: {{method: POST, url: "${{data.attributes.agent_url}}/v1/actions/{id}/${{target}}"}}
    timeout: 5s
{more}
verify: {{measurement: disk.free.percent, at_least: 15, within: 60s}}
escalate: {{title: "{id} did not help on ${{target}}"}}
breaker: {{consecutive: 5000}}
"""
RETRY = "    retry: {attempts: 3, base: 100ms, cap: 500ms}"
CONFIRM = """\
    confirm:
      request: {method: GET, url: "${data.attributes.agent_url}/v1/done/${target}"}
      expect: response.body.done == true
"""


@pytest.fixture
def mortal(service: Automation, tmp_path: Path) -> Automation:
    """Reads a charter with a runbook of each effect class."""
    charter = tmp_path / "charter"
    shutil.copytree(CHARTER, charter)
    classes = {"keyed": RETRY, "idempotent": RETRY, "confirmable": RETRY + "\n" + CONFIRM}
    for id, more in {**classes, "once": ""}.items():
        text = RUNBOOK.format(id=id, more=more)
        (charter / "runbooks" / f"{id}.yaml").write_text(text)
    service.env["DESK_CHARTER"] = str(charter)
    return service

"""A charter in which a runbook restarts people's devices, and its run as automation reports it."""

import shutil
from pathlib import Path

from desk_charter import Charter, load_charter

PROJECT = Path(__file__).parents[2]
RUNBOOK = """\
id: restart-own-device
title: Restart a person's own device
why: People ask for it in the catalogue.
owner_team: workplace
risk: disruptive
mode: auto
expires: 2027-12-31
event: desk.ticket.fulfilment-requested.v1
when: data.device != ""
target: data.device
settle: 0s
limits:
  per_target: {cooldown: 0s, per_day: 20}
  overflow: queue
steps:
  - id: restart
    kind: act
    effect: keyed
    request:
      method: POST
      url: AGENT/v1/actions/restart
      headers: {Idempotency-Key: "${key}"}
      body: {device: "${target}", ticket: "${subject}"}
    timeout: 5s
    retry: {attempts: 5, base: 200ms, cap: 1s}
verify: {measurement: device.uptime.minutes, at_most: 30, within: WINDOW}
escalate: {title: "${target} was not restarted"}
tell: {after: Your device was restarted., on_failure: We restart your device by hand.}
"""


def write_charter(
    folder: Path, agent: str = "http://127.0.0.1:9000", window: str = "30s", within: str = "1h"
) -> Path:
    """The project's charter, with a runbook that restarts devices for those who ask."""
    shutil.copytree(PROJECT / "charter", folder / "charter")
    catalogue = folder / "charter" / "catalogue.yaml"
    before, reboot, after = catalogue.read_text().partition("  - name: reboot\n")
    shipped = "    fulfilment: {team: workplace, runbook: restart-own-device, within: 1h}\n"
    assert reboot, "the charter offers no restart"
    assert shipped in after, "the charter's restart is by another runbook"
    after = after.replace(shipped, shipped.replace("1h", within), 1)
    catalogue.write_text(before + reboot + after)
    runbook = RUNBOOK.replace("AGENT", agent).replace("WINDOW", window)
    (folder / "charter" / "runbooks" / "restart-own-device.yaml").write_text(runbook)
    return folder / "charter"


def load_fulfilling(folder: Path) -> Charter:
    """It, loaded."""
    return load_charter(write_charter(folder))

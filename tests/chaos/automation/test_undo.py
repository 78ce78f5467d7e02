"""A change that did not help is taken back once, though the process dies while it does so."""

from pathlib import Path

import pytest
from desk_contracts.events.automation import RunEscalated, UndoState
from desk_testing import eventually

from tests.support.automation_desk import Automation, Bus, Target, measured, raised

pytestmark = [pytest.mark.chaos, pytest.mark.connected, pytest.mark.timeout(150)]

ESCALATED = "desk.run.escalated.v1"
RUNBOOK = """\
id: moved
title: A change that can be taken back
why: To see what a crash does to its undo.
owner_team: workplace
risk: reversible
mode: auto
expires: 2030-12-31
when: data.signal == "moved"
limits: {per_target: {cooldown: 1s, per_day: 9}, per_runbook: {per_hour: 5000}}
steps:
  - id: move
    kind: act
    effect: keyed
    request: {method: POST, url: "${data.attributes.agent_url}/v1/actions/there/${target}"}
    timeout: 5s
    undo:
      effect: keyed
      request: {method: POST, url: "${data.attributes.agent_url}/v1/actions/back/${target}"}
      timeout: 5s
      retry: {attempts: 3, base: 100ms, cap: 500ms}
verify: {measurement: disk.free.percent, at_least: 15, within: 2s}
escalate: {title: "Moving did not help on ${target}"}
"""


@pytest.fixture
def undoing(mortal: Automation) -> Automation:
    """With a runbook whose step says how it is taken back."""
    Path(mortal.env["DESK_CHARTER"], "runbooks", "moved.yaml").write_text(RUNBOOK)
    return mortal


def keys_of(target: Target, path: str) -> list[str]:
    return [key for called, key in target.requests if f"/{path}/" in called]


async def test_a_kill_during_the_undo_takes_it_back_under_the_same_key(
    undoing: Automation, bus: Bus, target: Target
) -> None:
    await undoing.start()
    await bus.publish(raised("laptop-1", target.url, "moved"))
    await eventually(lambda: len(keys_of(target, "there")) == 1)
    # The target does what it is asked to; the process dies before it hears so.
    target.delay = 4.0

    async def is_taken_back() -> bool:
        await bus.publish(measured("laptop-1", 4.0))
        return len(keys_of(target, "back")) == 1

    await eventually(is_taken_back, timeout=60, interval=0.3)
    undoing.kill()
    target.delay = 0.0
    await undoing.start()
    try:

        async def is_escalated() -> bool:
            return ESCALATED in await bus.types_of("laptop-1")

        await eventually(is_escalated, timeout=60, interval=0.3)
    finally:
        undoing.stop()
    escalated = bus.data("laptop-1", ESCALATED)
    assert isinstance(escalated, RunEscalated)
    assert (escalated.outcome, escalated.undo) == ("not_healed", UndoState.UNDONE)
    assert len(keys_of(target, "there")) == 1
    assert len(keys_of(target, "back")) == 2
    assert len(set(keys_of(target, "back"))) == 1

"""A charter with a runbook of each effect class, its troubles, and what must be true of them."""

import shutil
from pathlib import Path

from desk_contracts import Event
from desk_contracts.events.signals import SignalRaised
from desk_testing.processes import CHARTER

from tests.support.automation_desk import Bus, Target, raised

CLASSES = ("keyed", "idempotent", "confirmable", "once")
DYING = "tests.support.automation_dying_automation"

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


def write_charter(folder: Path) -> None:
    """The shipped one, and these four."""
    shutil.copytree(CHARTER, folder)
    classes = {"keyed": RETRY, "idempotent": RETRY, "confirmable": RETRY + "\n" + CONFIRM}
    for id, more in {**classes, "once": ""}.items():
        (folder / "runbooks" / f"{id}.yaml").write_text(RUNBOOK.format(id=id, more=more))


def fresh_trouble(target: Target, name: str) -> list[Event[SignalRaised]]:
    """One of each class."""
    return [raised(f"{name}-{effect}", target.url, effect) for effect in CLASSES]


def assert_sound(bus: Bus, target: Target, troubles: list[Event[SignalRaised]]) -> None:
    """No effect of `once` repeated, one key for each step, one end for each run."""
    for trouble in troubles:
        path = f"/v1/actions/{trouble.data.signal}/{trouble.subject}"
        keys = [key for requested, key in target.requests if requested == path]
        assert len(set(keys)) <= 1, path
        if trouble.data.signal in {"once", "confirmable"}:
            assert len(keys) <= 1, path
        assert len(ends_of(bus, trouble)) == 1, trouble.subject


def ends_of(bus: Bus, trouble: Event[SignalRaised]) -> list[str]:
    """What was said about the end of a run, doubles left out."""
    return [
        event.type
        for event in bus.seen.values()
        if event.subject == trouble.subject
        and event.type.split(".")[2] in {"healed", "escalated", "skipped"}
    ]

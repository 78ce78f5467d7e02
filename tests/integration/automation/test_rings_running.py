"""Rings on a real broker and store, with two replicas of which one is killed."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from desk_contracts.events.automation import (
    RingOpened,
    RunbookResumed,
    RunbookStopped,
    RunEscalated,
)
from desk_testing import eventually
from desk_testing.processes import CHARTER

from tests.support.automation_desk import Automation, Bus, Target, measured, raised
from tests.support.automation_servers import running

pytestmark = [pytest.mark.connected, pytest.mark.timeout(480)]

RUNBOOK = """\
id: {id}
title: A repair in rings
why: To see how many targets are met at once.
owner_team: workplace
risk: reversible
mode: auto
expires: 2030-12-31
when: data.signal == "{id}"
settle: {settle}
limits: {{per_target: {{cooldown: 1s, per_day: 9}}, per_runbook: {{per_hour: 5000}}}}
steps:
  - id: repair
    kind: act
    effect: keyed
    request: {{method: POST, url: "${{data.attributes.agent_url}}/v1/actions/{id}/${{target}}"}}
    timeout: 5s
    retry: {{attempts: 3, base: 100ms, cap: 500ms}}
verify: {{measurement: disk.free.percent, at_least: 15, within: {within}}}
{more}
escalate: {{title: "{id} did not help on ${{target}}"}}
breaker: {{consecutive: 5000}}
"""
IN_RINGS = "rollout: {hold: 1s}"
GUARDED = "fleet_guard: {more_than: 3, within: 10m}"


@pytest.fixture
async def replicas(
    service: Automation, second: Automation, tmp_path: Path
) -> AsyncIterator[list[Automation]]:
    charter = tmp_path / "charter"
    shutil.copytree(CHARTER, charter)
    for id, settle, within, more in (
        ("rings", "0s", "120s", IN_RINGS),
        ("useless", "0s", "4s", IN_RINGS),
        ("common", "5s", "30s", GUARDED),
    ):
        text = RUNBOOK.format(id=id, settle=settle, within=within, more=more)
        (charter / "runbooks" / f"{id}.yaml").write_text(text, encoding="utf-8")
    service.env["DESK_CHARTER"] = str(charter)
    async with running(service, second) as both:
        yield both


async def events_of(bus: Bus, subject: str, kind: type) -> list[object]:
    await bus.read()
    return [e.data for e in bus.seen.values() if e.subject == subject and type(e.data) is kind]


def acted_on(target: Target) -> set[str]:
    return {path.rpartition("/")[2] for path, _ in target.requests}


async def show(replica: Automation, runbook: str) -> dict[str, object]:
    """How the runbook's rings stand."""
    items = (await replica.get("/v1/runbooks")).json()["items"]
    [rollout] = [item["rollout"] for item in items if item["id"] == runbook]
    assert isinstance(rollout, dict)
    return rollout


async def open_next(bus: Bus, target: Target, number: int) -> None:
    """All that were met get well, until the next ring is open."""

    async def is_open() -> bool:
        for name in sorted(acted_on(target)):
            await bus.publish(measured(name, 41.0))
        return len(await events_of(bus, "rings", RingOpened)) >= number

    await eventually(is_open, timeout=90, interval=0.3)


async def test_rings_of_one_two_and_four_though_a_replica_is_killed(
    replicas: list[Automation], bus: Bus, target: Target
) -> None:
    names = [f"laptop-{number}" for number in range(8)]
    await bus.publish(*(raised(name, target.url, "rings") for name in names))
    await eventually(lambda: len(acted_on(target)) == 1, timeout=60)

    async def all_wait() -> bool:
        return (await show(replicas[0], "rings"))["waiting"] == 7

    await eventually(all_wait, timeout=60, interval=0.2)
    assert len(acted_on(target)) == 1
    await open_next(bus, target, 2)
    await eventually(lambda: len(acted_on(target)) == 3, timeout=90)
    replicas[0].kill()
    await open_next(bus, target, 3)
    await eventually(lambda: len(acted_on(target)) == 7, timeout=180)
    assert (await show(replicas[1], "rings"))["waiting"] == 1
    await open_next(bus, target, 4)
    await eventually(lambda: len(acted_on(target)) == 8, timeout=180)
    opened = await events_of(bus, "rings", RingOpened)
    figures = [(o.ring, o.size, o.healed) for o in opened if isinstance(o, RingOpened)]
    assert figures == [(1, 1, 0), (2, 2, 1), (3, 4, 2), (4, 8, 4)]
    # Who was killed in the middle of a call may have sent it again, with the same key.
    assert len(target.effects) == len(names)


async def test_a_runbook_that_does_not_help_stops_at_its_first_ring_until_a_person_says_so(
    replicas: list[Automation], bus: Bus, target: Target
) -> None:
    names = [f"laptop-{number}" for number in range(5)]
    await bus.publish(*(raised(name, target.url, "useless") for name in names))
    await eventually(lambda: len(acted_on(target)) == 1, timeout=60)

    async def is_stopped() -> bool:
        for name in acted_on(target):
            await bus.publish(measured(name, 4.0))
        return len(await events_of(bus, "useless", RunbookStopped)) == 1

    await eventually(is_stopped, timeout=120, interval=0.5)
    [stopped] = await events_of(bus, "useless", RunbookStopped)
    assert isinstance(stopped, RunbookStopped)
    assert stopped.kind == "ring"
    assert set(stopped.targets) == acted_on(target)
    for replica in replicas:
        shown = await show(replica, "useless")
        assert shown["stopped_since"] is not None
        assert shown["waiting"] == 4
    queued = await replicas[1].runs(runbook="useless", phase="queued")
    assert len(queued) == 4
    assert len(acted_on(target)) == 1
    answer = await replicas[1].post(
        "/v1/runbooks/useless/resume", "go on", json={"reason": "Try again."}
    )
    assert answer.status_code == 200
    await eventually(lambda: len(acted_on(target)) == 2, timeout=90)

    async def is_told() -> bool:
        return bool(await events_of(bus, "useless", RunbookResumed))

    await eventually(is_told, timeout=30)
    [resumed] = await events_of(bus, "useless", RunbookResumed)
    assert isinstance(resumed, RunbookResumed)
    assert resumed.by == "ana"


async def test_many_equal_faults_stop_the_runbook_and_one_run_brings_it_to_people(
    replicas: list[Automation], bus: Bus, target: Target
) -> None:
    names = [f"laptop-{number}" for number in range(6)]
    await bus.publish(*(raised(name, target.url, "common") for name in names))

    async def is_brought() -> bool:
        await bus.read()
        return any(isinstance(e.data, RunEscalated) for e in bus.seen.values())

    await eventually(is_brought, timeout=90, interval=0.2)
    [stopped] = await events_of(bus, "common", RunbookStopped)
    assert isinstance(stopped, RunbookStopped)
    assert (stopped.kind, len(stopped.targets)) == ("fleet", 4)

    async def others_wait() -> bool:
        return (await show(replicas[0], "common"))["waiting"] == 5

    await eventually(others_wait, timeout=60, interval=0.2)
    assert target.requests == []
    brought = [e for e in bus.seen.values() if isinstance(e.data, RunEscalated)]
    assert len(brought) == 1

"""What people stop stays stopped, and what they approve is done once, whatever is killed."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from desk_contracts import Event
from desk_contracts.events.automation import AutomationResumed, AutomationStopped
from desk_contracts.events.tickets import TicketStarted
from desk_contracts.ids import new_id
from desk_platform.telemetry import get_logger
from desk_testing import eventually

from tests.support.automation_desk import Automation, Bus, Target, measured, raised
from tests.support.automation_servers import running

pytestmark = [pytest.mark.chaos, pytest.mark.connected, pytest.mark.timeout(300)]

log = get_logger()
WITHIN = 1.0
DEVICES = 24
STEPS = 60
ACT = """\
  - id: act-{number}
    kind: act
    effect: keyed
    request: {{method: POST, url: "${{data.attributes.agent_url}}/v1/{number}/actions/${{target}}"}}
    timeout: 5s
    retry: {{attempts: 3, base: 100ms, cap: 500ms}}
"""
RUNBOOK = """\
id: {id}
title: A repair that is {id}
why: To see what people can stop.
owner_team: workplace
risk: reversible
mode: {mode}
approval: {{needed: 2}}
expires: 2030-12-31
when: data.signal == "{id}"
limits: {{per_target: {{cooldown: 1s, per_day: 9}}, per_runbook: {{per_hour: 5000}}}}
steps:
{steps}verify: {{measurement: disk.free.percent, at_least: 15, within: 60s}}
escalate: {{title: "{id} did not help on ${{target}}"}}
breaker: {{consecutive: 5000}}
"""


@pytest.fixture
async def replicas(mortal: Automation, second: Automation) -> AsyncIterator[list[Automation]]:
    """Two of them, with a long repair that goes by itself and one that is asked for."""
    folder = Path(mortal.env["DESK_CHARTER"]) / "runbooks"
    for id, mode, count in (("long", "auto", STEPS), ("asked", "approve", 1)):
        steps = "".join(ACT.format(number=number) for number in range(count))
        text = RUNBOOK.format(id=id, mode=mode, steps=steps)
        (folder / f"{id}.yaml").write_text(text, encoding="utf-8")
    async with running(mortal, second) as both:
        yield both


async def begin_long_repairs(bus: Bus, target: Target) -> list[str]:
    """All devices are being repaired, step after step, as fast as it goes."""
    # Of one length, since what reached one of them is looked for by its name.
    names = [f"laptop-{number:02}" for number in range(DEVICES)]
    await bus.publish(*(raised(name, target.url, "long") for name in names))
    await eventually(lambda: len(target.requests) > 2 * DEVICES, timeout=60, interval=0.02)
    return names


async def fall_silent(target: Target, path: str, after: float) -> float:
    """Until nothing came for three seconds; how long after that moment the last act came."""
    quiet = 3.0
    await eventually(
        lambda: time.monotonic() - max(after, target.last_act(path)) > quiet, timeout=30
    )
    return target.last_act(path) - after


async def restart(replicas: list[Automation]) -> None:
    for replica in replicas:
        replica.kill()
    for replica in replicas:
        replica.launch()
    for replica in replicas:
        await eventually(replica.is_ready, timeout=240, interval=0.1)


async def test_a_global_stop_holds_at_once_on_both_replicas_and_after_their_death(
    replicas: list[Automation], bus: Bus, target: Target
) -> None:
    names = await begin_long_repairs(bus, target)
    called = time.monotonic()
    answer = await replicas[0].post("/v1/stop", "stop", by="olga", json={"reason": "A test."})
    assert answer.json()["by"] == "olga"
    late = await fall_silent(target, "/actions/", called)
    sent = len(target.requests)
    assert sent < DEVICES * STEPS
    log.info("last_act_after_global_stop", seconds=round(late, 3), acts=sent)
    assert late < WITHIN
    await restart(replicas)
    for replica in replicas:
        assert (await replica.get("/v1/stop")).json()["by"] == "olga"
    restarted = time.monotonic()
    await fall_silent(target, "/actions/", restarted)
    assert len(target.requests) == sent
    await replicas[1].post("/v1/resume", "go on", by="olga", json={"reason": "It is over."})

    async def is_healed() -> bool:
        await bus.publish(*(measured(name, 40.0) for name in names))
        return all([(await bus.types_of(name))[-1:] == ["desk.run.healed.v1"] for name in names])

    await eventually(is_healed, timeout=120, interval=1.0)
    assert len(target.effects) == DEVICES * STEPS
    events = [type(event.data) for event in bus.seen.values() if event.subject == "automation"]
    assert events == [AutomationStopped, AutomationResumed]


async def test_one_run_is_stopped_or_taken_within_a_second_while_others_act(
    replicas: list[Automation], bus: Bus, target: Target
) -> None:
    names = await begin_long_repairs(bus, target)
    runs = {str(run["target"]): str(run["id"]) for run in await replicas[1].runs(limit="200")}
    called = time.monotonic()
    answer = await replicas[1].post(f"/v1/runs/{runs[names[0]]}/stop", "stop", json={})
    assert answer.status_code == 200, answer.text
    took = time.monotonic()
    answer = await replicas[0].post(f"/v1/runs/{runs[names[1]]}/take", "take", json={})
    assert answer.status_code == 200, answer.text
    began = time.monotonic()
    started = Event(
        id=new_id(),
        source="/desk/intake",
        subject=new_id(),
        time=datetime.now(UTC),
        data=TicketStarted(by="bo", device=names[2]),
    )
    await bus.publish(started)
    late = {
        "stop": await fall_silent(target, f"/actions/{names[0]}", called),
        "take": await fall_silent(target, f"/actions/{names[1]}", took),
        "ticket": await fall_silent(target, f"/actions/{names[2]}", began),
    }
    log.info("last_act_after_the_call", **late)
    assert all(seconds < WITHIN for seconds in late.values())
    for name in names[:3]:
        assert sum(path.endswith(name) for path, _ in target.requests) < STEPS
        await eventually(partial(is_escalated, bus, name), timeout=30)


async def is_escalated(bus: Bus, name: str) -> bool:
    return "desk.run.escalated.v1" in await bus.types_of(name)


async def test_an_approved_repair_is_done_once_though_everybody_dies_between_the_answers(
    replicas: list[Automation], bus: Bus, target: Target
) -> None:
    await bus.publish(raised("laptop-1", target.url, "asked"))

    async def find_waiting() -> dict[str, object] | None:
        runs = await replicas[0].runs(phase="awaiting_approval")
        return runs[0] if runs else None

    await eventually(find_waiting, timeout=60)
    run = await find_waiting()
    assert run is not None
    for by in ("ana", "bo"):
        await restart(replicas)
        assert target.requests == []
        path, plan = f"/v1/runs/{run['id']}/approve", {"plan": run["plan_hash"]}
        answer = await replicas[0].post(path, f"yes of {by}", by=by, json=plan)
        assert answer.status_code == 200, answer.text
        again = await replicas[1].post(path, f"second of {by}", by=by, json=plan)
        assert again.status_code == 409
    await restart(replicas)

    async def is_healed() -> bool:
        await bus.publish(measured("laptop-1", 40.0))
        return "desk.run.healed.v1" in await bus.types_of("laptop-1")

    await eventually(is_healed, timeout=60, interval=0.5)
    assert list(target.effects.values()) == [1]
    types = await bus.types_of("laptop-1")
    assert types.count("desk.run.approval-recorded.v1") == 2

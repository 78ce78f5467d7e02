"""Promotion by evidence and its end on a real broker and store, with automation killed between."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from desk_contracts.events.automation import RunApprovalRequested, RunbookStopped
from desk_contracts.events.promotions import (
    PromotionProposed,
    PromotionWithdrawn,
    RunbookDemoted,
    RunbookPromoted,
)
from desk_testing import eventually
from desk_testing.processes import CHARTER

from tests.support.automation_desk import Automation, Bus, Target, measured, raised
from tests.support.automation_servers import running

pytestmark = [pytest.mark.connected, pytest.mark.timeout(480)]

RUNBOOK = """\
id: learns
title: A repair that asks until it is known to help
why: To see when it may act by itself.
owner_team: workplace
risk: reversible
mode: approve
expires: 2030-12-31
when: data.signal == "learns"
limits: {per_target: {cooldown: 1s, per_day: 99}, per_runbook: {per_hour: 5000}}
steps:
  - id: repair
    kind: act
    effect: keyed
    request: {method: POST, url: "${data.attributes.agent_url}/v1/actions/learns/${target}"}
    timeout: 5s
    retry: {attempts: 3, base: 100ms, cap: 500ms}
verify: {measurement: disk.free.percent, at_least: 15, within: 5s}
escalate: {title: "It did not help on ${target}"}
breaker: {consecutive: 2, reopen_after: 5m}
promotion: {ceiling: auto, runs: 3, healed_percent: 50, approved_percent: 40, age: 1s}
"""
PROMOTION = "/v1/runbooks/learns/promote"


@pytest.fixture
async def replica(service: Automation, tmp_path: Path) -> AsyncIterator[Automation]:
    charter = tmp_path / "charter"
    shutil.copytree(CHARTER, charter)
    (charter / "runbooks" / "learns.yaml").write_text(RUNBOOK, encoding="utf-8")
    service.env["DESK_CHARTER"] = str(charter)
    async with running(service):
        yield service


async def restart(replica: Automation) -> None:
    replica.kill()
    replica.launch()
    await eventually(replica.is_ready, timeout=240, interval=0.1)


async def of_type(bus: Bus, kind: type) -> list[Any]:
    await bus.read()
    return [event.data for event in bus.seen.values() if type(event.data) is kind]


async def show(replica: Automation) -> dict[str, Any]:
    items = (await replica.get("/v1/runbooks")).json()["items"]
    [shown] = [item for item in items if item["id"] == "learns"]
    assert isinstance(shown, dict)
    return shown


async def run_on(
    replica: Automation,
    bus: Bus,
    target: Target,
    subject: str,
    value: float,
    *,
    asks: bool,
    says: str = "approve",
) -> None:
    """The trouble shows, ana says yes or no where she is asked, and then it is measured."""
    before = len(target.requests)
    await bus.publish(raised(subject, target.url, "learns"))
    if asks:

        async def is_asked() -> list[dict[str, object]]:
            listed = await replica.runs(runbook="learns", phase="awaiting_approval")
            return [run for run in listed if run["target"] == subject]

        [run] = await eventually(is_asked, timeout=60, interval=0.2)
        plan = (await replica.get(f"/v1/runs/{run['id']}")).json()["approval"]["plan"]
        answer = await replica.post(
            f"/v1/runs/{run['id']}/{says}", f"{says} {subject}", json={"plan": plan}
        )
        assert answer.status_code == 200, answer.text

    async def has_ended() -> bool:
        if len(target.requests) > before:
            await bus.publish(measured(subject, value))
        listed = await replica.runs(runbook="learns")
        mine = [run for run in listed if run["target"] == subject]
        return bool(mine) and all(run["phase"] in {"healed", "escalated"} for run in mine)

    await eventually(has_ended, timeout=60, interval=0.4)


async def withdraw_and_propose_again(
    replica: Automation, bus: Bus, target: Target, body: dict[str, str]
) -> None:
    """A no before anybody decided calls the proposal back; one yes more, and it is made again."""
    await run_on(replica, bus, target, "laptop-no", 60.0, asks=True, says="decline")
    [withdrawn] = await eventually(lambda: of_type(bus, PromotionWithdrawn), timeout=60)
    assert (withdrawn.proposed, withdrawn.evidence.denied) == ("auto", 1)
    assert [reason.code for reason in withdrawn.explanation] == ["promotion.approved"]
    refused = await replica.post(PROMOTION, "withdrawn", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "not-ready")
    await restart(replica)
    await run_on(replica, bus, target, "laptop-again", 60.0, asks=True)

    async def is_proposed_again() -> bool:
        return len(await of_type(bus, PromotionProposed)) == 2

    await eventually(is_proposed_again, timeout=60)
    assert len(await of_type(bus, PromotionWithdrawn)) == 1


async def test_it_is_promoted_by_evidence_and_a_person_and_demoted_by_its_breaker(
    replica: Automation, bus: Bus, target: Target
) -> None:
    refused = await replica.post(PROMOTION, "early", json={"mode": "auto", "reason": "Now."})
    assert (refused.status_code, refused.json()["code"]) == (409, "not-ready")
    await run_on(replica, bus, target, "laptop-1", 60.0, asks=True)
    await run_on(replica, bus, target, "laptop-2", 60.0, asks=True)
    await restart(replica)
    await run_on(replica, bus, target, "laptop-3", 60.0, asks=True)
    [proposed] = await eventually(lambda: of_type(bus, PromotionProposed), timeout=60)
    assert (proposed.evidence.healed, proposed.evidence.approved) == (3, 3)
    assert (await show(replica))["promotion"]["is_ready"]
    assert (await show(replica))["mode"] == "approve"

    body = {"mode": "auto", "reason": "Four of four."}
    await withdraw_and_propose_again(replica, bus, target, body)
    for _ in range(2):  # the same call again is the same answer
        answer = await replica.post(PROMOTION, "promote", json=body)
        assert (answer.status_code, answer.json()["mode"]) == (200, "auto")
    await restart(replica)
    assert (await show(replica))["mode"] == "auto"
    requests = len(await of_type(bus, RunApprovalRequested))
    await run_on(replica, bus, target, "laptop-4", 60.0, asks=False)
    assert len(await of_type(bus, RunApprovalRequested)) == requests
    [promoted] = await of_type(bus, RunbookPromoted)
    assert (promoted.by, promoted.previous, promoted.mode) == ("ana", "approve", "auto")

    for subject in ("laptop-5", "laptop-6"):
        await run_on(replica, bus, target, subject, 4.0, asks=False)
    [stopped] = await eventually(lambda: of_type(bus, RunbookStopped), timeout=60)
    [demoted] = await eventually(lambda: of_type(bus, RunbookDemoted), timeout=60)
    assert (stopped.kind, demoted.previous, demoted.mode) == ("breaker", "auto", "approve")
    assert [reason.code for reason in demoted.explanation] == ["promotion.stopped"]
    await restart(replica)
    assert (await show(replica))["mode"] == "approve"
    assert (await show(replica))["breaker"] == "open"
    assert len(await of_type(bus, RunbookPromoted)) == len(await of_type(bus, RunbookDemoted)) == 1

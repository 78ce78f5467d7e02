"""What people see of runs and runbooks, and the brake."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from desk_automation.safety.statistics import RunbookStatistics
from desk_kernel import Decision

from tests.support.automation_engine import Engine, raised, runbook
from tests.support.automation_http import Desk, open_desk

ANA = {"authorization": "Bearer ana"}
EVA = {"authorization": "Bearer eva"}


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_desk(Engine((runbook(settle="30s"),))) as desk:
        yield desk


async def test_runs_are_listed_newest_first_and_paged(desk: Desk) -> None:
    for number in range(3):
        await desk.engine.hear(raised(f"laptop-{number}"))
        desk.engine.clock.advance(timedelta(seconds=1))
    first = await desk.client.get("/v1/runs?limit=2", headers=ANA)
    assert [run["target"] for run in first.json()["items"]] == ["laptop-2", "laptop-1"]
    cursor = first.json()["next"]
    second = await desk.client.get(f"/v1/runs?limit=2&cursor={cursor}", headers=ANA)
    assert [run["target"] for run in second.json()["items"]] == ["laptop-0"]
    filtered = await desk.client.get("/v1/runs?target=laptop-1&phase=settling", headers=ANA)
    assert len(filtered.json()["items"]) == 1


async def test_a_run_tells_its_journal_in_words(desk: Desk) -> None:
    await desk.engine.hear(raised())
    await desk.engine.settle(timedelta(seconds=40))
    run = await desk.engine.run()
    answer = await desk.client.get(f"/v1/runs/{run.id}", headers=ANA)
    assert answer.json()["status"] == "All is done; it waits for fresh measurements."
    [line] = answer.json()["journal"]
    assert line["text"] == "The step clean succeeded. 200 done."
    unchanged = await desk.client.get(
        f"/v1/runs/{run.id}", headers={**ANA, "If-None-Match": answer.headers["etag"]}
    )
    assert unchanged.status_code == 304


async def test_a_member_stops_a_run_once(desk: Desk) -> None:
    await desk.engine.hear(raised())
    run = await desk.engine.run()
    path, key = f"/v1/runs/{run.id}/stop", {"Idempotency-Key": "k1"}
    first = await desk.client.post(path, headers={**ANA, **key}, json={})
    again = await desk.client.post(path, headers={**ANA, **key}, json={})
    assert first.json()["phase"] == again.json()["phase"] == "cancelled"
    changed = await desk.client.post(path, headers={**ANA, **key}, json={"comment": "another"})
    assert changed.status_code == 422
    assert changed.json()["code"] == "idempotency-key-reused"
    other = await desk.client.post(path, headers={**ANA, "Idempotency-Key": "k2"}, json={})
    assert other.status_code == 409
    assert other.json()["code"] == "run-is-over"
    await desk.engine.settle()
    assert desk.engine.target.calls == []


async def test_employees_see_no_runs_and_nobody_finds_what_is_not_there(desk: Desk) -> None:
    assert (await desk.client.get("/v1/runs", headers=EVA)).status_code == 403
    missing = await desk.client.get("/v1/runs/none", headers=ANA)
    assert missing.status_code == 404
    assert "A run is removed 400 days after its end" in missing.json()["detail"]
    answer = await desk.post("/v1/runs/none/stop", json={})
    assert answer.status_code == 404


async def test_runbooks_show_limits_breaker_and_their_fleet_guard(desk: Desk) -> None:
    await desk.engine.hear(raised())
    await desk.engine.settle()
    answer = await desk.client.get("/v1/runbooks", headers=ANA)
    book = next(item for item in answer.json()["items"] if item["id"] == "clean-disk")
    assert book["breaker"] == "closed"
    assert book["failures_in_a_row"] == 1
    assert book["totals"] == {"inconclusive": 1}
    assert book["rollout"]["stopped_since"] is None


async def test_a_damaged_record_of_one_runbook_hides_no_other(desk: Desk) -> None:
    before = (await desk.client.get("/v1/runbooks", headers=ANA)).json()["items"]
    damaged = before[0]["id"]
    await desk.engine.collections.statistics.change(
        damaged, lambda _state, _context: Decision(RunbookStatistics())
    )
    desk.engine.statistics.damage(damaged)
    answer = await desk.client.get("/v1/runbooks", headers=ANA)
    assert answer.status_code == 200
    assert answer.json()["items"] == before[1:]


async def test_a_damaged_run_is_a_fault_of_ours_without_its_insides(desk: Desk) -> None:
    await desk.engine.hear(raised())
    run = await desk.engine.run()
    desk.engine.runs.damage(run.id)
    answer = await desk.client.get(f"/v1/runs/{run.id}", headers=ANA)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert run.id not in answer.json()["detail"]

"""A run of mode approve does nothing without enough people's yes to exactly its plan."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from desk_automation.runs.model import Phase, Run
from desk_automation.safety.approval import PlannedApproval
from desk_contracts.events.automation import (
    Outcome,
    RunApprovalRecorded,
    RunApprovalRequested,
    RunEscalated,
)

from tests.support.automation_engine import (
    NOT_MET,
    Engine,
    act,
    cleared,
    guard,
    measured,
    raised,
    runbook,
)
from tests.support.automation_http import Desk, open_desk
from tests.support.spoken import english

SOON = timedelta(minutes=1)


def asking(**changes: object) -> Engine:
    return Engine((runbook(mode="approve", **changes),))


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """One run waits for two of the workplace team."""
    async with open_desk(asking(approval={"needed": 2}, guards=[guard()])) as desk:
        await desk.engine.hear(raised())
        await desk.engine.settle(SOON)
        yield desk


async def answer(
    desk: Desk, word: str, person: str, plan: str = "", comment: str = ""
) -> httpx.Response:
    run = await desk.engine.run()
    body = {"plan": plan or run.plan.hash, "comment": comment}
    return await desk.post(f"/v1/runs/{run.id}/{word}", person, json=body)


async def settled(desk: Desk) -> Run:
    await desk.engine.settle(SOON)
    return await desk.engine.run()


async def test_people_are_asked_with_the_plan_and_nothing_is_called_until_they_answer(
    desk: Desk,
) -> None:
    run = await desk.engine.run()
    assert run.phase is Phase.AWAITING_APPROVAL
    assert desk.engine.target.calls == []
    events = [event.data for event in desk.engine.bus.events()]
    [request] = [data for data in events if isinstance(data, RunApprovalRequested)]
    assert (request.plan, request.team, request.needed) == (run.plan.hash, "workplace", 2)
    assert "POST http://127.0.0.1:9000/v1/clean" in english(request.explanation)
    shown = (await desk.get(f"/v1/runs/{run.id}")).json()
    assert shown["approval"]["given"] == 0
    assert shown["approval"]["plan"] == shown["plan_hash"] == run.plan.hash


async def test_with_the_last_yes_it_asks_its_guards_and_acts(desk: Desk) -> None:
    assert (await answer(desk, "approve", "ana")).status_code == 200
    assert (await settled(desk)).phase is Phase.AWAITING_APPROVAL
    assert desk.engine.target.calls == []
    assert (await answer(desk, "approve", "bo")).status_code == 200
    await settled(desk)
    assert desk.engine.target.kinds() == ["guard", "act"]
    votes = [e.data for e in desk.engine.bus.events() if isinstance(e.data, RunApprovalRecorded)]
    assert [(vote.by, vote.given, vote.needed) for vote in votes] == [("ana", 1, 2), ("bo", 2, 2)]


async def test_a_guard_that_fails_after_the_yes_stops_it(desk: Desk) -> None:
    desk.engine.target.script = [NOT_MET]
    await answer(desk, "approve", "ana")
    await answer(desk, "approve", "bo")
    assert (await settled(desk)).phase is Phase.SKIPPED
    assert desk.engine.target.kinds() == ["guard"]


async def test_the_same_person_counts_once(desk: Desk) -> None:
    await answer(desk, "approve", "ana")
    again = await answer(desk, "approve", "ana")
    assert (again.status_code, again.json()["code"]) == (409, "answered-before")
    assert (await settled(desk)).phase is Phase.AWAITING_APPROVAL


async def test_a_retried_call_is_one_answer(desk: Desk) -> None:
    run = await desk.engine.run()
    path, body = f"/v1/runs/{run.id}/approve", {"plan": run.plan.hash}
    first = await desk.post(path, json=body, key="same")
    second = await desk.post(path, json=body, key="same")
    assert first.status_code == second.status_code == 200
    assert second.json()["approval"]["given"] == 1


@pytest.mark.parametrize("person", ["cem", "olga"])
async def test_only_the_team_answers(desk: Desk, person: str) -> None:
    refused = await answer(desk, "approve", person)
    assert refused.status_code == 403
    assert (await answer(desk, "approve", "eva")).status_code == 403
    approval = (await settled(desk)).approval
    assert approval is not None
    assert approval.votes == ()


async def test_a_role_may_be_named_instead_of_a_team() -> None:
    async with open_desk(asking(approval={"role": "operator"})) as desk:
        await desk.engine.hear(raised())
        await desk.engine.settle(SOON)
        assert (await answer(desk, "approve", "ana")).status_code == 403
        assert (await answer(desk, "approve", "olga")).status_code == 200
        await settled(desk)
        assert desk.engine.target.kinds() == ["act"]


async def test_the_hash_of_another_plan_is_refused_with_what_differs(desk: Desk) -> None:
    await desk.engine.hear(raised("laptop-2"))
    await desk.engine.settle(SOON)
    run = await desk.engine.run(raised())
    other = (await desk.engine.run(raised("laptop-2"))).plan.hash
    body = {"plan": other, "comment": ""}
    refused = await desk.post(f"/v1/runs/{run.id}/approve", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "other-plan")
    assert "target was “laptop-2” and is “laptop-1”" in refused.json()["detail"]
    assert refused.json()["plan"] == run.plan.hash
    unknown = await desk.post(f"/v1/runs/{run.id}/approve", json={"plan": "0" * 16})
    assert (unknown.status_code, unknown.json()["code"]) == (409, "other-plan")
    assert desk.engine.target.calls == []


async def test_a_runbook_edited_meanwhile_has_another_plan_and_its_yes_holds_for_it_alone() -> None:
    engine = asking()
    async with open_desk(engine) as desk:
        await engine.hear(raised())
        await engine.settle(SOON)
        before = await engine.run()
        edited = asking(steps=[act(id="wipe")])
        await edited.hear(raised())
        after = await edited.run()
        assert after.id == before.id
        refused = await answer(desk, "approve", "ana", plan=after.plan.hash)
        assert refused.status_code == 409
        assert engine.target.calls == []


async def test_one_no_hands_it_over_with_the_reason(desk: Desk) -> None:
    await answer(desk, "approve", "ana")
    declined = await answer(desk, "decline", "bo", comment="Jobs are still printing.")
    assert declined.status_code == 200
    run = await settled(desk)
    assert (run.phase, run.outcome) == (Phase.ESCALATED, Outcome.NOT_RUN)
    last = desk.engine.last()
    assert isinstance(last, RunEscalated)
    assert english(last.reason) == "bo said no. Jobs are still printing."
    assert desk.engine.target.calls == []
    late = await answer(desk, "approve", "ana")
    assert (late.status_code, late.json()["code"]) == (409, "run-is-over")


async def test_silence_is_no_and_people_get_the_run(desk: Desk) -> None:
    await answer(desk, "approve", "ana")
    await desk.engine.settle(timedelta(hours=2))
    run = await desk.engine.run()
    assert (run.phase, run.outcome) == (Phase.ESCALATED, Outcome.NOT_RUN)
    last = desk.engine.last()
    assert isinstance(last, RunEscalated)
    assert "1 of 2" in english(last.reason)
    assert desk.engine.target.calls == []
    late = await answer(desk, "approve", "bo")
    assert (late.status_code, late.json()["code"]) == (409, "run-is-over")


async def test_a_yes_at_the_deadline_is_too_late(desk: Desk) -> None:
    run = await desk.engine.run()
    assert run.approval is not None
    desk.engine.clock.advance(run.approval.until - desk.engine.clock.now())
    late = await answer(desk, "approve", "ana")
    assert (late.status_code, late.json()["code"]) == (409, "approval-expired")


async def test_trouble_that_goes_by_itself_asks_nobody_any_more(desk: Desk) -> None:
    await desk.engine.hear(cleared(raised(), desk.engine.clock.now()))
    assert (await settled(desk)).phase is Phase.SKIPPED
    assert "escalated" not in desk.engine.emitted()


async def test_while_it_waits_it_holds_no_target(desk: Desk) -> None:
    assert (await desk.engine.targets.load(["laptop-1"])) == {}


async def test_the_yes_begins_the_time_that_it_may_wait_for_its_turn() -> None:
    async with open_desk(asking(approval={"within": "5h"})) as desk:
        await desk.engine.hear(raised())
        await desk.engine.settle(timedelta(hours=4))  # longer than the queue's hour
        await answer(desk, "approve", "ana")
        await settled(desk)
        assert desk.engine.target.kinds() == ["act"]


async def test_it_survives_its_worker(desk: Desk) -> None:
    await answer(desk, "approve", "ana")
    desk.engine.restart()
    await answer(desk, "approve", "bo")
    desk.engine.restart()
    await desk.engine.settle(timedelta(seconds=5))
    await desk.engine.hear(measured(40.0, desk.engine.clock.now()))
    assert (await settled(desk)).phase is Phase.HEALED


async def test_a_plan_that_was_changed_in_the_store_is_not_what_was_approved(desk: Desk) -> None:
    await answer(desk, "approve", "ana")
    await answer(desk, "approve", "bo")
    run = await desk.engine.run()
    assert run.may_act
    other = run.plan.model_copy(update={"steps": ()})
    assert not run.model_copy(update={"plan": other}).may_act


def test_a_role_asks_for_no_team_and_a_team_only_for_its_members() -> None:
    team = PlannedApproval(team="workplace", needed=1, within=SOON)
    role = PlannedApproval(team="workplace", role="owner", needed=1, within=SOON)
    assert team.may_answer("workplace", {"member"})
    assert not team.may_answer("workplace", {"owner"})
    assert not team.may_answer("network", {"member"})
    assert role.may_answer("", {"owner"})
    assert not role.may_answer("workplace", {"member"})

"""A person starts a run by hand: who may, what is asked of them, and that all safety holds."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from desk_automation.matching.by_person import RunRequest, request_run
from desk_automation.runs.model import Phase, Run
from desk_charter import Charter, load_charter
from desk_contracts.errors import Rejected
from desk_contracts.events.automation import RunHealed, RunRequested, RunStarted
from desk_contracts.events.fulfilment import TicketFulfilmentRequested
from desk_kernel import Decision

from tests.support.automation_engine import START, Engine, measured, raised, runbook
from tests.support.automation_held_back import FREEZE, window
from tests.support.automation_http import Desk, open_desk

CHARTER = Path(__file__).parents[3] / "charter"
SECOND = timedelta(seconds=1)
ROUTE = "/v1/runbooks/clean-disk/runs"
ORDER = {
    "target": "laptop-0042",
    "reason": "No signal came.",
    "attributes": {"agent_url": "http://agent.example:9000"},
}


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_desk(Engine((runbook(),))) as desk:
        yield desk


@pytest.fixture(scope="module")
def charter() -> Charter:
    return load_charter(CHARTER)


async def run_of(desk: Desk, answer: httpx.Response) -> Run:
    assert answer.status_code == 200, answer.text
    stored = (await desk.engine.runs.load([answer.json()["id"]]))[answer.json()["id"]]
    assert stored.state is not None
    return stored.state


async def test_it_is_planned_carried_out_and_verified_as_any_run_and_names_who_asked(
    desk: Desk,
) -> None:
    shown = (await desk.post(ROUTE, json=ORDER)).json()
    assert (shown["target"], shown["requested_by"]) == ("laptop-0042", "ana")
    assert shown["why"] == "No signal came."
    await desk.engine.settle(5 * SECOND)
    assert desk.engine.target.kinds() == ["act"]
    await desk.engine.hear(measured(40.0, desk.engine.clock.now(), subject="laptop-0042"))
    await desk.engine.settle(5 * SECOND)
    events = desk.engine.bus.events()
    requested, started = events[0], events[1]
    assert isinstance(requested.data, RunRequested)
    assert (requested.data.by, requested.data.needs_approval) == ("ana", False)
    assert isinstance(started.data, RunStarted)
    assert started.causation_id == requested.id
    assert isinstance(events[-1].data, RunHealed)


async def test_the_same_call_again_starts_nothing_and_another_under_its_key_is_refused(
    desk: Desk,
) -> None:
    first = await desk.post(ROUTE, json=ORDER, key="k")
    again = await desk.post(ROUTE, json=ORDER, key="k")
    assert first.json()["id"] == again.json()["id"]
    other = await desk.post(ROUTE, json={**ORDER, "target": "laptop-0043"}, key="k")
    assert other.status_code == 422
    assert await desk.engine.runs.count() == 1


async def test_a_target_that_a_run_has_is_waited_for_and_the_cooldown_holds(desk: Desk) -> None:
    await desk.engine.hear(raised("laptop-0042"))
    await desk.engine.settle(2 * SECOND)
    waiting = await desk.post(ROUTE, json=ORDER)
    await desk.engine.settle(2 * SECOND)
    assert (await run_of(desk, waiting)).phase is Phase.QUEUED
    assert len(desk.engine.target.calls) == 1


async def test_nothing_begins_while_everything_is_stopped(desk: Desk) -> None:
    await desk.post("/v1/stop", "olga", json={"reason": "x"})
    held = await desk.post(ROUTE, json=ORDER)
    await desk.engine.settle(5 * SECOND)
    assert desk.engine.target.calls == []
    assert not (await run_of(desk, held)).has_ended


@pytest.mark.parametrize(("changes", "count"), [(FREEZE, 0), ({}, 1)])
async def test_a_freeze_holds_it_back_and_maintenance_does_not(
    desk: Desk, changes: dict[str, object], count: int
) -> None:
    desk.engine.restraints.windows = (window(**changes),)
    await desk.post(ROUTE, json=ORDER)
    await desk.engine.settle(5 * SECOND)
    assert len(desk.engine.target.calls) == count


async def test_only_its_team_and_operators_start_it(desk: Desk) -> None:
    assert (await desk.post(ROUTE, "olga", json=ORDER)).status_code == 200
    refused = await desk.post(ROUTE, "cem", json=ORDER)
    assert (refused.status_code, refused.json()["team"]) == (403, "workplace")
    assert (await desk.post(ROUTE, "eva", json=ORDER)).status_code == 403
    assert (await desk.post("/v1/runbooks/none/runs", json=ORDER)).status_code == 404


async def test_a_parameter_that_nobody_gave_is_named_and_no_run_begins(desk: Desk) -> None:
    refused = await desk.post(ROUTE, json={"target": "laptop-1", "reason": "x"})
    assert refused.status_code == 409
    assert "data.attributes.agent_url" in refused.json()["detail"]
    assert await desk.engine.runs.count() == 0


@pytest.mark.parametrize("missing", ["target", "reason"])
async def test_without_a_target_or_reason_nothing_is_asked(desk: Desk, missing: str) -> None:
    refused = await desk.post(ROUTE, json={**ORDER, missing: ""})
    assert refused.status_code == 422


def order(charter: Charter, named: str = "laptop-1", **changes: object) -> Run:
    request = RunRequest("r1", named, "ana", "x", {"agent_url": "http://a.example"})
    chosen = runbook(**changes)
    return request_run(charter, chosen, request, Engine((chosen,)).policy, START).state


@pytest.mark.parametrize(
    ("mode", "expires", "planned"),
    [
        ("auto", "2027-12-31", "auto"),
        ("approve", "2027-12-31", "approve"),
        ("suggest", "2027-12-31", "approve"),
        # Past its review date it only suggests.
        ("auto", "2020-01-01", "approve"),
    ],
    ids=["auto", "approve", "suggest", "expired"],
)
def test_what_only_suggests_needs_the_yes_of_somebody(
    charter: Charter, mode: str, expires: str, planned: str
) -> None:
    assert order(charter, mode=mode, expires=expires).plan.mode == planned


def test_what_only_observes_or_a_ticket_starts_is_refused(charter: Charter) -> None:
    with pytest.raises(Rejected, match="only-observes"):
        order(charter, mode="observe")
    with pytest.raises(Rejected, match="by-ticket"):
        order(charter, event=TicketFulfilmentRequested.TYPE)
    with pytest.raises(Rejected, match="no-target"):
        order(charter, target="data.measurement")


def test_a_service_or_an_attribute_can_be_the_target(charter: Charter) -> None:
    assert order(charter, target="data.service").target == "laptop-1"
    assert order(charter, target="data.attributes.pod").target == "laptop-1"


@pytest.mark.parametrize(
    ("named", "kind", "service"), [("laptop-1", "device", ""), ("vpn", "service", "vpn")]
)
def test_a_service_of_the_charter_is_known_for_one(
    charter: Charter, named: str, kind: str, service: str
) -> None:
    run = order(charter, named)
    assert (run.target, run.trigger.subject_kind, run.trigger.service) == (named, kind, service)


async def test_who_asked_cannot_say_the_yes_themselves() -> None:
    engine = Engine((runbook(mode="approve"),))
    run = order(load_charter(CHARTER), mode="approve")
    await engine.journal.change(run.id, lambda _run, _context: Decision(run, due=run.timer_at))
    await engine.settle(5 * SECOND)
    async with open_desk(engine) as desk:
        yes = {"plan": run.plan.hash}
        own = await desk.post(f"/v1/runs/{run.id}/approve", "ana", json=yes)
        assert (own.status_code, own.json()["code"]) == (409, "own-request")
        assert (await desk.post(f"/v1/runs/{run.id}/approve", "bo", json=yes)).status_code == 200
        await engine.settle(5 * SECOND)
        assert engine.target.kinds() == ["act"]

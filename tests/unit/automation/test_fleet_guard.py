"""Many equal faults are one cause: the runbook stops, one run brings it to people, who decide."""

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta

import pytest
from desk_automation.runs.model import Phase
from desk_charter.runbooks import Runbook
from desk_contracts.events.automation import (
    Outcome,
    RunbookResumed,
    RunbookStopped,
    RunEscalated,
    RunSkipped,
)
from pydantic import ValidationError

from tests.support.automation_engine import START, Engine, cleared, raised, runbook
from tests.support.automation_http import Desk, open_desk
from tests.support.spoken import codes

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
MOST = 3


def book(**changes: object) -> Runbook:
    plain: dict[str, object] = {
        "fleet_guard": {"more_than": MOST, "within": "10m"},
        "settle": "1m",
        "breaker": {"consecutive": 99},
    }
    return runbook(**(plain | changes))


async def raise_all(engine: Engine, names: Iterable[str], apart: timedelta = SECOND) -> None:
    for name in names:
        await engine.hear(
            raised(name, episode=f"{name}/{engine.clock.now()}", at=engine.clock.now())
        )
        engine.clock.advance(apart)


def laptops(count: int) -> list[str]:
    return [f"laptop-{number}" for number in range(count)]


async def runs_in(engine: Engine, phase: Phase) -> int:
    stored = await engine.runs.find({})
    return sum(item.state is not None and item.state.phase is phase for item in stored)


async def test_too_many_equal_faults_stop_the_runbook_before_anything_is_done() -> None:
    engine = Engine((book(),))
    await raise_all(engine, laptops(MOST + 4))
    await engine.settle(30 * MINUTE)
    assert engine.target.calls == []
    [stopped] = [e.data for e in engine.bus.events() if isinstance(e.data, RunbookStopped)]
    assert (stopped.kind, stopped.team, codes(stopped.explanation)) == (
        "fleet",
        "workplace",
        ["stop.fleet"],
    )
    assert stopped.targets == tuple(laptops(MOST + 1))
    [brought] = [e.data for e in engine.bus.events() if isinstance(e.data, RunEscalated)]
    assert brought.outcome is Outcome.NOT_RUN
    assert await runs_in(engine, Phase.QUEUED) == MOST + 3


async def test_the_others_open_no_tickets_of_their_own() -> None:
    engine = Engine((book(),))
    await raise_all(engine, laptops(MOST + 4))
    await engine.settle(3 * HOUR)
    escalated = [e.data for e in engine.bus.events() if isinstance(e.data, RunEscalated)]
    skipped = [e.data for e in engine.bus.events() if isinstance(e.data, RunSkipped)]
    assert len(escalated) == 1
    assert [codes(data.explanation) for data in skipped] == [["run.one-cause"]] * (MOST + 3)
    assert skipped[0].explanation[0].params["run"] == escalated[0].run


@pytest.mark.parametrize(
    ("names", "apart"),
    [
        pytest.param(laptops(MOST), SECOND, id="no more than may be"),
        pytest.param(laptops(MOST + 3), 4 * MINUTE, id="over a longer time"),
        pytest.param(["laptop-1"] * (MOST + 3), SECOND, id="one target again and again"),
    ],
)
async def test_fewer_faults_are_healed_one_by_one(names: list[str], apart: timedelta) -> None:
    engine = Engine((book(),))
    await raise_all(engine, names, apart)
    await engine.settle(30 * MINUTE)
    assert engine.target.calls
    assert (await engine.rollout()).stop is None


async def test_old_signals_and_those_of_a_runbook_that_only_suggests_stop_nothing() -> None:
    engine = Engine((book(),))
    for name in laptops(MOST + 2):
        await engine.hear(raised(name, at=START - 3 * HOUR))
    assert (await engine.rollout()).stop is None
    watching = Engine((book(mode="suggest"),))
    await raise_all(watching, laptops(MOST + 2))
    assert await watching.rollouts.find({}) == []


async def test_the_order_in_which_signals_are_read_changes_nothing() -> None:
    stops = list[tuple[str, ...]]()
    for names in (laptops(MOST + 1), laptops(MOST + 1)[::-1]):
        engine = Engine((book(),))
        for name in names:
            at = START + int(name[-1]) * SECOND
            engine.clock.advance(SECOND)
            await engine.hear(raised(name, at=at))
        stop = (await engine.rollout()).stop
        assert stop is not None
        stops.append(stop.targets)
    assert stops[0] == stops[1]


async def test_a_fault_that_is_over_waits_no_more() -> None:
    engine = Engine((book(),))
    events = [raised(name) for name in laptops(MOST + 2)]
    await engine.hear(*events)
    await engine.settle(2 * MINUTE)
    waiting = [e for e in events if (await engine.run(e)).phase is Phase.QUEUED]
    await engine.hear(cleared(waiting[0]))
    await engine.settle(2 * MINUTE)
    assert (await engine.run(waiting[0])).phase is Phase.SKIPPED
    assert (await engine.run(waiting[1])).phase is Phase.QUEUED


@pytest.mark.parametrize(
    "guard",
    [{"more_than": 0, "within": "10m"}, {"more_than": 3, "within": "0s"}, {"more_than": 3}],
    ids=["none may be ill", "no time", "no time written"],
)
def test_a_guard_that_can_never_hold_is_refused(guard: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        runbook(fleet_guard=guard)


@pytest.mark.parametrize(
    "changes",
    [
        {"rollout": {"first": 8, "most": 4}},
        {"rollout": {"healed_percent": 0}},
        {"rollout": {}, "verify": None, "mode": "approve"},
    ],
    ids=["shrinks", "no cure needed", "nothing is verified"],
)
def test_rings_that_prove_nothing_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        runbook(**changes)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """The runbook stands in the shipped charter under the same name, with a guard."""
    engine = Engine((book(rollout={"hold": "0s"}, verify=VERIFY),))
    await raise_all(engine, laptops(MOST + 2))
    await engine.settle(MINUTE)
    async with open_desk(engine) as desk:
        yield desk


VERIFY = {"measurement": "disk.free.percent", "at_least": 15, "within": "30s"}
RESUME, REASON = "/v1/runbooks/clean-disk/resume", {"reason": "The update is taken back."}


async def test_the_stop_is_shown_with_its_targets_and_who_waits(desk: Desk) -> None:
    answer = await desk.get("/v1/runbooks")
    [book] = [item for item in answer.json()["items"] if item["id"] == "clean-disk"]
    shown = book["rollout"]
    assert shown["stopped_since"] is not None
    assert (shown["waiting"], shown["faults"]) == (MOST + 1, MOST + 1)
    assert shown["targets"] == laptops(MOST + 1)
    assert "4 runs wait" in shown["status"]


async def test_a_person_of_the_team_lets_it_go_on_with_the_first_ring(desk: Desk) -> None:
    assert (await desk.post(RESUME, "cem", json=REASON)).status_code == 403
    assert (await desk.post(RESUME, "eva", json=REASON)).status_code == 403
    assert (await desk.post("/v1/runbooks/none/resume", json=REASON)).status_code == 404
    first = await desk.post(RESUME, json=REASON, key="one")
    again = await desk.post(RESUME, json=REASON, key="one")
    assert first.status_code == again.status_code == 200
    assert first.json()["stopped_since"] is None
    twice = await desk.post(RESUME, json=REASON)
    assert (twice.status_code, twice.json()["code"]) == (409, "not-stopped")
    [resumed] = [e.data for e in desk.engine.bus.events() if isinstance(e.data, RunbookResumed)]
    assert (resumed.by, resumed.kind, resumed.reason) == ("ana", "fleet", REASON["reason"])
    await desk.engine.settle(5 * SECOND)
    assert len(desk.engine.target.calls) == 1

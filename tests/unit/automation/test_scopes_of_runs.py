"""Runs in their scopes, from the limits in the charter to who gets what is not repaired."""

from datetime import timedelta

import pytest
from desk_automation.runs.model import Phase
from desk_automation.runs.store import count_waiting
from desk_automation.scopes.model import Scope
from desk_charter import load_charter
from desk_charter.services import Service
from desk_contracts.events.automation import Outcome

from tests.support.automation_engine import (
    NOT_MET,
    Engine,
    FakeTarget,
    cleared,
    guard,
    measured,
    raised,
    runbook,
)
from tests.support.automation_http import CHARTER, open_desk
from tests.support.automation_restraints import FakeRestraints

SECOND = timedelta(seconds=1)
HERE, THERE, ELSEWHERE = (
    raised(f"laptop-{number}", service=service)
    for number, service in ((1, "workplace"), (2, "workplace"), (3, "vpn"))
)


def engine(
    *,
    scopes: tuple[dict[str, object], ...] = (),
    guards: tuple[dict[str, object], ...] = (),
    **healing: object,
) -> Engine:
    entry = {"name": "workplace", "title": "Workplace", "owner": "workplace", "criticality": 3}
    given = entry | ({"healing": healing} if healing else {})
    services = (Service.model_validate(given),)
    limits = {"per_target": {"cooldown": "10m", "per_day": 4}, "per_scope": scopes}
    return Engine(
        (runbook(limits=limits, guards=guards),),
        FakeTarget(),
        restraints=FakeRestraints(services=services),
    )


async def heal(engine: Engine, event: object = HERE) -> None:
    run = await engine.run(event)  # type: ignore[arg-type]
    for _ in range(4):
        engine.clock.advance(10 * SECOND)
        await engine.hear(measured(60.0, engine.clock.now(), run.target))
        await engine.worker.advance(run.id)
    assert (await engine.run(event)).phase is Phase.HEALED  # type: ignore[arg-type]


async def begin(engine: Engine, *events: object) -> list[tuple[Phase, str]]:
    await engine.hear(*events)  # type: ignore[arg-type]
    engine.clock.advance(2 * SECOND)
    ended = []
    for event in events:
        await engine.worker.advance((await engine.run(event)).id)  # type: ignore[arg-type]
        run = await engine.run(event)  # type: ignore[arg-type]
        ended.append((run.phase, "" if run.reason is None else run.reason.code))
    return ended


async def scope_of(engine: Engine, id: str) -> Scope:
    stored = (await engine.restraints.scopes.documents.load([id])).get(id)
    return (stored and stored.state) or Scope()


async def test_limits_of_a_service_hold_over_all_targets_and_who_waits_is_called() -> None:
    desk = engine(at_once=1)
    assert await begin(desk, HERE, THERE, ELSEWHERE) == [
        (Phase.VERIFYING, ""),
        (Phase.QUEUED, "refusal.scope-at-once"),
        (Phase.VERIFYING, ""),
    ]
    second = await desk.run(THERE)
    targets = await desk.targets.load([second.target])
    assert targets[second.target].state is not None
    assert not targets[second.target].state.holder  # type: ignore[union-attr]
    await heal(desk)
    assert (await desk.run(THERE)).timer_at == (await desk.run(HERE)).ended_at
    await desk.worker.advance(second.id)
    assert (await desk.run(THERE)).phase is Phase.VERIFYING


@pytest.mark.parametrize(("by", "id"), [("runbook", ""), ("site", ""), ("service", "workplace")])
async def test_a_runbook_has_limits_for_each_place(by: str, id: str) -> None:
    desk = engine(scopes=({"by": by, "at_once": 1},))
    ended = await begin(desk, HERE, THERE, ELSEWHERE)
    others = {"service": Phase.VERIFYING}.get(by, Phase.QUEUED)
    assert [phase for phase, _ in ended] == [Phase.VERIFYING, Phase.QUEUED, others]
    assert len((await scope_of(desk, f"runbook/clean-disk/{by}/{id}")).repairs) == 1


async def test_people_are_counted_and_what_concerns_nobody_knows_how_many_goes_to_people() -> None:
    desk = engine(people_at_once=1)
    assert await begin(desk, HERE, THERE) == [
        (Phase.VERIFYING, ""),
        (Phase.QUEUED, "refusal.scope-people"),
    ]
    whole = engine(people_at_once=50)
    of_service = raised("workplace", service="workplace")
    [(phase, reason)] = await begin(whole, of_service)
    assert (phase, reason) == (Phase.ESCALATED, "run.may-not-act")
    run = await whole.run(of_service)
    assert run.outcome is Outcome.NOT_RUN
    assert not whole.target.calls
    assert not (await scope_of(whole, "service/workplace")).repairs


async def test_what_ends_before_it_acts_gives_its_place_back() -> None:
    desk = engine(at_once=1, guards=(guard(),))
    desk.target.script = [NOT_MET]
    [(phase, _)] = await begin(desk, HERE)
    assert phase is Phase.SKIPPED
    assert (await scope_of(desk, "service/workplace")).repairs == ()


async def test_what_ends_while_it_waits_stands_in_no_line() -> None:
    desk = engine(at_once=1)
    await begin(desk, HERE, THERE)
    await desk.hear(cleared(THERE))
    waiting = await desk.run(THERE)
    desk.clock.advance(20 * SECOND)
    await desk.worker.advance(waiting.id)
    assert (await desk.run(THERE)).phase is Phase.SKIPPED
    scope = await scope_of(desk, "service/workplace")
    assert len(scope.repairs) == 1
    assert await count_waiting(desk.runs, "service/workplace") == 0


async def test_a_service_where_cures_fail_is_left_alone_and_people_hear_once_of_each_cause() -> (
    None
):
    desk = engine(breaker={"consecutive": 2})
    await begin(desk, HERE, THERE)
    await desk.settle(timedelta(minutes=5))
    assert [(await desk.run(event)).outcome for event in (HERE, THERE)] == [
        Outcome.INCONCLUSIVE,
        Outcome.INCONCLUSIVE,
    ]
    later = [raised(f"laptop-{n}", service="workplace", at=desk.clock.now()) for n in (7, 8)]
    assert await begin(desk, *later) == [
        (Phase.ESCALATED, "run.may-not-act"),
        (Phase.SKIPPED, "run.breaker-open"),
    ]


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("number", range(1, 16))
async def test_a_worker_that_dies_at_any_write_leaves_no_place_taken(
    number: int, side: str
) -> None:
    desk = engine(at_once=1, scopes=({"by": "site", "at_once": 1},))
    setattr(desk.boundary, side, number)
    await desk.hear(HERE, THERE)
    await desk.settle(timedelta(hours=2))
    assert [(await desk.run(event)).has_ended for event in (HERE, THERE)] == [True, True]
    assert desk.crashes == 1
    for id in ("service/workplace", "runbook/clean-disk/site/"):
        scope = await scope_of(desk, id)
        assert not [repair for repair in scope.repairs if not repair.has_ended]
        assert await count_waiting(desk.runs, id) == 0


async def test_staff_see_what_acts_on_a_service_that_has_limits() -> None:
    services = load_charter(CHARTER).services
    desk_engine = Engine((runbook(),), restraints=FakeRestraints(services=services))
    first, second = (raised(f"laptop-{number}", service="erp") for number in (1, 2))
    await begin(desk_engine, first, second)
    async with open_desk(desk_engine) as desk:
        [shown] = (await desk.get("/v1/healing-limits")).json()["items"]
        refused = await desk.get("/v1/healing-limits", "eva")
    assert shown == {
        "service": "erp",
        "at_work": 1,
        "at_once": 1,
        "started_within_hour": 1,
        "per_hour": 4,
        "people": 1,
        "people_at_once": None,
        "waiting": 1,
        "breaker": "closed",
        "failures": 0,
        "stopped_since": None,
    }
    assert refused.status_code == 403

"""A breaker that opens, and closes again, is told once, with what it knows."""

from datetime import timedelta

import pytest
from desk_automation.safety.statistics import RELAPSED
from desk_charter.runbooks import Runbook
from desk_contracts.events.automation import RunbookResumed, RunbookStopped, RunEscalated

from tests.support.automation_engine import Engine, measured, raised, runbook
from tests.support.spoken import codes

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
ILL, WELL = 4.0, 60.0


def book(**changes: object) -> Runbook:
    plain: dict[str, object] = {
        "breaker": {"consecutive": 2, "reopen_after": "30m"},
        "limits": {"per_target": {"cooldown": "1s", "per_day": 99}},
    }
    return runbook(**(plain | changes))


async def run_on(engine: Engine, target: str, value: float) -> None:
    """The trouble shows at the target, and after the act this is measured."""
    now = engine.clock.now()
    await engine.hear(raised(target, episode=f"{target}/{now.isoformat()}", at=now))
    await engine.settle(SECOND)
    for _ in range(3):
        engine.clock.advance(SECOND)
        await engine.hear(measured(value, engine.clock.now(), target))
    await engine.settle(20 * MINUTE)


def stops(engine: Engine) -> list[RunbookStopped]:
    return [e.data for e in engine.bus.events() if isinstance(e.data, RunbookStopped)]


def resumptions(engine: Engine) -> list[RunbookResumed]:
    return [e.data for e in engine.bus.events() if isinstance(e.data, RunbookResumed)]


async def test_the_breaker_that_opens_says_who_where_until_when_and_with_which_evidence() -> None:
    engine = Engine((book(),))
    await run_on(engine, "laptop-1", ILL)
    assert stops(engine) == []
    await run_on(engine, "laptop-2", ILL)
    [stopped] = stops(engine)
    [_, last] = [e.data for e in engine.bus.events() if isinstance(e.data, RunEscalated)]
    assert (stopped.kind, stopped.runbook, stopped.team) == ("breaker", "clean-disk", "workplace")
    assert (stopped.targets, stopped.target_count) == (("laptop-1", "laptop-2"), 2)
    assert codes(stopped.explanation) == ["stop.breaker", "run.did-not-help"]
    assert (stopped.run, stopped.explanation[1]) == (last.run, last.reason)
    [event] = [e for e in engine.bus.events() if isinstance(e.data, RunbookStopped)]
    assert (event.subject, stopped.until) == ("clean-disk", event.time + 30 * MINUTE)


async def test_a_try_that_fails_is_no_second_stop_and_a_cure_is_told_with_since_when() -> None:
    engine = Engine((book(),))
    await run_on(engine, "laptop-1", ILL)
    await run_on(engine, "laptop-2", ILL)
    [event] = [e for e in engine.bus.events() if isinstance(e.data, RunbookStopped)]
    engine.clock.advance(HOUR)
    await run_on(engine, "laptop-3", ILL)
    assert (len(stops(engine)), resumptions(engine)) == (1, [])
    engine.clock.advance(HOUR)
    await run_on(engine, "laptop-4", WELL)
    [resumed] = resumptions(engine)
    assert (resumed.kind, resumed.stopped_at, resumed.by) == ("breaker", event.time, "")
    await run_on(engine, "laptop-1", ILL)
    await run_on(engine, "laptop-2", ILL)
    assert len(stops(engine)) == 2


async def test_cures_that_did_not_last_open_it_and_are_named() -> None:
    engine = Engine((book(),))
    for target in ("laptop-1", "laptop-2"):
        await run_on(engine, target, WELL)
    for target in ("laptop-1", "laptop-2"):
        now = engine.clock.now()
        await engine.hear(raised(target, episode=f"{target}/again", at=now))
        await engine.settle(SECOND)
    [stopped] = stops(engine)
    assert stopped.explanation[0].code == "stop.relapses"
    assert stopped.targets == ("laptop-1", "laptop-2")
    [counts] = [item.state for item in await engine.statistics.find({}) if item.state]
    assert counts.totals[RELAPSED] == 2


@pytest.mark.parametrize("side", ["before", "after"])
async def test_death_at_any_write_tells_each_opening_and_end_once(side: str) -> None:
    number, has_died = 1, True
    while has_died:
        engine = Engine((book(),))
        await run_on(engine, "laptop-1", ILL)
        setattr(engine.boundary, side, engine.boundary.changes + number)
        await run_on(engine, "laptop-2", ILL)
        has_died = engine.crashes > 0
        engine.clock.advance(HOUR)
        await run_on(engine, "laptop-3", WELL)
        opened = {e.id for e in engine.bus.events() if isinstance(e.data, RunbookStopped)}
        closed = {e.id for e in engine.bus.events() if isinstance(e.data, RunbookResumed)}
        assert (len(opened), len(closed)) == (1, 1), f"death {side} write {number}"
        number += 1
    assert number > 5

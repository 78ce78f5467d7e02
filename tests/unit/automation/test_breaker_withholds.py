"""While a breaker is open, one run of each cause brings it to people; the others are counted."""

from datetime import timedelta
from typing import TypeVar

import pytest
from desk_automation.runs.description import describe_run
from desk_automation.runs.model import Phase, Run
from desk_automation.safety.statistics import BreakerEpisode
from desk_charter.runbooks import Runbook
from desk_contracts.events.automation import (
    RunbookResumed,
    RunbookStopped,
    RunEscalated,
    RunSkipped,
    RunStarted,
)
from desk_contracts.events.breakers import RunbookMatchesWithheld

from tests.support.automation_engine import Engine, measured, raised, runbook
from tests.support.spoken import codes

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
ILL, WELL = 4.0, 60.0


def book() -> Runbook:
    limits = {"per_target": {"cooldown": "1s", "per_day": 99}}
    return runbook(breaker={"consecutive": 1, "reopen_after": "30m"}, limits=limits)


async def match(engine: Engine, target: str, service: str = "") -> Run:
    """The trouble shows at the target; its run, as far as it comes at once."""
    now = engine.clock.now()
    event = raised(target, episode=f"{target}/{now.isoformat()}", at=now, service=service)
    await engine.hear(event)
    await engine.settle(SECOND)
    return await engine.run(event)


async def run_on(engine: Engine, target: str, value: float) -> None:
    """The trouble shows at the target, and after the act this is measured."""
    await match(engine, target)
    for _ in range(3):
        engine.clock.advance(SECOND)
        await engine.hear(measured(value, engine.clock.now(), target))
    await engine.settle(20 * MINUTE)


async def open_breaker() -> tuple[Engine, RunbookStopped]:
    engine = Engine((book(),))
    await run_on(engine, "laptop-0", ILL)
    [stopped] = events_of(engine, RunbookStopped)
    return engine, stopped


T = TypeVar("T")


def events_of(engine: Engine, kind: type[T]) -> list[T]:
    return [event.data for event in engine.bus.events() if isinstance(event.data, kind)]


async def episode_of(engine: Engine) -> BreakerEpisode:
    [counts] = [item.state for item in await engine.statistics.find({}) if item.state]
    assert counts.episode is not None
    return counts.episode


async def test_further_matches_of_its_cause_open_no_ticket_and_say_why_and_where() -> None:
    engine, stopped = await open_breaker()
    runs = [await match(engine, f"laptop-{number}") for number in range(1, 10)]
    assert {run.phase for run in runs} == {Phase.SKIPPED}
    assert [data.run for data in events_of(engine, RunEscalated)] == [stopped.run]
    skipped = events_of(engine, RunSkipped)
    assert [codes(data.explanation) for data in skipped] == [["run.breaker-open"]] * 9
    episode = await episode_of(engine)
    for run in runs:
        told_where = describe_run(run).model_dump_json()
        assert f'"run":"{stopped.run}"' in told_where
        assert f'"since":"{episode.since:%Y-%m-%dT%H:%M:%SZ}"' in told_where
    assert not [data for data in events_of(engine, RunStarted) if data.run != stopped.run]


async def test_people_hear_of_them_each_time_their_number_doubles_and_of_all_at_the_end() -> None:
    engine, _ = await open_breaker()
    for number in range(1, 12):
        await match(engine, f"laptop-{number}")
    withheld = events_of(engine, RunbookMatchesWithheld)
    assert [data.count for data in withheld] == [1, 2, 4, 8]
    assert withheld[-1].targets == tuple(f"laptop-{number}" for number in range(1, 9))
    engine.clock.advance(HOUR)
    await run_on(engine, "laptop-20", WELL)
    [resumed] = events_of(engine, RunbookResumed)
    assert (resumed.withheld, len(resumed.targets)) == (11, 11)
    assert {data.stopped_at for data in withheld} == {resumed.stopped_at}


async def test_another_cause_comes_to_people_once_and_is_counted_from_then_on() -> None:
    engine, stopped = await open_breaker()
    first = await match(engine, "server-1", service="print")
    second = await match(engine, "server-2", service="print")
    assert (first.phase, second.phase) == (Phase.ESCALATED, Phase.SKIPPED)
    reasons = [run.reason for run in (first, second) if run.reason is not None]
    assert codes(reasons) == ["run.may-not-act", "run.breaker-open"]
    assert describe_run(second).model_dump_json().count(first.id) == 1
    assert [data.run for data in events_of(engine, RunEscalated)] == [stopped.run, first.id]
    assert (await episode_of(engine)).withheld == 1


async def test_while_one_tries_others_are_withheld_and_after_its_cure_they_run_again() -> None:
    engine, _ = await open_breaker()
    engine.clock.advance(HOUR)
    trying = await match(engine, "laptop-1")
    assert trying.phase is Phase.VERIFYING
    withheld = await match(engine, "laptop-2")
    assert withheld.phase is Phase.SKIPPED
    for _ in range(3):
        engine.clock.advance(SECOND)
        await engine.hear(measured(WELL, engine.clock.now(), "laptop-1"))
    await engine.settle(20 * MINUTE)
    [resumed] = events_of(engine, RunbookResumed)
    assert resumed.withheld == 1
    assert (await match(engine, "laptop-2")).phase is Phase.VERIFYING
    await run_on(engine, "laptop-3", ILL)
    assert (await episode_of(engine)).withheld == 0


@pytest.mark.parametrize("side", ["before", "after"])
async def test_death_at_any_write_loses_no_match_and_counts_none_twice(side: str) -> None:
    number, has_died = 1, True
    while has_died:
        engine, _ = await open_breaker()
        setattr(engine.boundary, side, engine.boundary.changes + number)
        run = await match(engine, "laptop-1")
        has_died = engine.crashes > 0
        other = await match(engine, "laptop-2")
        assert {run.phase, other.phase} == {Phase.SKIPPED}, f"death {side} write {number}"
        assert (await episode_of(engine)).withheld == 2, f"death {side} write {number}"
        assert len(events_of(engine, RunEscalated)) == 1
        counts = [data.count for data in events_of(engine, RunbookMatchesWithheld)]
        assert set(counts) == {1, 2}, f"death {side} write {number}"
        number += 1
    assert number > 3

"""Since when the record of a run is not needed, and what is not made of events that are too old."""

from datetime import timedelta

import pytest
from desk_automation.recurrence.model import Relapse
from desk_automation.runs.model import TOLD_WITHIN, Lease, Phase, Run
from desk_kernel.retention import FORGOTTEN_AFTER, find_horizon, is_forgotten

from tests.support.automation_engine import START, Engine, measured, raised, runbook

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


async def healed() -> Run:
    engine = Engine((runbook(),))
    await engine.hear(raised())
    await engine.settle(timedelta(seconds=5))
    await engine.hear(measured(40.0, engine.clock.now()))
    await engine.settle()
    return await engine.run()


async def test_a_run_is_over_once_it_has_ended_and_all_is_settled() -> None:
    run = await healed()
    assert run.over_since == run.ended_at
    lease = Lease(holder="w", token=1, expires=START)
    for changes in (
        {"phase": Phase.VERIFYING},
        {"phase": Phase.AWAITING_APPROVAL, "ended_at": None},
        {"is_closed": False},
        {"timer_at": START},
        {"lease": lease},
    ):
        assert run.model_copy(update=changes).over_since is None


async def test_a_run_is_not_over_before_its_event_its_beginning_and_its_relapse() -> None:
    run = await healed()
    assert run.ended_at is not None
    later = run.ended_at + HOUR
    trigger = run.trigger.model_copy(update={"at": later})
    relapse = Relapse(run=run.id, episode="e", signal="s", at=later)
    for changes in ({"trigger": trigger}, {"created_at": later}, {"relapse": relapse}):
        assert run.model_copy(update=changes).over_since == later


async def test_what_a_device_told_late_may_be_told_again_for_a_year() -> None:
    run = (await healed()).model_copy(update={"is_by_device": True})
    assert run.over_since is not None
    assert run.ended_at is not None
    # At the earliest moment at which it may go, its event is one that nobody records any more.
    gone_at = run.over_since + FORGOTTEN_AFTER + DAY
    assert find_horizon(timedelta(), gone_at) >= run.over_since
    assert run.ended_at < gone_at - TOLD_WITHIN


@pytest.mark.parametrize(("age", "count"), [(FORGOTTEN_AFTER, 1), (FORGOTTEN_AFTER + HOUR, 0)])
async def test_of_a_signal_that_is_too_old_there_is_no_run(age: timedelta, count: int) -> None:
    engine = Engine((runbook(),))
    event = raised(at=START - age)
    assert is_forgotten(event.time, START) is (count == 0)
    await engine.hear(event)
    assert await engine.runs.count() == count
    # One that is only stale is told as skipped, as ever.
    assert engine.emitted() == ["skipped"] * count
    assert engine.target.calls == []

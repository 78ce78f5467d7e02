"""A cure whose trouble is back within seven days is taken back, and the run says so, once."""

from datetime import datetime, timedelta

import pytest
from desk_automation.matching.rulebook import Rules
from desk_automation.recurrence.decide import WATCHED
from desk_automation.runs.api.views import show_run
from desk_automation.runs.description import describe_run
from desk_automation.runs.model import Run
from desk_automation.runs.store import run_rule
from desk_automation.safety.statistics import RunbookStatistics
from desk_contracts import AnyEvent, Event
from desk_contracts.events.automation import Outcome, RunRelapsed
from desk_contracts.events.signals import SignalRaised
from desk_kernel import Decision

from tests.support.automation_engine import Engine, cleared, measured, raised, runbook

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


async def healed(engine: Engine, event: Event[SignalRaised]) -> datetime:
    """A run of that signal is a verified cure; when it was proven."""
    await engine.hear(event)
    for _ in range(30):
        run = await engine.run(event)
        if run.acted_at is not None:
            break
        await engine.step(engine.clock.now() + MINUTE)
    engine.clock.advance(SECOND)
    await engine.hear(measured(40.0, engine.clock.now(), event.subject))
    await engine.settle(MINUTE)
    run = await engine.run(event)
    assert (run.outcome, run.is_closed) == (Outcome.HEALED, True)
    assert run.ended_at is not None
    return run.ended_at


def relapses(engine: Engine) -> list[RunRelapsed]:
    unique = {event.id: event.data for event in engine.bus.events()}
    return [data for data in unique.values() if isinstance(data, RunRelapsed)]


async def statistics(engine: Engine) -> RunbookStatistics:
    state = (await engine.statistics.load(["clean-disk"]))["clean-disk"].state
    assert state is not None
    return state


@pytest.mark.parametrize(
    ("after", "is_back"),
    [
        pytest.param(SECOND, True, id="at once"),
        pytest.param(WATCHED, True, id="at the end of the seventh day"),
        pytest.param(WATCHED + SECOND, False, id="after the seventh day"),
        pytest.param(timedelta(), False, id="seen before it was proven"),
    ],
)
async def test_the_same_trouble_within_seven_days_takes_the_cure_back(
    after: timedelta, *, is_back: bool
) -> None:
    engine = Engine((runbook(),))
    first = raised()
    proven = await healed(engine, first)
    engine.clock.advance(max(timedelta(), proven + after - engine.clock.now()))
    again = raised(episode="laptop-1/2", at=proven + after)
    await engine.hear(again, again)
    await engine.settle(MINUTE)
    await engine.hear(again)
    await engine.settle(MINUTE)
    run = await engine.run(first)
    assert (run.relapse is not None) is is_back
    expected = [("laptop-1/1", "laptop-1/2", proven, proven + after)] if is_back else []
    assert [
        (item.episode, item.again, item.healed_at, item.relapsed_at) for item in relapses(engine)
    ] == expected
    view = show_run(run)
    assert (view.outcome, view.relapsed_at) == (
        Outcome.HEALED,
        proven + after if is_back else None,
    )
    assert describe_run(run).code == ("phase.relapsed" if is_back else "phase.healed")
    totals = (await statistics(engine)).totals
    assert (totals[Outcome.HEALED], totals.get("relapsed", 0)) == ((0, 1) if is_back else (1, 0))


async def test_another_trouble_or_another_target_takes_nothing_back() -> None:
    engine = Engine((runbook(),))
    first = raised()
    proven = await healed(engine, first)
    other = raised(episode="laptop-1/2", at=proven + MINUTE)
    other = other._replace(data=other.data.model_copy(update={"signal": "battery-worn"}))
    await engine.hear(other, raised("laptop-2", at=proven + MINUTE))
    await engine.settle(MINUTE)
    assert (await engine.run(first)).relapse is None


async def test_a_relapse_is_seen_though_the_runbook_is_gone_from_the_charter() -> None:
    engine = Engine((runbook(),))
    first = raised()
    proven = await healed(engine, first)
    engine.rulebook.rules = Rules(())
    await engine.hear(raised(episode="laptop-1/2", at=proven + MINUTE))
    await engine.settle(MINUTE)
    assert (await engine.run(first)).relapse is not None


async def test_a_run_by_hand_is_taken_back_by_whatever_its_runbook_matches() -> None:
    """What a person asked for has no name, but the runbook says which trouble it is for."""
    engine = Engine((runbook(),))
    first = raised()
    await engine.hear(first)
    by_hand = {"requested_by": "ana", "signal": "requested-by-person"}

    def ask(run: Run, _now: datetime) -> Decision[Run]:
        trigger = run.trigger.model_copy(update=by_hand)
        return Decision(run.model_copy(update={"trigger": trigger}))

    await engine.journal.change((await engine.run()).id, run_rule(ask))
    proven = await healed(engine, first)
    other = raised(episode="laptop-1/2", at=proven + MINUTE)
    data = other.data.model_copy(update={"signal": "requested-by-person", "title": "Another"})
    await engine.hear(other._replace(data=data))
    await engine.settle(MINUTE)
    assert (await engine.run(first)).relapse is None
    await engine.hear(raised(episode="laptop-1/3", at=proven + 2 * MINUTE))
    await engine.settle(MINUTE)
    assert (await engine.run(first)).relapse is not None


@pytest.mark.parametrize(("targets", "is_open"), [((1, 2), True), ((1, 1), False)])
async def test_relapses_of_several_targets_open_the_breaker_though_cures_come_between(
    targets: tuple[int, ...], *, is_open: bool
) -> None:
    limits = {"per_target": {"cooldown": "0s", "per_day": 9}}
    breaker = {"consecutive": 2, "reopen_after": "1h"}
    engine = Engine((runbook(breaker=breaker, limits=limits),))
    for count, number in enumerate(targets):
        name, now = f"laptop-{number}", engine.clock.now()
        proven = await healed(engine, raised(name, episode=f"{name}/{count}", at=now))
        engine.clock.advance(MINUTE)
        again = raised(name, episode=f"{name}/{count}/again", at=proven + MINUTE)
        await engine.hear(again, cleared(again))
        await engine.step(engine.clock.now())
        await engine.settle(MINUTE)
    state = await statistics(engine)
    assert len(relapses(engine)) == 2
    assert (state.opened_at is not None) is is_open


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("number", range(1, 5))
async def test_a_death_at_any_write_tells_the_relapse_once(side: str, number: int) -> None:
    engine = Engine((runbook(),))
    first = raised()
    proven = await healed(engine, first)
    # Out of the cooldown's way: nothing else is written at this moment.
    again: AnyEvent = raised(episode="laptop-1/2", at=proven + MINUTE)
    engine.clock.advance(MINUTE)
    await engine.hear(again)
    setattr(engine.boundary, side, engine.boundary.changes + number)
    await engine.settle(5 * MINUTE)
    setattr(engine.boundary, side, None)
    await engine.settle(5 * MINUTE)
    assert [item.run for item in relapses(engine)] == [(await engine.run(first)).id]
    assert (await statistics(engine)).totals["relapsed"] == 1
    history = (await engine.histories.load(["laptop-1"]))["laptop-1"].state
    assert history is not None
    assert not history.relapses


def test_the_watch_lasts_seven_days() -> None:
    assert timedelta(days=7) == WATCHED

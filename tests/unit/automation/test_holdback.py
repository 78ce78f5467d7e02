"""A declared share of matches waits; what heals meanwhile is natural recovery."""

from datetime import datetime, timedelta

import pytest
from desk_automation.holdback.decide import choose_arm
from desk_automation.holdback.model import Comparison, Tally
from desk_automation.matching.decide import run_id
from desk_automation.runs.comparison import result_of
from desk_automation.runs.description import describe_run
from desk_automation.runs.model import Phase, Run
from desk_charter.runbooks import Runbook
from desk_contracts import Event
from desk_contracts.events.automation import Outcome
from desk_contracts.events.signals import SignalRaised
from desk_contracts.message import Message, message

from tests.support.automation_engine import START, Engine, cleared, measured, raised, runbook

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
WAIT = 10 * MINUTE
OFTEN = {"per_target": {"cooldown": "0s", "per_day": 9}}


def declared(**changes: object) -> Runbook:
    return runbook(hold_back={"percent": 50, "wait": "10m"}, limits=OFTEN, **changes)


def of_arm(arm: str, engine: Engine) -> Event[SignalRaised]:
    """A signal whose run is in that arm."""
    every = (raised(f"laptop-{number}", at=engine.clock.now()) for number in range(100))
    return next(
        event for event in every if choose_arm(run_id(event, engine.runbooks[0]), 50) == arm
    )


async def comparison(engine: Engine) -> Comparison:
    stored = (await engine.statistics.load(["clean-disk"])).get("clean-disk")
    return Comparison() if stored is None or stored.state is None else stored.state.comparison


async def acted(engine: Engine, event: Event[SignalRaised], value: float) -> None:
    """The run acts, and this is measured afterwards."""
    while (await engine.run(event)).acted_at is None:
        await engine.step(engine.clock.now() + MINUTE)
    engine.clock.advance(SECOND)
    await engine.hear(measured(value, engine.clock.now(), event.subject))
    await engine.settle(2 * MINUTE)


async def test_what_clears_in_the_wait_healed_by_itself_and_nothing_is_done() -> None:
    engine = Engine((declared(),))
    event = of_arm("waits", engine)
    await engine.hear(event)
    run = await engine.run(event)
    assert (run.timer_at, run.reason and run.reason.code) == (START + WAIT, "run.held-back")
    assert describe_run(run).code == "phase.settling"
    engine.clock.advance(5 * MINUTE)
    await engine.hear(cleared(event))
    await engine.settle()
    assert not engine.target.calls
    assert (await comparison(engine)).waits == Tally(well=1)


async def test_what_does_not_clear_is_repaired_after_the_wait_and_was_no_recovery() -> None:
    engine = Engine((declared(),))
    event = of_arm("waits", engine)
    await engine.hear(event)
    await engine.step(START + WAIT - SECOND)
    assert not engine.target.calls
    await acted(engine, event, 40.0)
    assert (await engine.run(event)).outcome is Outcome.HEALED
    assert await comparison(engine) == Comparison(waits=Tally(ill=1))


@pytest.mark.parametrize(
    ("value", "expected"), [(40.0, Tally(well=1)), (4.0, Tally(ill=1)), (None, Tally(unknown=1))]
)
async def test_the_others_act_at_once_and_count_as_they_end(
    value: float | None, expected: Tally
) -> None:
    engine = Engine((declared(),))
    event = of_arm("acts", engine)
    await engine.hear(event)
    assert (await engine.run(event)).held_until is None
    if value is None:
        await engine.settle(5 * MINUTE)
    else:
        await acted(engine, event, value)
    assert await comparison(engine) == Comparison(acts=expected)


CLEARED, STOPPED = message("run.signal-cleared-before"), message("run.same-already", run="r")


@pytest.mark.parametrize(
    ("reason", "outcome", "expected"),
    [
        (CLEARED, None, "well"),
        (STOPPED, None, "unknown"),
        (None, Outcome.HEALED, "well"),
        (None, Outcome.NOT_HEALED, "ill"),
        (None, Outcome.INCONCLUSIVE, "unknown"),
    ],
)
async def test_of_the_others_a_run_that_was_skipped_counts_only_where_it_was_not_needed(
    reason: Message | None, outcome: Outcome | None, expected: str
) -> None:
    assert result_of(await over("acts", reason=reason, outcome=outcome)) == expected


@pytest.mark.parametrize(
    ("reason", "ended_at", "expected"),
    [
        (CLEARED, START + WAIT + MINUTE, "well"),
        (CLEARED, START + WAIT + MINUTE + SECOND, "unknown"),
        (STOPPED, START + WAIT - SECOND, "unknown"),
        (STOPPED, START + WAIT, "ill"),
        (None, START + WAIT, "ill"),
    ],
)
async def test_whether_it_healed_by_itself_is_known_for_a_minute_after_the_wait(
    reason: Message | None, ended_at: datetime, expected: str
) -> None:
    assert result_of(await over("waits", reason=reason, ended_at=ended_at)) == expected


async def over(arm: str, **changes: object) -> Run:
    """A run of that arm that has ended so."""
    engine = Engine((declared(),))
    event = of_arm(arm, engine)
    await engine.hear(event)
    phase = Phase.ESCALATED if changes["reason"] is None else Phase.SKIPPED
    return (await engine.run(event)).model_copy(update={"phase": phase, **changes})


async def test_a_cure_that_did_not_last_was_none_beside_natural_recovery() -> None:
    engine = Engine((declared(),))
    event = of_arm("acts", engine)
    await engine.hear(event)
    await acted(engine, event, 40.0)
    await engine.hear(raised(event.subject, episode="again", at=engine.clock.now()))
    await engine.step(engine.clock.now())
    await engine.step(engine.clock.now())
    assert (await comparison(engine)).acts == Tally(ill=1)


async def test_what_came_late_corrects_the_comparison_too() -> None:
    engine = Engine((declared(),))
    event = of_arm("acts", engine)
    await engine.hear(event)
    await engine.settle(5 * MINUTE)
    acted_at = (await engine.run(event)).acted_at
    assert acted_at is not None
    await engine.hear(measured(40.0, acted_at + SECOND, event.subject))
    await engine.settle(5 * MINUTE)
    assert await comparison(engine) == Comparison(acts=Tally(well=1))


async def test_whom_a_person_stopped_in_the_wait_says_nothing() -> None:
    engine = Engine((declared(),))
    await engine.hear(of_arm("waits", engine))
    await engine.brake()
    await engine.settle()
    assert await comparison(engine) == Comparison(waits=Tally(unknown=1))


async def test_when_nobody_looked_in_time_it_is_not_known_when_it_cleared() -> None:
    engine = Engine((declared(),))
    event = of_arm("waits", engine)
    await engine.hear(event)
    engine.clock.advance(WAIT + 2 * MINUTE)
    await engine.hear(cleared(event))
    await engine.settle()
    assert await comparison(engine) == Comparison(waits=Tally(unknown=1))


async def test_without_a_declaration_and_before_a_forecast_nobody_waits() -> None:
    engine = Engine((runbook(),))
    await engine.hear(raised())
    assert ((await engine.run()).arm, (await engine.run()).held_until) == ("", None)
    engine = Engine((declared(),))
    event = of_arm("waits", engine)
    data = event.data.model_copy(update={"expected_at": START + timedelta(hours=5)})
    await engine.hear(event._replace(data=data))
    assert ((await engine.run()).arm, (await engine.run()).held_until) == ("", None)

"""A verdict that measurements of its own window show to be wrong is corrected in the open, once."""

from datetime import datetime, timedelta

import pytest
from desk_automation.runs.decide import Close, Rest, Review, next_action
from desk_automation.runs.lifecycle import close
from desk_automation.verification.decide import LATE, MAX_LATE, keep_watch, watch
from desk_automation.verification.model import Subject
from desk_contracts.events.automation import Outcome, RunEscalated, RunHealed

from tests.support.automation_engine import START, TIMEOUT, Engine, act, measured, raised, runbook

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


async def escalated(engine: Engine, *values: float) -> datetime:
    """A run is escalated after these measurements; when it had acted."""
    await engine.hear(raised())
    for _ in range(30):
        run = await engine.run()
        if run.acted_at is not None:
            break
        await engine.step(engine.clock.now() + MINUTE)
    acted_at = (await engine.run()).acted_at or START
    for n, value in enumerate(values, start=1):
        engine.clock.advance(SECOND)
        await engine.hear(measured(value, acted_at + n * SECOND))
    await engine.settle(timedelta(minutes=10))
    assert isinstance(engine.last(), RunEscalated)
    return acted_at


@pytest.mark.parametrize(
    ("values", "expected"), [((), Outcome.INCONCLUSIVE), ((4.0,), Outcome.NOT_HEALED)]
)
async def test_what_was_measured_in_time_and_came_late_corrects_the_escalation_once(
    values: tuple[float, ...], expected: Outcome
) -> None:
    engine = Engine((runbook(),))
    acted_at = await escalated(engine, *values)
    assert (await engine.run()).outcome is expected
    book = (await engine.statistics.load(["clean-disk"]))["clean-disk"].state
    assert book is not None
    assert (book.failures, book.totals) == (1, {expected: 1})

    late = measured(40.0, acted_at + 20 * SECOND)
    await engine.hear(late)
    await engine.settle(timedelta(minutes=10))
    await engine.hear(late, measured(41.0, acted_at + 21 * SECOND))
    await engine.settle(timedelta(minutes=10))
    assert engine.emitted().count("healed") == 1
    run, correction = await engine.run(), engine.last()
    assert (run.outcome, run.corrects, run.is_closed) == (Outcome.HEALED, expected, True)
    assert isinstance(correction, RunHealed)
    assert correction.corrects is expected
    book = (await engine.statistics.load(["clean-disk"]))["clean-disk"].state
    assert book is not None
    assert (book.failures, book.failed, book.totals) == (0, (), {expected: 0, Outcome.HEALED: 1})
    subject = (await engine.subjects.load(["laptop-1"]))["laptop-1"].state
    assert subject is not None
    assert not subject.watches
    assert not subject.updates


async def test_a_run_that_never_came_to_be_measured_has_nothing_to_be_corrected_by() -> None:
    engine = Engine((runbook(steps=[act("keyed", retry={"attempts": 1})]),))
    engine.target.script = [TIMEOUT]
    await engine.hear(raised())
    await engine.settle()
    assert (await engine.run()).outcome is Outcome.IN_DOUBT
    assert not (await engine.run()).may_be_corrected


@pytest.mark.parametrize(
    ("value", "after"),
    [(40.0, timedelta(minutes=5)), (4.0, timedelta(seconds=10)), (40.0, timedelta(seconds=-5))],
)
async def test_what_says_nothing_of_the_window_changes_nothing(
    value: float, after: timedelta
) -> None:
    """Well long afterwards: a person may have mended it. Not well, or before the act: no cure."""
    engine = Engine((runbook(),))
    acted_at = await escalated(engine)
    transitions, before = engine.emitted(), await engine.runs.load([(await engine.run()).id])
    await engine.hear(measured(value, acted_at + after))
    await engine.settle(timedelta(minutes=10))
    assert engine.emitted() == transitions
    assert (await engine.run()).outcome is Outcome.INCONCLUSIVE
    if after > MINUTE:  # nothing is written for what comes after the window
        stored = await engine.runs.load([(await engine.run()).id])
        assert [item.version for item in stored.values()] == [
            item.version for item in before.values()
        ]


async def test_an_older_measurement_does_not_outweigh_a_newer_one() -> None:
    engine = Engine((runbook(),))
    acted_at = await escalated(engine, 4.0, 4.0)
    await engine.hear(measured(40.0, acted_at + SECOND / 2))
    await engine.settle(timedelta(minutes=10))
    assert (await engine.run()).outcome is Outcome.NOT_HEALED


async def test_a_day_later_nobody_listens_any_more() -> None:
    engine = Engine((runbook(),))
    acted_at = await escalated(engine)
    await engine.settle(LATE + MINUTE)
    subject = (await engine.subjects.load(["laptop-1"]))["laptop-1"].state
    assert subject is not None
    assert not subject.watches
    assert not subject.updates
    await engine.hear(measured(40.0, acted_at + SECOND))
    await engine.settle(timedelta(minutes=10))
    assert (await engine.run()).outcome is Outcome.INCONCLUSIVE


def test_runs_at_work_are_never_forgotten_for_those_that_are_over() -> None:
    subject: Subject | None = None
    for n in range(3 * MAX_LATE):
        subject = watch(subject, f"run-{n}", "disk.free.percent", START)
    for n in range(2 * MAX_LATE):
        subject = keep_watch(subject, f"run-{n}", START, START) or subject
    assert subject is not None
    left = [item.run for item in subject.watches]
    assert left == [f"run-{n}" for n in range(MAX_LATE, 3 * MAX_LATE)]


async def test_what_is_heard_between_the_escalation_and_its_closing_is_not_lost() -> None:
    engine = Engine((runbook(),))
    await escalated(engine)
    run, now = await engine.run(), engine.clock.now()
    assert isinstance(next_action(run, now), Rest)
    ended = run.model_copy(update={"is_closed": False, "timer_at": now})
    assert isinstance(next_action(ended, now), Close)
    assert isinstance(next_action(close(ended, now).state, now), Review)


async def test_what_no_measurement_can_tell_is_not_looked_at_again() -> None:
    engine = Engine((runbook(verify=None),))
    await engine.hear(raised())
    await engine.settle(SECOND)
    run = await engine.run()
    assert (run.outcome, run.is_closed) == (Outcome.INCONCLUSIVE, True)
    assert isinstance(engine.last(), RunEscalated)
    assert (run.timer_at, run.may_be_corrected) == (None, False)

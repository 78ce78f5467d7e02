"""No cure is called unknown while a measurement that could show it may still be unread."""

from datetime import timedelta

import pytest
from desk_automation.runs.model import Phase
from desk_automation.verification.sample import (
    LONGEST_BEHIND,
    Sample,
    ahead_by,
    behind_by,
    find_measured_at,
    fresh,
)
from desk_contracts.events.automation import Outcome

from tests.support.automation_engine import START, Engine, measured, raised, runbook

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


async def _nobody(_failures: object) -> None:
    """Nothing fails here."""


async def acted() -> Engine:
    """The repair is made and its window is open: half a minute, and five seconds of grace."""
    engine = Engine((runbook(),))
    await engine.hear(raised())
    for _ in range(20):
        if (await engine.run()).phase is Phase.VERIFYING and not await engine.runs.due(
            engine.clock.now(), 1
        ):
            return engine
        await engine.step(engine.clock.now() + MINUTE)
    raise AssertionError("the run never came to its verification")


async def look(engine: Engine) -> Phase:
    """The run's own timer fires, as it does while nobody hears the device."""
    run = await engine.run()
    assert run.timer_at is not None
    engine.clock.advance(max(timedelta(), run.timer_at - engine.clock.now()))
    await engine.worker.advance(run.id)
    return (await engine.run()).phase


async def test_the_verdict_waits_as_long_as_nobody_hears_the_device() -> None:
    engine = await acted()
    for _ in range(4):
        assert await look(engine) is Phase.VERIFYING
    assert engine.clock.now() > ((await engine.run()).verify_until or START)


async def test_a_measurement_that_was_read_late_still_shows_the_cure() -> None:
    engine = await acted()
    assert await look(engine) is Phase.VERIFYING
    assert await look(engine) is Phase.VERIFYING
    acted_at = (await engine.run()).acted_at or START
    await engine.hear(measured(40.0, acted_at + 5 * SECOND))
    await engine.settle()
    assert (await engine.run()).outcome is Outcome.HEALED


async def test_nobody_can_tell_once_all_of_the_window_is_heard() -> None:
    engine = await acted()
    await look(engine)
    subject = (await engine.run()).trigger.subject
    before_its_end = ((await engine.run()).verify_until or START) + SECOND
    await engine.notifier.on_timer([subject], _nobody, before_its_end)
    assert await look(engine) is Phase.VERIFYING
    await engine.notifier.on_timer([subject], _nobody, before_its_end + MINUTE)
    assert await look(engine) is Phase.ESCALATED
    assert (await engine.run()).outcome is Outcome.INCONCLUSIVE


async def test_a_device_whose_clock_runs_a_minute_behind_is_waited_for() -> None:
    """Its first measurement after the repair says that it was taken before it."""
    engine = await acted()
    acted_at = (await engine.run()).acted_at or START
    engine.clock.advance(10 * SECOND)
    await engine.hear(measured(40.0, engine.clock.now() - MINUTE))
    await look(engine)
    subject = (await engine.run()).trigger.subject
    watch = (await engine.subjects.load([subject]))[subject].state
    assert watch is not None
    [pending] = watch.watches
    window = ((await engine.run()).verify_until or START) + 5 * SECOND
    assert pending.until == window + MINUTE
    assert fresh(pending.samples, acted_at) == ()


def sample(at: timedelta, seen: timedelta, value: float = 1.0) -> Sample:
    return Sample(value=value, at=START + at, seen_at=START + seen)


def test_one_mad_moment_does_not_move_the_clock_of_a_device() -> None:
    sane = [sample(n * MINUTE, n * MINUTE + SECOND) for n in range(5)]
    mad = sample(65 * MINUTE, 5 * MINUTE)
    assert ahead_by([*sane, mad]) == timedelta()
    assert find_measured_at(mad, ahead_by([*sane, mad])) == mad.seen_at
    assert behind_by([*sane, mad]) == timedelta()


def test_a_clock_that_runs_ahead_proves_nothing_of_the_time_before_the_repair() -> None:
    """Measured ten seconds before the repair, by a clock that is a minute ahead."""
    acted_at = START + 10 * MINUTE
    samples = [sample((n + 1) * MINUTE, n * MINUTE) for n in range(5)]
    early = sample(11 * MINUTE - 10 * SECOND, 10 * MINUTE + SECOND)
    later = sample(12 * MINUTE, 11 * MINUTE)
    assert fresh((*samples, early, later), acted_at) == (later,)


@pytest.mark.parametrize(
    ("lags", "expected"),
    [
        ([], timedelta()),
        ([60, 61, 75], MINUTE),
        ([60, 0.5, 75], timedelta(seconds=0.5)),
        ([-3600, 60], timedelta()),
        ([7200], LONGEST_BEHIND),
    ],
)
def test_the_least_delay_is_the_clocks(lags: list[float], expected: timedelta) -> None:
    samples = [sample(n * MINUTE, n * MINUTE + timedelta(seconds=s)) for n, s in enumerate(lags)]
    assert behind_by(samples) == expected

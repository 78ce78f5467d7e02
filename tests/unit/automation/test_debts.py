"""A fix that is needed too often, at one target or at all, is told to who answers for it."""

from datetime import timedelta

import pytest
from desk_automation.recurrence.debts import debt_id
from desk_charter.runbooks import Runbook
from desk_contracts.events.automation import FixRepeated, Outcome, RunHealed
from pydantic import ValidationError

from tests.support.automation_engine import Engine, measured, raised, runbook

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
OFTEN = {"per_target": {"cooldown": "0s", "per_day": 9}}


def declared(**debt: object) -> Runbook:
    return runbook(debt=debt, limits=OFTEN)


async def cure(engine: Engine, subject: str, *, value: float = 40.0) -> None:
    """One run more of that device; a verified cure where the value is well."""
    event = raised(subject, episode=f"{subject}/{engine.clock.now()}", at=engine.clock.now())
    await engine.hear(event)
    for _ in range(30):
        if (await engine.run(event)).acted_at is not None:
            break
        await engine.step(engine.clock.now() + SECOND)
    engine.clock.advance(SECOND)
    await engine.hear(measured(value, engine.clock.now(), subject))
    await engine.settle(timedelta(minutes=2))


def repeated(engine: Engine) -> list[FixRepeated]:
    unique = {event.id: event.data for event in engine.bus.events()}
    return [data for data in unique.values() if isinstance(data, FixRepeated)]


async def test_so_many_cures_of_one_target_are_told_once_and_counted_anew() -> None:
    engine = Engine((declared(per_target={"times": 2, "within": "30d"}),))
    for count in range(1, 6):
        await cure(engine, "laptop-1")
        await cure(engine, f"laptop-{count + 1}0")
        assert len(repeated(engine)) == count // 2
    first, second = repeated(engine)
    assert (first.target, first.count, first.number, first.days) == ("laptop-1", 2, 1, 30)
    assert (first.team, first.why) == ("workplace", "Caches fill up.")
    assert (second.number, len(second.runs)) == (2, 2)
    assert not set(first.runs) & set(second.runs)


async def test_a_report_names_the_last_cure_as_its_cause() -> None:
    engine = Engine((declared(per_target={"times": 3, "within": "30d"}),))
    for _ in range(3):
        await cure(engine, "laptop-1")
    events = {event.id: event for event in engine.bus.events()}
    cures = [event for event in events.values() if isinstance(event.data, RunHealed)]
    [report] = [event for event in events.values() if isinstance(event.data, FixRepeated)]
    assert report.causation_id == cures[-1].id
    assert isinstance(report.data, FixRepeated)
    assert report.data.runs == tuple(event.data.run for event in cures)  # type: ignore[attr-defined]


async def test_cures_of_all_targets_are_counted_for_the_cause() -> None:
    engine = Engine((declared(per_cause={"times": 3, "within": "7d"}),))
    for name in ("laptop-1", "laptop-2", "laptop-3"):
        await cure(engine, name)
    [event] = repeated(engine)
    assert (event.target, event.count, len(event.runs)) == ("", 3, 3)


async def test_what_is_older_than_the_days_that_are_declared_does_not_count() -> None:
    engine = Engine((declared(per_cause={"times": 2, "within": "7d"}),))
    await cure(engine, "laptop-1")
    engine.clock.advance(7 * DAY)
    await cure(engine, "laptop-1")
    assert not repeated(engine)
    engine.clock.advance(6 * DAY)
    await cure(engine, "laptop-1")
    assert len(repeated(engine)) == 1


async def test_only_verified_cures_count() -> None:
    engine = Engine((declared(per_cause={"times": 2, "within": "7d"}),))
    for value in (40.0, 4.0, 4.0):
        await cure(engine, "laptop-1", value=value)
    assert not repeated(engine)
    state = (await engine.debts.load([debt_id("clean-disk")]))[debt_id("clean-disk")].state
    assert state is not None
    assert sum(state.by_day.values()) == 1


async def test_without_a_declaration_the_record_is_kept_and_nobody_is_told() -> None:
    engine = Engine((runbook(limits=OFTEN),))
    for _ in range(3):
        await cure(engine, "laptop-1")
    assert not repeated(engine)
    state = (await engine.debts.load([debt_id("clean-disk")]))[debt_id("clean-disk")].state
    assert state is not None
    assert sum(state.by_day.values()) == 3


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("number", range(1, 9))
async def test_a_death_at_any_write_of_the_end_counts_the_cure_once(side: str, number: int) -> None:
    engine = Engine((declared(per_cause={"times": 2, "within": "7d"}),))
    await cure(engine, "laptop-1")
    event = raised("laptop-2")
    await engine.hear(event)
    while (await engine.run(event)).acted_at is None:
        await engine.step(engine.clock.now() + SECOND)
    engine.clock.advance(SECOND)
    await engine.hear(measured(40.0, engine.clock.now(), "laptop-2"))
    setattr(engine.boundary, side, engine.boundary.changes + number)
    await engine.settle(timedelta(minutes=2))
    assert (await engine.run(event)).outcome is Outcome.HEALED
    [report] = repeated(engine)
    assert (report.count, len(set(report.runs))) == (2, 2)


@pytest.mark.parametrize(
    "debt",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"per_target": {"times": 1, "within": "7d"}}, id="once"),
        pytest.param({"per_target": {"times": 3, "within": "36h"}}, id="no whole days"),
        pytest.param({"per_cause": {"times": 3, "within": "91d"}}, id="too long"),
        pytest.param({"per_cause": {"times": 3}}, id="no days"),
    ],
)
def test_a_declaration_that_counts_nothing_is_refused(debt: object) -> None:
    with pytest.raises(ValidationError):
        runbook(debt=debt)

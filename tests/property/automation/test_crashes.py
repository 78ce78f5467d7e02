"""The worker dies at every boundary of the journal, and in the middle of every call."""

import asyncio
from datetime import timedelta

import pytest
from desk_automation.actions.answer import Answer, Result
from desk_automation.runs import journal
from desk_automation.runs.model import Phase, Run
from desk_contracts.events.automation import Outcome, RunEscalated, StepStatus
from desk_contracts.message import verbatim

from tests.support.automation_crashes import Crash
from tests.support.automation_engine import (
    NO_CONNECTION,
    NOT_MET,
    OK,
    REFUSED,
    START,
    TERM,
    TIMEOUT,
    Engine,
    FakeTarget,
    act,
    guard,
    measured,
    raised,
    runbook,
)
from tests.support.spoken import english

EFFECTS = ["idempotent", "keyed", "confirmable", "once"]
CHANGES = range(1, 25)


async def lived(effect: str, *, before: int | None = None, after: int | None = None) -> Engine:
    """A run to its end, its worker killed at one change of its document; telemetry goes on."""
    engine = Engine((runbook(steps=[act(effect)], guards=[guard()]),))
    engine.boundary.before, engine.boundary.after = before, after
    await engine.hear(raised())
    for _ in range(9):
        await engine.settle(timedelta(seconds=5))
        await engine.hear(measured(40.0, engine.clock.now()))
    return engine


async def assert_sound(engine: Engine, run: Run, effect: str) -> None:
    """What holds whatever happened."""
    assert run.is_closed
    assert run.phase in {Phase.HEALED, Phase.ESCALATED}
    acts = [call for call in engine.target.calls if call.kind == "act"]
    assert len({call.key for call in acts}) <= 1
    assert engine.target.tokens == sorted(set(engine.target.tokens))
    if effect in {"once", "confirmable"}:
        assert engine.target.effects.get("clean", 0) <= 1
    ids = [event.id for event in engine.bus.events()]
    assert len(ids) == len(set(ids))
    ends = [item for item in engine.emitted() if item in {"healed", "escalated", "skipped"}]
    assert len(ends) == 1
    [target] = await engine.targets.find({})
    [subject] = await engine.subjects.find({})
    assert target.state is not None
    assert not target.state.holder
    assert subject.state is not None
    assert not subject.state.watches


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("number", CHANGES)
async def test_death_before_a_journal_line_is_written(effect: str, number: int) -> None:
    engine = await lived(effect, before=number)
    await assert_sound(engine, await engine.run(), effect)


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("number", CHANGES)
async def test_death_after_a_journal_line_is_written(effect: str, number: int) -> None:
    engine = await lived(effect, after=number)
    await assert_sound(engine, await engine.run(), effect)


async def test_the_boundaries_above_are_all_there_are() -> None:
    engine = await lived("keyed")
    assert engine.boundary.changes < CHANGES.stop


@pytest.mark.parametrize("effect", ["idempotent", "keyed"])
async def test_death_in_a_call_sends_it_again_under_the_same_key(effect: str) -> None:
    engine = Engine((runbook(steps=[act(effect)]),), FakeTarget([Crash]))
    await engine.hear(raised())
    await engine.settle(timedelta(seconds=15))
    assert engine.crashes == 1
    assert [call.attempt for call in (await engine.run()).journal] == [1]
    assert engine.target.effects == {"clean": 2}
    assert len({call.key for call in engine.target.calls}) == 1
    assert engine.target.tokens == [1, 2]


@pytest.mark.parametrize("effect", ["idempotent", "keyed"])
@pytest.mark.parametrize("then", [[REFUSED], [NO_CONNECTION] * 9, [NO_CONNECTION, REFUSED]])
async def test_a_no_to_the_second_sending_says_nothing_of_the_first(
    effect: str, then: list[Answer]
) -> None:
    """The worker died when the target had done it; whoever sends it again is refused."""
    engine = Engine((runbook(steps=[act(effect)]),), FakeTarget([Crash, *then]))
    await engine.hear(raised())
    await engine.settle()
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.outcome is Outcome.IN_DOUBT
    assert "Before, a worker was lost while it sent this." in english(last.reason)


async def test_a_yes_to_the_second_sending_settles_the_first() -> None:
    engine = Engine((runbook(),), FakeTarget([Crash, NO_CONNECTION, OK]))
    await engine.hear(raised())
    await engine.settle(timedelta(seconds=15))
    run = await engine.run()
    assert (run.phase, run.doubts) == (Phase.VERIFYING, ())


async def test_what_changes_nothing_is_never_in_doubt() -> None:
    engine = Engine((runbook(steps=[act("pure")]),), FakeTarget([Crash, REFUSED]))
    await engine.hear(raised())
    await engine.settle()
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.outcome is not Outcome.IN_DOUBT


async def test_death_in_a_call_of_once_leaves_it_in_doubt() -> None:
    engine = Engine((runbook(steps=[act("once")]),), FakeTarget([Crash]))
    await engine.hear(raised())
    await engine.settle()
    assert engine.target.effects == {"clean": 1}
    run = await engine.run()
    assert run.outcome is Outcome.IN_DOUBT
    assert run.journal[-1].status is StepStatus.IN_DOUBT


@pytest.mark.parametrize(("answer", "effects"), [(OK, 1), (NOT_MET, 2)])
async def test_death_in_a_confirmable_call_asks_first(answer: Answer, effects: int) -> None:
    target = FakeTarget([Crash, answer])
    engine = Engine((runbook(steps=[act("confirmable")]),), target)
    await engine.hear(raised())
    await engine.settle(timedelta(seconds=20))
    assert target.kinds()[:2] == ["act", "confirm"]
    assert target.effects == {"clean": effects}


async def test_a_call_that_kills_every_worker_is_not_tried_for_ever() -> None:
    engine = Engine((runbook(),), FakeTarget([Crash] * 50))
    await engine.hear(raised())
    await engine.settle()
    # As often as the runbook says, whoever died over it.
    assert engine.crashes == len(engine.target.calls) == 3
    assert (await engine.run()).outcome is Outcome.IN_DOUBT


@pytest.mark.parametrize("kind", ["guard", "probe", "confirm"])
async def test_a_question_that_kills_every_worker_is_not_asked_for_ever(kind: str) -> None:
    guards = [guard()] if kind == "guard" else []
    acts = [act("confirmable" if kind == "confirm" else "keyed")]
    steps = [guard("is-up") | {"kind": "probe"}] if kind == "probe" else acts
    first: list[Answer | type[Crash]] = [TIMEOUT] if kind == "confirm" else []
    target = FakeTarget([*first, *[Crash] * 50])
    engine = Engine((runbook(guards=guards, steps=steps),), target)
    await engine.hear(raised())
    await engine.settle()
    assert target.kinds().count(kind) == 2
    run = await engine.run()
    assert run.phase is Phase.ESCALATED
    assert run.outcome is (Outcome.IN_DOUBT if kind == "confirm" else Outcome.NOT_RUN)


async def test_nobody_takes_a_run_over_while_its_lease_lives() -> None:
    engine = Engine((runbook(),), FakeTarget([Crash]))
    await engine.hear(raised())
    await engine.settle(timedelta(seconds=2))
    run = await engine.run()
    assert run.lease is not None
    await engine.worker.advance(run.id)
    assert len(engine.target.calls) == 1
    engine.clock.advance(TERM)
    await engine.worker.advance(run.id)
    assert len(engine.target.calls) == 2


async def test_a_result_under_an_old_token_is_refused() -> None:
    engine = Engine((runbook(),), FakeTarget([Crash, Crash]))
    await engine.hear(raised())
    await engine.settle(timedelta(seconds=2))
    stale = await engine.run()
    attempt = engine.target.calls[0]
    engine.clock.advance(TERM)
    with pytest.raises(Crash):
        await engine.worker.advance(stale.id)
    newer = await engine.run()
    late = Answer(Result.REFUSED, verbatim("from the past"))
    assert newer.token == stale.token + 1
    # The newer worker is at work.
    assert newer.has_live_lease(engine.clock.now())
    assert journal.apply_answer(newer, attempt, stale.token, late, START, 1.0) is None
    assert journal.renew_lease(newer, stale.token, TERM, START) is None


async def test_two_workers_with_one_run_send_it_once() -> None:
    engine = Engine((runbook(),))
    await engine.hear(raised())
    engine.clock.advance(timedelta(seconds=2))
    first, id = engine.worker, (await engine.run()).id
    engine.restart()
    await asyncio.gather(first.advance(id), engine.worker.advance(id))
    assert len(engine.target.calls) == 1
    assert (await engine.run()).phase is Phase.VERIFYING

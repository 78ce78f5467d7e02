"""What is known of a try decides what is said of a run: done, no effect, or unknown."""

from datetime import timedelta

import pytest
from desk_automation.actions.answer import Answer, Result
from desk_automation.runs import journal
from desk_automation.runs.model import Phase
from desk_automation.runs.store import run_rule
from desk_contracts.events.automation import Outcome, RunEscalated, StepStatus
from desk_contracts.message import verbatim

from tests.support.automation_engine import (
    NO_CONNECTION,
    NOT_MET,
    OK,
    REFUSED,
    START,
    TIMEOUT,
    UNREADABLE,
    Engine,
    FakeTarget,
    act,
    cleared,
    guard,
    measured,
    raised,
    runbook,
)
from tests.support.spoken import english

SECOND = timedelta(seconds=1)
LATER = Answer(Result.NOT_TAKEN, verbatim("429 not now"), retry_after=8.0)
MUCH_LATER = Answer(Result.NOT_TAKEN, verbatim("429 not now"), retry_after=86_400.0)


@pytest.mark.parametrize("answers", [[NO_CONNECTION, TIMEOUT], [REFUSED], [UNREADABLE, UNREADABLE]])
async def test_a_guard_that_cannot_be_told_reaches_people(answers: list[Answer]) -> None:
    engine = Engine((runbook(guards=[guard()]),), FakeTarget([*answers]))
    await engine.hear(raised())
    await engine.settle()
    assert engine.target.kinds() == ["guard"] * len(answers)
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.outcome is Outcome.NOT_RUN
    assert "could not be told" in english(last.reason)
    assert english(answers[-1].message) in english(last.reason)
    assert [line.status for line in last.evidence[:1]] == [StepStatus.FAILED]


async def test_a_target_is_not_called_before_the_moment_it_allowed() -> None:
    engine = Engine((runbook(),), FakeTarget([LATER, OK]))
    times = []
    engine.target.on_call = lambda _: times.append(engine.clock.now())
    await engine.hear(raised())
    await engine.settle(20 * SECOND)
    # The runbook's own longest pause is 4 s.
    assert times[1] - times[0] == 8 * SECOND


async def test_a_confirming_question_waits_as_long_as_the_target_asked() -> None:
    busy = Answer(Result.UNKNOWN, verbatim("503 wait"), retry_after=8.0)
    engine = Engine((runbook(steps=[act("confirmable")]),), FakeTarget([busy, OK]))
    times = []
    engine.target.on_call = lambda _: times.append(engine.clock.now())
    await engine.hear(raised())
    await engine.settle(20 * SECOND)
    assert times[1] - times[0] == 8 * SECOND


async def test_who_asks_for_more_time_than_a_run_has_is_left_to_people() -> None:
    engine = Engine((runbook(),), FakeTarget([MUCH_LATER]))
    await engine.hear(raised())
    await engine.settle()
    assert len(engine.target.calls) == 1
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.outcome is Outcome.NOT_HEALED


@pytest.mark.parametrize("then", [REFUSED, MUCH_LATER])
async def test_a_try_that_may_have_acted_stays_in_doubt_whatever_the_next_one_says(
    then: Answer,
) -> None:
    engine = Engine((runbook(),), FakeTarget([TIMEOUT, then]))
    await engine.hear(raised())
    await engine.settle()
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.outcome is Outcome.IN_DOUBT
    assert "clean at 09:00:01 (UTC) (no answer within 5 s)" in english(last.reason)
    assert [line.status for line in last.evidence[:2]] == [StepStatus.IN_DOUBT, StepStatus.FAILED]


async def test_a_run_that_sent_something_is_not_skipped_when_its_signal_clears() -> None:
    event = raised()
    engine = Engine((runbook(),), FakeTarget([TIMEOUT]))
    await engine.hear(event)
    await engine.settle(SECOND)
    await engine.hear(cleared(event))
    await engine.settle(2 * SECOND)
    assert (await engine.run()).phase is Phase.VERIFYING
    await engine.settle()
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.outcome is Outcome.IN_DOUBT
    assert len(engine.target.calls) == 1


async def test_telemetry_settles_what_a_try_left_in_doubt() -> None:
    event = raised()
    engine = Engine((runbook(),), FakeTarget([TIMEOUT]))
    await engine.hear(event)
    await engine.settle(SECOND)
    await engine.hear(cleared(event))
    await engine.settle(3 * SECOND)
    await engine.hear(measured(40.0, engine.clock.now()))
    await engine.settle()
    assert (await engine.run()).phase is Phase.HEALED


@pytest.mark.parametrize(
    ("answer", "phase"), [(NO_CONNECTION, Phase.SKIPPED), (LATER, Phase.ESCALATED)]
)
async def test_skipped_means_that_nothing_was_ever_sent(answer: Answer, phase: Phase) -> None:
    event = raised()
    engine = Engine((runbook(),), FakeTarget([answer]))
    await engine.hear(event)
    await engine.settle(SECOND)
    await engine.hear(cleared(event))
    await engine.settle()
    assert len(engine.target.calls) == 1
    assert (await engine.run()).phase is phase


async def test_a_guard_that_fails_after_a_try_in_doubt_is_not_a_skip() -> None:
    engine = Engine((runbook(guards=[guard()]),), FakeTarget([OK, TIMEOUT, NOT_MET]))
    await engine.hear(raised())
    await engine.settle()
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.outcome is Outcome.IN_DOUBT


async def test_nothing_is_sent_once_the_run_is_somebody_elses() -> None:
    engine = Engine((runbook(),))
    # The worker stands still between its intent and its call for longer than its lease.
    engine.target.before_call = lambda _: engine.clock.advance(timedelta(seconds=7))
    await engine.hear(raised())
    await engine.step(START + 2 * SECOND)
    assert engine.target.calls == []


async def test_an_act_that_answers_when_its_run_is_over_is_shown_on_it() -> None:
    engine = Engine((runbook(steps=[act("once")]),), FakeTarget([TIMEOUT]))
    await engine.hear(raised())
    await engine.settle()
    run = await engine.run()
    assert run.is_closed
    sent = engine.target.calls[0]
    late = run_rule(lambda r, now: journal.apply_answer(r, sent, 1, OK, now, 1.0))
    await engine.journal.change(run.id, late)
    await engine.journal.change(run.id, late)
    run = await engine.run()
    assert [english(entry.message) for entry in run.journal[1:]] == [
        "It answered when the run was over: 200 done"
    ]
    assert run.journal[-1].status is StepStatus.IN_DOUBT
    assert engine.emitted()[-1] == "step-recorded"

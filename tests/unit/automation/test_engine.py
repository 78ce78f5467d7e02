"""The engine end to end in memory: what starts, what stops it, and what decides the outcome."""

from datetime import timedelta
from itertools import pairwise

import pytest
from desk_automation.runs import lifecycle
from desk_automation.runs.model import Phase
from desk_automation.runs.store import run_rule
from desk_contracts.errors import Rejected
from desk_contracts.events.automation import (
    Outcome,
    RunEscalated,
    RunHealed,
    RunSkipped,
    StepStatus,
)

from tests.support.automation_engine import (
    NO_CONNECTION,
    NOT_MET,
    OK,
    REFUSED,
    START,
    TIMEOUT,
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


async def healed_engine(**changes: object) -> Engine:
    """Everything up to a sample that shows health."""
    engine = Engine((runbook(**changes),))
    await engine.hear(raised())
    await engine.settle(5 * SECOND)
    await engine.hear(measured(40.0, engine.clock.now()))
    return engine


async def test_a_signal_is_repaired_and_verified() -> None:
    engine = await healed_engine()
    await engine.settle()
    run = await engine.run()
    assert run.phase is Phase.HEALED
    assert run.is_closed
    assert engine.emitted() == ["started", "step-recorded", "step-recorded", "healed"]
    last = engine.last()
    assert isinstance(last, RunHealed)
    assert last.tell == "You have space again."
    assert last.person == "ana"
    assert "was 4 before" in english(last.evidence[-1].message)
    assert "40 at" in english(last.evidence[-1].message)


async def test_nothing_is_done_before_the_settle_time_is_over() -> None:
    engine = Engine((runbook(settle="30s"),))
    await engine.hear(raised())
    await engine.settle(29 * SECOND)
    assert engine.target.calls == []
    await engine.settle(2 * SECOND)
    assert engine.target.kinds() == ["act"]


async def test_a_signal_that_clears_in_time_repairs_nothing() -> None:
    engine = Engine((runbook(settle="30s"),))
    event = raised()
    await engine.hear(event, cleared(event))
    await engine.settle()
    assert engine.target.calls == []
    last = engine.last()
    assert isinstance(last, RunSkipped)
    assert last.explanation[0].code == "run.signal-cleared-before"


async def test_a_clear_that_comes_before_its_signal_counts_too() -> None:
    engine = Engine((runbook(),))
    event = raised()
    await engine.hear(cleared(event))
    await engine.hear(event)
    await engine.settle()
    assert engine.target.calls == []


async def test_the_same_signal_twice_is_one_run() -> None:
    engine = Engine((runbook(),))
    event = raised()
    await engine.hear(event, event)
    await engine.settle()
    await engine.hear(event)
    await engine.settle()
    assert engine.target.effects == {"clean": 1}
    assert len(await engine.runs.find({})) == 1


async def test_a_runbook_edited_under_way_changes_nothing_in_the_run() -> None:
    engine = Engine((runbook(settle="30s"),))
    await engine.hear(raised())
    edited = runbook(settle="30s", steps=[act(id="format")])
    engine.rulebook.rules = Engine((edited,)).rulebook.rules
    again = raised()._replace(id="published-again")
    await engine.hear(again)
    await engine.settle()
    assert [call.step for call in engine.target.calls] == ["clean"]


async def test_old_measurements_and_fast_clocks_prove_nothing() -> None:
    engine = Engine((runbook(),))
    await engine.hear(raised())
    await engine.settle(SECOND / 2)
    # Taken before the act, by a clock that runs ahead of ours.
    await engine.hear(measured(90.0, START + timedelta(seconds=20)))
    await engine.settle(3 * SECOND)
    # Taken long before the act, arriving late.
    await engine.hear(measured(90.0, START - timedelta(minutes=5)))
    await engine.settle()
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.outcome is Outcome.INCONCLUSIVE


async def test_no_data_is_never_health() -> None:
    engine = Engine((runbook(),))
    await engine.hear(raised())
    await engine.settle()
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.outcome is Outcome.INCONCLUSIVE
    assert "Nothing was measured since the repair" in english(last.reason)
    assert last.team == "workplace"
    assert last.tell == "We come to you."


async def test_samples_that_stay_bad_are_escalated_as_not_healed() -> None:
    engine = Engine((runbook(),))
    await engine.hear(raised())
    await engine.settle(5 * SECOND)
    await engine.hear(measured(6.0, engine.clock.now()))
    await engine.settle()
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.outcome is Outcome.NOT_HEALED
    assert last.title == "The disk of laptop-1 is nearly full"
    assert last.device == "laptop-1"
    assert [line.status for line in last.evidence] == [StepStatus.DONE, StepStatus.FAILED]


async def test_one_good_sample_is_not_three() -> None:
    verify = {
        "measurement": "disk.free.percent",
        "condition": "value > 15.0",
        "samples": 3,
        "within": "30s",
    }
    engine = Engine((runbook(verify=verify),))
    await engine.hear(raised())
    await engine.settle(5 * SECOND)
    for value in (40.0, 3.0, 40.0, 41.0):
        await engine.hear(measured(value, engine.clock.now()))
        await engine.settle(2 * SECOND)
        assert (await engine.run()).phase is Phase.VERIFYING
    await engine.hear(measured(42.0, engine.clock.now()))
    await engine.settle(SECOND)
    assert (await engine.run()).phase is Phase.HEALED


async def test_transient_failures_are_retried_with_one_key_and_growing_pauses() -> None:
    engine = Engine((runbook(),), FakeTarget([NO_CONNECTION, TIMEOUT, OK]))
    await engine.hear(raised())
    times = []
    engine.target.on_call = lambda _: times.append(engine.clock.now())
    await engine.settle(20 * SECOND)
    assert len({call.key for call in engine.target.calls}) == 1
    assert [later - earlier for earlier, later in pairwise(times)] == [
        SECOND,
        2 * SECOND,
    ]
    assert [entry.status for entry in (await engine.run()).journal] == ["failed", "failed", "done"]


async def test_a_refusal_for_good_is_not_tried_again() -> None:
    engine = Engine((runbook(),), FakeTarget([REFUSED]))
    await engine.hear(raised())
    await engine.settle()
    assert len(engine.target.calls) == 1
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.outcome is Outcome.NOT_HEALED
    assert "404 not here" in english(last.reason)


async def test_a_keyed_act_that_never_answers_is_in_doubt() -> None:
    engine = Engine((runbook(),), FakeTarget([TIMEOUT] * 3))
    await engine.hear(raised())
    await engine.settle()
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.outcome is Outcome.IN_DOUBT
    assert len(engine.target.calls) == 3


async def test_once_is_never_sent_again() -> None:
    engine = Engine((runbook(steps=[act("once")]),), FakeTarget([TIMEOUT]))
    await engine.hear(raised())
    await engine.settle()
    assert len(engine.target.calls) == 1
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.outcome is Outcome.IN_DOUBT
    assert "in doubt" in english(last.reason)
    assert "must not be repeated by itself" in english(last.reason)
    assert "no answer within 5 s" in english(last.reason)


@pytest.mark.parametrize(("answer", "acts"), [(OK, 1), (NOT_MET, 2)])
async def test_a_confirmable_act_is_asked_before_it_is_repeated(answer: object, acts: int) -> None:
    target = FakeTarget([TIMEOUT, answer])  # type: ignore[list-item]  # an Answer
    engine = Engine((runbook(steps=[act("confirmable")]),), target)
    await engine.hear(raised())
    await engine.settle(20 * SECOND)
    assert engine.target.kinds() == ["act", "confirm", "act"][: 1 + acts]
    assert engine.target.kinds().count("act") == acts
    assert (await engine.run()).phase is Phase.VERIFYING


async def test_a_confirmable_act_that_cannot_be_asked_is_in_doubt() -> None:
    target = FakeTarget([TIMEOUT, NO_CONNECTION, NO_CONNECTION])
    engine = Engine((runbook(steps=[act("confirmable")]),), target)
    await engine.hear(raised())
    await engine.settle()
    assert engine.target.kinds() == ["act", "confirm", "confirm"]
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.outcome is Outcome.IN_DOUBT


async def test_a_guard_that_does_not_hold_skips_the_run() -> None:
    engine = Engine((runbook(guards=[guard()]),), FakeTarget([NOT_MET]))
    await engine.hear(raised())
    await engine.settle()
    assert engine.target.kinds() == ["guard"]
    assert engine.emitted() == ["step-recorded", "skipped"]


async def test_guards_are_asked_again_before_each_act_and_each_try() -> None:
    steps = [act(id="first"), act(id="second")]
    target = FakeTarget([OK, NO_CONNECTION, OK, OK, OK, OK])
    engine = Engine((runbook(guards=[guard()], steps=steps),), target)
    await engine.hear(raised())
    await engine.settle(20 * SECOND)
    assert [call.step for call in target.calls] == [
        "is-needed",
        "first",
        "is-needed",
        "first",
        "is-needed",
        "second",
    ]


async def test_a_guard_that_fails_between_acts_leads_to_verification() -> None:
    steps = [act(id="first"), act(id="second")]
    engine = Engine((runbook(guards=[guard()], steps=steps),), FakeTarget([OK, OK, NOT_MET]))
    await engine.hear(raised())
    await engine.settle(5 * SECOND)
    run = await engine.run()
    assert run.phase is Phase.VERIFYING
    assert engine.target.effects == {"first": 1}


async def test_a_clear_between_acts_stops_the_next_and_verifies_the_first() -> None:
    event = raised()
    wait = {"id": "rest", "kind": "wait", "for": "20s"}
    engine = Engine((runbook(steps=[act(id="first"), wait, act(id="second")]),))
    await engine.hear(event)
    await engine.settle(5 * SECOND)
    await engine.hear(cleared(event))
    await engine.settle(20 * SECOND)
    assert engine.target.effects == {"first": 1}
    assert (await engine.run()).phase is Phase.VERIFYING


async def test_a_wait_is_durable_and_as_long_as_written() -> None:
    wait = {"id": "rest", "kind": "wait", "for": "20s"}
    engine = Engine((runbook(steps=[act(id="first"), wait, act(id="second")]),))
    await engine.hear(raised())
    await engine.settle(20 * SECOND)
    assert list(engine.target.effects) == ["first"]
    engine.restart()
    await engine.settle(2 * SECOND)
    assert list(engine.target.effects) == ["first", "second"]


@pytest.mark.parametrize("mode", ["observe", "suggest"])
async def test_modes_that_do_not_act_say_what_they_would_do(mode: str) -> None:
    engine = Engine((runbook(mode=mode),))
    await engine.hear(raised())
    await engine.settle()
    assert engine.target.calls == []
    last = engine.last()
    assert isinstance(last, RunSkipped)
    assert "POST http://127.0.0.1:9000/v1/clean" in english(last.explanation)


async def test_a_runbook_past_its_review_date_only_suggests() -> None:
    engine = Engine((runbook(expires="2026-01-01"),))
    await engine.hear(raised())
    await engine.settle()
    assert engine.emitted() == ["skipped"]


async def test_a_missing_attribute_is_a_plan_that_people_get() -> None:
    engine = Engine((runbook(),))
    await engine.hear(raised(attributes={}))
    await engine.settle()
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert "${data.attributes.agent_url} has no value" in english(last.reason)
    assert last.outcome is Outcome.NOT_RUN


async def test_an_old_signal_repairs_nothing() -> None:
    engine = Engine((runbook(),))
    await engine.hear(raised(at=START - timedelta(hours=2)))
    await engine.settle()
    last = engine.last()
    assert isinstance(last, RunSkipped)
    assert last.explanation[0].code == "run.stale"


async def test_a_run_that_waits_is_cancelled_at_once() -> None:
    engine = Engine((runbook(settle="30s"),))
    await engine.hear(raised())
    run = await engine.run()
    await engine.journal.change(
        run.id, run_rule(lambda r, now: lifecycle.brake(r, lifecycle.Brake("ana"), now))
    )
    await engine.settle()
    assert engine.target.calls == []
    run = await engine.run()
    assert run.phase is Phase.CANCELLED
    assert run.is_closed
    with pytest.raises(Rejected, match="over"):
        await engine.journal.change(
            run.id, run_rule(lambda r, now: lifecycle.brake(r, lifecycle.Brake("b"), now))
        )


async def test_a_run_cancelled_between_acts_is_escalated() -> None:
    wait = {"id": "rest", "kind": "wait", "for": "20s"}
    engine = Engine((runbook(steps=[act(id="first"), wait, act(id="second")]),))
    await engine.hear(raised())
    await engine.settle(5 * SECOND)
    run = await engine.run()
    await engine.journal.change(
        run.id, run_rule(lambda r, now: lifecycle.brake(r, lifecycle.Brake("ana"), now))
    )
    await engine.settle()
    assert list(engine.target.effects) == ["first"]
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert english(last.reason) == "ana stopped it."

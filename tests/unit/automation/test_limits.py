"""One run at a time per target, limits that hold over crashes, and the breaker."""

from datetime import timedelta

import pytest
from desk_automation.actions.answer import Answer, Result
from desk_automation.adapters.executors.registry import EXECUTORS
from desk_automation.matching.decide import RunPolicy
from desk_automation.runs.model import Phase
from desk_automation.verification.decide import MAX_SAMPLES, add_sample
from desk_automation.verification.model import Subject, Watch
from desk_automation.verification.sample import Sample
from desk_contracts.errors import DependencyDown
from desk_contracts.events.automation import Outcome, RunEscalated, RunSkipped
from desk_contracts.message import verbatim
from pydantic import ValidationError

from tests.support.automation_engine import (
    NO_CONNECTION,
    REFUSED,
    START,
    Engine,
    FakeTarget,
    act,
    cleared,
    measured,
    raised,
    runbook,
)
from tests.support.spoken import english

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


async def test_two_runbooks_never_act_on_one_target_at_once() -> None:
    other = runbook(id="restart-it", steps=[act(id="restart")])
    engine = Engine((runbook(), other))
    event = raised()
    await engine.hear(event)
    await engine.settle(5 * SECOND)
    first = [call.step for call in engine.target.calls]
    assert len(first) == 1
    phases = {(await engine.run(event, n)).phase for n in (0, 1)}
    assert phases == {Phase.VERIFYING, Phase.QUEUED}
    await engine.hear(measured(40.0, engine.clock.now()))
    await engine.settle(2 * SECOND)
    assert sorted(call.step for call in engine.target.calls) == ["clean", "restart"]


async def test_a_cooldown_holds_the_next_episode_back() -> None:
    engine = Engine((runbook(),))
    await engine.hear(raised(episode="one"))
    await engine.settle(MINUTE)
    second = raised(episode="two")
    await engine.hear(second)
    await engine.settle(5 * MINUTE)
    assert (await engine.run(second)).phase is Phase.QUEUED
    assert len(engine.target.calls) == 1
    await engine.settle(10 * MINUTE)
    assert len(engine.target.calls) == 2


async def test_a_limit_that_lasts_longer_than_the_queue_reaches_people() -> None:
    limits = {"per_target": {"cooldown": "1m", "per_day": 2}}
    engine = Engine((runbook(limits=limits, breaker={"consecutive": 9}),))
    for number in range(3):
        await engine.hear(raised(episode=str(number), at=engine.clock.now()))
        await engine.settle(10 * MINUTE)
    assert len(engine.target.calls) == 2
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert "2 times in 24 hours" in english(last.reason)


async def test_of_many_runs_that_wait_for_a_target_none_is_dropped() -> None:
    limits = {"per_target": {"cooldown": "0s", "per_day": 99}}
    book = runbook(limits=limits, breaker={"consecutive": 99})
    policy = RunPolicy(2 * MINUTE, timedelta(hours=1), EXECUTORS.kinds)
    engine = Engine((book,), policy=policy)
    events = [raised(episode=str(number)) for number in range(55)]
    await engine.hear(*events)
    await engine.settle(timedelta(hours=3))
    runs = [await engine.run(event) for event in events]
    assert all(run.is_closed for run in runs)
    # Each was tried in its turn, or came to people with the reason.
    assert {run.phase for run in runs} == {Phase.ESCALATED}
    assert all(run.has_sent or run.reason for run in runs)
    assert engine.emitted().count("escalated") == len(runs)


async def test_overflow_escalate_does_not_wait() -> None:
    limits = {"per_target": {"cooldown": "10m"}, "overflow": "escalate"}
    engine = Engine((runbook(limits=limits),))
    await engine.hear(raised(episode="one"))
    await engine.settle(MINUTE)
    await engine.hear(raised(episode="two"))
    await engine.settle(2 * SECOND)
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.outcome is Outcome.NOT_RUN


async def test_overflow_coalesce_joins_the_run_under_way() -> None:
    limits = {"per_target": {"cooldown": "1s"}, "overflow": "coalesce"}
    engine = Engine((runbook(limits=limits),))
    await engine.hear(raised(episode="one"))
    await engine.settle(5 * SECOND)
    second = raised(episode="two")
    await engine.hear(second)
    await engine.settle(5 * SECOND)
    assert (await engine.run(second)).phase is Phase.SKIPPED
    assert "does the same already" in english((await engine.run(second)).reason)


async def test_the_hourly_limit_counts_all_targets_of_a_runbook() -> None:
    limits = {"per_target": {"cooldown": "1s"}, "per_runbook": {"per_hour": 2}}
    engine = Engine((runbook(limits=limits, breaker={"consecutive": 9}),))
    for number in range(3):
        await engine.hear(raised(f"laptop-{number}"))
    await engine.settle(10 * MINUTE)
    assert len(engine.target.calls) == 2
    await engine.settle(55 * MINUTE)
    assert len(engine.target.calls) == 3


async def test_a_run_that_must_wait_for_its_runbook_does_not_block_its_target() -> None:
    limits = {"per_target": {"cooldown": "1s"}, "per_runbook": {"per_hour": 1}}
    other = runbook(id="restart-it", settle="5s", steps=[act(id="restart")])
    engine = Engine((runbook(limits=limits), other))
    await engine.hear(raised("laptop-1"))
    await engine.settle(2 * MINUTE)
    await engine.hear(raised("laptop-2"))
    await engine.settle(MINUTE)
    assert [call.step for call in engine.target.calls].count("restart") == 2


async def test_cures_that_are_none_open_the_breaker_and_a_canary_closes_it() -> None:
    book = runbook(breaker={"consecutive": 2, "reopen_after": "30m"})
    engine = Engine((book,), FakeTarget([REFUSED, REFUSED]))
    for number in range(3):
        await engine.hear(raised(f"laptop-{number}"))
        await engine.settle(2 * MINUTE)
    assert len(engine.target.calls) == 2
    [withheld] = [e.data for e in engine.bus.events() if isinstance(e.data, RunSkipped)]
    assert "none of 2 cures in a row is known to have helped" in english(withheld.explanation)
    await engine.settle(30 * MINUTE)
    for number in (5, 6):
        await engine.hear(raised(f"laptop-{number}", at=engine.clock.now()))
    await engine.settle(5 * SECOND)
    assert len(engine.target.calls) == 3  # only one run tries
    await engine.hear(measured(40.0, engine.clock.now(), "laptop-5"))
    await engine.hear(measured(40.0, engine.clock.now(), "laptop-6"))
    await engine.settle(2 * SECOND)
    await engine.hear(raised("laptop-7", at=engine.clock.now()))
    await engine.settle(5 * SECOND)
    assert len(engine.target.calls) == 4


async def test_without_the_store_of_locks_nothing_starts() -> None:
    engine = Engine((runbook(),))
    await engine.hear(raised())
    engine.targets.is_down = True
    engine.clock.advance(2 * SECOND)
    with pytest.raises(DependencyDown):
        await engine.worker.advance((await engine.run()).id)
    assert engine.target.calls == []
    engine.targets.is_down = False
    await engine.settle(5 * SECOND)
    assert engine.target.effects == {"clean": 1}


async def test_limits_survive_a_restart() -> None:
    engine = Engine((runbook(),))
    await engine.hear(raised(episode="one"))
    await engine.settle(MINUTE)
    engine.restart()
    await engine.hear(raised(episode="two"))
    await engine.settle(MINUTE)
    assert len(engine.target.calls) == 1


async def test_a_breaker_counts_targets_and_not_runs() -> None:
    book = runbook(
        breaker={"consecutive": 3}, limits={"per_target": {"cooldown": "1s", "per_day": 99}}
    )
    engine = Engine((book,), FakeTarget([REFUSED] * 9))
    for number in range(4):
        await engine.hear(raised("laptop-1", episode=str(number), at=engine.clock.now()))
        await engine.settle(MINUTE)
    assert len(engine.target.calls) == 4
    for subject in ("laptop-2", "laptop-3", "laptop-4"):
        await engine.hear(raised(subject, at=engine.clock.now()))
        await engine.settle(MINUTE)
    # The third target opens it; the fourth is left to people.
    assert len(engine.target.calls) == 6


@pytest.mark.parametrize(
    ("answer", "attributes"),
    [
        (
            Answer(Result.REFUSED, verbatim("the host evil:80 may not be called"), is_sent=False),
            None,
        ),
        (NO_CONNECTION, None),
        (REFUSED, {"agent_url": "http://127.0.0.1:9000/admin?x="}),
        (REFUSED, {}),
    ],
)
async def test_made_up_devices_stop_no_runbook_for_others(
    answer: Answer, attributes: dict[str, str] | None
) -> None:
    engine = Engine((runbook(breaker={"consecutive": 2}),), FakeTarget([answer] * 30))
    for number in range(5):
        forged = raised(f"forged-{number}", attributes=attributes, at=engine.clock.now())
        await engine.hear(forged)
        await engine.settle(MINUTE)
        run = await engine.run(forged)
        assert run.outcome is Outcome.NOT_RUN
    engine.target.script.clear()
    engine.target.calls.clear()
    real = raised("laptop-1", at=engine.clock.now())
    await engine.hear(real)
    await engine.settle(5 * SECOND)
    assert len(engine.target.calls) == 1


def test_as_many_samples_are_kept_as_a_runbook_may_ask_for() -> None:
    verify: dict[str, object] = {"measurement": "disk.free.percent", "at_least": 15, "within": "9m"}
    most = runbook(verify=verify | {"samples": MAX_SAMPLES}).verify
    assert most is not None
    with pytest.raises(ValidationError, match="samples"):
        runbook(verify=verify | {"samples": MAX_SAMPLES + 1})


def test_only_the_newest_samples_are_kept_and_none_from_the_future_for_ever() -> None:
    subject: Subject | None = Subject(watches=(Watch(run="r", measurement="m", since=START),))
    for number in range(MAX_SAMPLES + 3):
        moment = START + number * SECOND
        ahead = timedelta(days=9) if number == 1 else timedelta()
        sample = Sample(value=number, at=moment + ahead, seen_at=moment)
        subject = add_sample(subject, "m", sample)
    assert subject is not None
    kept = [sample.value for sample in subject.samples_for("r")]
    assert kept == list(range(3, MAX_SAMPLES + 3))
    assert add_sample(subject, "other", sample) is None


async def test_a_run_that_waits_hears_of_its_end_however_many_end_with_it() -> None:
    engine = Engine((runbook(settle="30s"),))
    event = raised()
    await engine.hear(event, cleared(event))
    others = [cleared(raised(episode=f"laptop-1/other-{n}")) for n in range(200)]
    await engine.hear(*others)
    await engine.settle()
    assert engine.target.calls == []

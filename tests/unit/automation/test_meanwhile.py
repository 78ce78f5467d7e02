"""What happens to a run while its act is under way: frozen too long, cancelled."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from desk_automation.actions.answer import Answer
from desk_automation.actions.executor import Fence
from desk_automation.actions.model import Attempt
from desk_automation.runs import lifecycle
from desk_automation.runs.store import run_rule
from desk_contracts.events.automation import Outcome
from desk_contracts.message import message

from tests.support.automation_engine import (
    NO_CONNECTION,
    OK,
    TERM,
    TIMEOUT,
    Engine,
    FakeTarget,
    act,
    measured,
    raised,
    runbook,
)


async def _nothing() -> None:
    """Nothing happens meanwhile."""


@dataclass
class Pausing(FakeTarget):
    """Something happens between the first act and its answer."""

    meanwhile: Callable[[], Awaitable[None]] = _nothing

    async def execute(self, attempt: Attempt, run: str, token: int, fence: Fence) -> Answer:
        answer = await super().execute(attempt, run, token, fence)
        meanwhile, self.meanwhile = self.meanwhile, _nothing
        await meanwhile()
        return answer


async def frozen(effect: str, answer: Answer = OK) -> tuple[Engine, Pausing]:
    """The worker was frozen in its act for longer than its lease; another one came."""
    target = Pausing([answer])
    engine = Engine((runbook(steps=[act(effect)]),), target)

    async def freeze() -> None:
        engine.clock.advance(2 * TERM)
        first = engine.worker
        engine.restart()
        await engine.worker.advance((await engine.run()).id)
        engine.worker = first

    target.meanwhile = freeze
    await engine.hear(raised())
    while not target.calls:
        await engine.step(engine.clock.now() + TERM)
    return engine, target


@pytest.mark.parametrize("effect", ["keyed", "idempotent"])
async def test_a_worker_frozen_longer_than_its_lease_spoils_nothing(effect: str) -> None:
    engine, target = await frozen(effect)
    acted_at = (await engine.run()).acted_at
    assert acted_at is not None
    assert len({call.key for call in target.calls}) == 1
    assert len(target.calls) == 2
    engine.clock.advance(timedelta(seconds=1))
    await engine.hear(measured(40.0, acted_at + timedelta(seconds=1)))
    await engine.settle()
    assert (await engine.run()).outcome is Outcome.HEALED
    assert engine.emitted().count("healed") == 1


@pytest.mark.parametrize("answer", [OK, TIMEOUT])
async def test_an_act_of_a_frozen_worker_that_may_not_be_repeated_stays_in_doubt(
    answer: Answer,
) -> None:
    engine, target = await frozen("once", answer)
    await engine.settle()
    run = await engine.run()
    assert len(target.calls) == 1
    assert run.outcome is Outcome.IN_DOUBT
    assert run.journal[-1].message == message("step.answered-when-over", answer=answer.message)
    assert engine.emitted().count("escalated") == 1


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (OK, Outcome.INCONCLUSIVE),
        (TIMEOUT, Outcome.IN_DOUBT),
        (NO_CONNECTION, Outcome.NOT_RUN),
    ],
)
@pytest.mark.parametrize("effect", ["keyed", "once"])
async def test_a_run_cancelled_during_its_act_says_what_is_known_of_it(
    effect: str, answer: Answer, outcome: Outcome
) -> None:
    target = Pausing([answer])
    steps = [act(effect, id="first"), act("keyed", id="second")]
    engine = Engine((runbook(steps=steps),), target)

    async def cancel() -> None:
        rule = run_rule(lambda run, now: lifecycle.brake(run, lifecycle.Brake("ana"), now))
        await engine.journal.change((await engine.run()).id, rule)

    target.meanwhile = cancel
    await engine.hear(raised())
    await engine.settle()
    run = await engine.run()
    assert [call.step for call in target.calls] == ["first"]
    assert (run.outcome, run.is_closed) == (outcome, True)

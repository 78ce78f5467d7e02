"""Two replicas with one run: what the slower one of them may still write or send."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from desk_automation.actions.answer import Answer
from desk_automation.actions.executor import Fence
from desk_automation.actions.model import Attempt
from desk_automation.runs.decide import Admit, next_action
from desk_automation.runs.model import Phase

from tests.support.automation_crashes import Crash
from tests.support.automation_engine import TERM, Engine, FakeTarget, guard, raised, runbook

SECOND = timedelta(seconds=1)


async def _nothing() -> None:
    """Nothing happens before the call."""


@dataclass
class Waiting(FakeTarget):
    """Something happens between a worker's intent and the moment at which its call may leave."""

    before: Callable[[], Awaitable[None]] = _nothing

    async def execute(self, attempt: Attempt, run: str, token: int, fence: Fence) -> Answer:
        before, self.before = self.before, _nothing
        await before()
        return await super().execute(attempt, run, token, fence)


async def test_a_worker_that_was_given_up_sends_nothing_while_another_is_at_work() -> None:
    target = Waiting([Crash])
    engine = Engine((runbook(),), target)

    async def take_over() -> None:
        engine.clock.advance(2 * TERM)
        engine.restart()
        try:
            await engine.worker.advance((await engine.run()).id)
        except Crash:
            return

    target.before = take_over
    await engine.hear(raised())
    await engine.step(engine.clock.now() + 2 * SECOND)
    assert (await engine.run()).has_live_lease(engine.clock.now())
    assert target.tokens == [2]


@pytest.mark.parametrize("first", [Admit, Attempt])
async def test_what_another_replica_did_meanwhile_is_not_done_again(
    first: type[Admit | Attempt],
) -> None:
    """Whether the slower one wants to be let in with its act, or is in and asked its guard."""
    engine = Engine((runbook(guards=[guard()] if first is Attempt else []),))
    await engine.hear(raised())
    engine.clock.advance(2 * SECOND)
    slow, run = engine.worker, await engine.run()
    while not isinstance(action := next_action(run, engine.clock.now()), first):
        after = await slow._take(action, run)
        assert after is not None
        run = after
    engine.restart()
    await engine.worker.advance(run.id)
    assert (await engine.run()).phase is Phase.VERIFYING
    await slow._take(action, run)
    assert engine.target.effects == {"clean": 1}
    assert (await engine.run()).phase is Phase.VERIFYING

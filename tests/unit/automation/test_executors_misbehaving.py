"""Executors that do not keep to their port: the run goes on, and no doubt is kept to oneself."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest
from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.executor import Fence
from desk_automation.actions.model import Attempt
from desk_automation.adapters.executors.sending import Sending, carry_out
from desk_automation.runs.model import Run
from desk_automation.runs.worker.driver import Worker
from desk_automation.runs.worker.slots import Concurrency
from desk_contracts.events.automation import Outcome
from desk_contracts.message import message
from desk_testing.telemetry import record_telemetry

from tests.support.automation_engine import (
    OK,
    TERM,
    Engine,
    FakeTarget,
    act,
    raised,
    runbook,
)
from tests.support.spoken import english

SECOND = timedelta(seconds=1)
Behave = Callable[[Fence], Awaitable[Answer]]


@dataclass
class Odd(FakeTarget):
    """An executor of somebody's package, which does as it likes."""

    behave: Behave | None = None

    async def execute(
        self,
        attempt: Attempt,
        run: str,  # noqa: ARG002
        token: int,  # noqa: ARG002
        fence: Fence,
    ) -> Answer:
        self.calls.append(attempt)
        assert self.behave is not None
        return await self.behave(fence)


async def hang(_fence: Fence) -> Answer:
    await asyncio.Event().wait()
    return OK


async def send_and_hang(fence: Fence) -> Answer:
    assert await fence()
    return await hang(fence)


async def fail(_fence: Fence) -> Answer:
    raise RuntimeError("a bug; password=hunter2")


async def send_and_fail(fence: Fence) -> Answer:
    assert await fence()
    return await fail(fence)


async def work_with(behave: Behave, attempts: int = 1) -> tuple[Run, Odd]:
    """The run of one signal, by an executor that behaves so; it is left at once when it is late.

    What it does before that takes a busy machine more than a moment.
    """
    target = Odd(behave=behave)
    timeouts: dict[Behave, str] = {hang: "1ms", send_and_hang: "500ms"}
    timeout = timeouts.get(behave, "5s")
    retry = {"attempts": attempts, "base": "1s", "cap": "1s"}
    steps = [act(timeout=timeout, retry=retry)]
    engine = Engine((runbook(steps=steps),), target)
    engine.worker = Worker(
        engine.collections,
        engine.executors,
        engine.clock,
        Concurrency(term=TERM, overtime=timedelta()),
        telemetry=record_telemetry().telemetry,
        on_due=engine.run_unit_of_work.due.remember,
        jitter=lambda: 1.0,
    )
    await engine.hear(raised())
    async with asyncio.timeout(20):
        await engine.settle()
    return await engine.run(), target


@pytest.mark.parametrize(
    ("behave", "outcome", "says"),
    [
        pytest.param(hang, Outcome.NOT_RUN, "did not end", id="hangs"),
        pytest.param(send_and_hang, Outcome.IN_DOUBT, "did not end", id="hangs once it has sent"),
        pytest.param(fail, Outcome.NOT_RUN, "RuntimeError a bug", id="raises"),
        pytest.param(send_and_fail, Outcome.IN_DOUBT, "RuntimeError", id="raises once it has sent"),
    ],
)
async def test_an_executor_that_gives_no_answer_is_left_and_people_are_told(
    behave: Behave, outcome: Outcome, says: str
) -> None:
    run, target = await work_with(behave)
    assert run.outcome is outcome
    assert run.reason is not None
    assert says in english(run.journal[0].message)
    assert "hunter2" not in english(run.reason)
    assert len(target.calls) == 1


async def test_what_may_be_repeated_is_tried_again_as_often_as_written_and_not_for_ever() -> None:
    run, target = await work_with(send_and_hang, attempts=3)
    assert len(target.calls) == 3
    assert len({call.key for call in target.calls}) == 1
    assert run.outcome is Outcome.IN_DOUBT


async def test_a_flood_in_an_answer_is_cut_before_it_is_written_down() -> None:
    async def flood(fence: Fence) -> Answer:
        assert await fence()
        text = "x" * 10_000_000
        reason = message("answer.status", status=500, body=text)
        return Answer(Result.UNKNOWN, reason, retry_after=float("nan"))

    run, _ = await work_with(flood)
    assert run.outcome is Outcome.IN_DOUBT
    assert len(run.model_dump_json()) < 20_000
    assert "(10000000 bytes in all)" in english(run.journal[0].message)


async def test_all_calls_of_one_attempt_share_its_timeout() -> None:
    engine = Engine((runbook(steps=[act("once", timeout="50ms")]),))
    await engine.hear(raised())
    await engine.settle(5 * SECOND)
    [attempt] = engine.target.calls
    calls = 0

    async def is_ours() -> bool:
        return True

    async def look_again_and_again() -> Answer:
        nonlocal calls
        while calls < 100:
            calls += 1
            # Each is soon over, by its own bound.
            with suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    await asyncio.Event().wait()
        return OK

    answer = await carry_out(attempt, Sending(is_ours), look_again_and_again(), str)
    assert (answer.result, answer.is_sent) == (Result.NOT_TAKEN, False)
    assert "No connection within" in english(answer.message)
    assert 1 <= calls < 100


async def test_a_run_past_its_deadline_sends_nothing_more() -> None:
    wait = {"id": "rest", "kind": "wait", "for": "20s"}
    engine = Engine((runbook(steps=[act(id="first"), wait, act(id="second")]),))
    await engine.hear(raised())
    await engine.settle(5 * SECOND)
    # Nobody works for two days.
    engine.clock.advance(timedelta(days=2))
    await engine.settle()
    run = await engine.run()
    assert list(engine.target.effects) == ["first"]
    assert run.outcome is Outcome.INCONCLUSIVE
    assert run.reason == message("run.took-too-long")

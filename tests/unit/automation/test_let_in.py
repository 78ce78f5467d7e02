"""A run is let in with the first thing that it does, in one write: what may come in between."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from desk_automation.actions.answer import Answer
from desk_automation.actions.executor import Fence
from desk_automation.actions.model import Attempt
from desk_automation.runs import lifecycle
from desk_automation.runs.model import Phase, Run
from desk_automation.runs.store import run_rule
from desk_automation.safety.target import AdmissionRequest, admit, find_refusal
from desk_contracts import AnyEvent
from desk_contracts.events.automation import Outcome
from desk_kernel import Decision
from desk_testing.eventually import eventually

from tests.support.automation_engine import START, Engine, FakeTarget, cleared, raised, runbook
from tests.support.spoken import english

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
FIRST, SECOND_RUN, THIRD = (raised(f"laptop-{number}") for number in range(1, 4))


@dataclass
class Slow(FakeTarget):
    """Answers when it may."""

    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0

    async def execute(self, attempt: Attempt, run: str, token: int, fence: Fence) -> Answer:
        self.begun += 1
        await self.may_answer.wait()
        return await super().execute(attempt, run, token, fence)


@dataclass
class Crowd:
    """Runs for a place with room for one: the first calls, the next one waits in line."""

    engine: Engine
    target: Slow
    tasks: "list[asyncio.Task[None]]" = field(default_factory=list)

    async def begin(self, event: AnyEvent) -> None:
        await self.engine.hear(event)
        self.engine.clock.advance(2 * SECOND)
        run = await self.engine.run(event)
        self.tasks.append(asyncio.create_task(self.engine.worker.advance(run.id)))

    async def find_holder(self, name: str) -> str:
        stored = (await self.engine.targets.load([name])).get(name)
        return "" if stored is None or stored.state is None else stored.state.holder


@pytest.fixture
async def crowd() -> AsyncIterator[Crowd]:
    target = Slow()
    crowd = Crowd(Engine((runbook(),), target, per_slot=1), target)
    await crowd.begin(FIRST)
    await eventually(lambda: target.begun == 1, timeout=5)
    await crowd.begin(SECOND_RUN)
    second = await crowd.engine.run(SECOND_RUN)

    async def holds() -> bool:
        return await crowd.find_holder("laptop-2") == second.id

    await eventually(holds, timeout=5)
    yield crowd
    target.may_answer.set()
    await asyncio.gather(*crowd.tasks)


async def _finish(crowd: Crowd) -> None:
    crowd.target.may_answer.set()
    await asyncio.gather(*crowd.tasks)


async def test_who_waits_in_line_is_let_in_with_its_act(crowd: Crowd) -> None:
    waiting = await crowd.engine.run(SECOND_RUN)
    assert (waiting.phase, waiting.journal) == (Phase.SETTLING, ())
    await _finish(crowd)
    done = await crowd.engine.run(SECOND_RUN)
    assert done.phase is Phase.VERIFYING
    assert crowd.target.distinct_effects == 2


async def test_its_time_counts_from_when_it_asked_as_its_hold_on_the_target_does(
    crowd: Crowd,
) -> None:
    asked_at = crowd.engine.clock.now()
    crowd.engine.clock.advance(MINUTE)
    await _finish(crowd)
    run = await crowd.engine.run(SECOND_RUN)
    assert run.deadline == asked_at + run.plan.budget + lifecycle.GRACE
    target = (await crowd.engine.targets.load(["laptop-2"]))["laptop-2"].state
    assert target is not None
    assert target.held_until is not None
    assert run.deadline < target.held_until


async def test_who_waited_longer_than_its_time_asks_anew_and_holds_its_target_for_all_of_it(
    crowd: Crowd,
) -> None:
    run = await crowd.engine.run(SECOND_RUN)
    crowd.engine.clock.advance(run.plan.budget + 2 * lifecycle.GRACE)
    await _finish(crowd)
    run = await crowd.engine.run(SECOND_RUN)
    target = (await crowd.engine.targets.load(["laptop-2"]))["laptop-2"].state
    assert run.phase is Phase.VERIFYING
    assert target is not None
    assert run.deadline is not None
    assert target.held_until is not None
    assert run.deadline < target.held_until


async def test_who_finds_the_line_full_holds_nothing_and_is_called_later(crowd: Crowd) -> None:
    await crowd.begin(THIRD)
    await crowd.tasks[-1]
    refused = await crowd.engine.run(THIRD)
    assert (refused.phase, refused.journal) == (Phase.SETTLING, ())
    assert await crowd.find_holder("laptop-3") == ""
    await _finish(crowd)
    await crowd.engine.settle(SECOND)
    assert crowd.target.distinct_effects == 3


async def test_who_finds_the_line_full_for_as_long_as_it_may_wait_reaches_people(
    crowd: Crowd,
) -> None:
    await crowd.engine.hear(THIRD)
    crowd.engine.clock.advance(2 * crowd.engine.policy.queue)
    await crowd.engine.worker.advance((await crowd.engine.run(THIRD)).id)
    late = await crowd.engine.run(THIRD)
    assert (late.phase, late.outcome) == (Phase.ESCALATED, Outcome.NOT_RUN)
    assert "no room" in english(late.reason)


async def test_what_is_over_by_then_gets_no_act_and_lets_its_target_go(crowd: Crowd) -> None:
    await crowd.engine.hear(cleared(SECOND_RUN))
    await _finish(crowd)
    run = await crowd.engine.run(SECOND_RUN)
    assert (run.phase, run.is_started) == (Phase.SKIPPED, False)
    assert crowd.target.distinct_effects == 1
    assert await crowd.find_holder("laptop-2") == ""


async def test_what_a_person_stopped_by_then_gets_no_act_and_lets_its_target_go(
    crowd: Crowd,
) -> None:
    waiting = await crowd.engine.run(SECOND_RUN)
    brake = lifecycle.Brake("ana")
    await crowd.engine.journal.change(
        waiting.id, run_rule(lambda run, now: lifecycle.brake(run, brake, now))
    )
    await _finish(crowd)
    run = await crowd.engine.run(SECOND_RUN)
    assert run.phase is Phase.CANCELLED
    assert crowd.target.distinct_effects == 1
    assert await crowd.find_holder("laptop-2") == ""


async def test_what_ended_and_was_closed_meanwhile_keeps_no_target(crowd: Crowd) -> None:
    """The other replica let go before this one had asked."""
    waiting = await crowd.engine.run(SECOND_RUN)

    def end(run: Run) -> Run:
        ended = {"phase": Phase.CANCELLED, "is_closed": True, "timer_at": None}
        return run.model_copy(update=ended)

    await crowd.engine.journal.change(waiting.id, run_rule(lambda run, _: Decision(end(run))))
    await _finish(crowd)
    assert crowd.target.distinct_effects == 1
    assert await crowd.find_holder("laptop-2") == ""


def test_who_asks_again_holds_its_target_for_as_long_as_from_then_on() -> None:
    hour = timedelta(hours=1)

    def ask(run: str, at: timedelta) -> AdmissionRequest:
        return AdmissionRequest(run, "clean-disk", MINUTE, 4, START + at + hour)

    first = admit(None, ask("one", timedelta()), START)
    assert first is not None
    assert admit(first, ask("one", timedelta()), START) is None
    again = admit(first, ask("one", MINUTE), START + MINUTE)
    assert again is not None
    late = START + hour + SECOND
    assert find_refusal(again, ask("other", hour), late) is not None
    assert find_refusal(first, ask("other", hour), late) is None

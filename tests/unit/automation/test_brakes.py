"""A person stops one run, takes it over, or stops everything: nothing acts after that."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import pytest
from desk_automation.actions.answer import Answer
from desk_automation.actions.executor import Fence
from desk_automation.actions.model import Attempt
from desk_automation.runs.model import Phase
from desk_contracts import Event
from desk_contracts.events.automation import (
    AutomationResumed,
    AutomationStopped,
    Outcome,
    RunEscalated,
    StepStatus,
)
from desk_contracts.events.tickets import TicketStarted

from tests.support.automation_crashes import Crash
from tests.support.automation_engine import (
    START,
    TIMEOUT,
    Engine,
    FakeTarget,
    act,
    measured,
    raised,
    runbook,
)
from tests.support.automation_http import Desk, open_desk
from tests.support.spoken import english

SECOND = timedelta(seconds=1)
WHY = {"reason": "The network is being rebuilt."}
WAIT = {"id": "rest", "kind": "wait", "for": "20s"}


@dataclass
class Interrupted(FakeTarget):
    """Somebody does something between the intent and the last question before a byte leaves."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def execute(self, attempt: Attempt, run: str, token: int, fence: Fence) -> Answer:
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return await super().execute(attempt, run, token, fence)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_desk(Engine((runbook(),), Interrupted())) as desk:
        yield desk


async def stop_all(desk: Desk, person: str = "olga") -> httpx.Response:
    return await desk.post("/v1/stop", person, json=WHY)


async def cure(desk: Desk) -> None:
    """The device says that it is well, until the run is over."""
    await desk.engine.settle(5 * SECOND)
    await desk.engine.hear(measured(40.0, desk.engine.clock.now()))
    await desk.engine.settle(5 * SECOND)


async def test_taken_over_before_anything_was_sent_it_opens_a_ticket_all_the_same(
    desk: Desk,
) -> None:
    await desk.engine.hear(raised())
    run = await desk.engine.run()
    taken = await desk.post(f"/v1/runs/{run.id}/take", json={"comment": "I am at the desk."})
    assert taken.json()["phase"] == "escalated"
    last = desk.engine.last()
    assert isinstance(last, RunEscalated)
    assert last.outcome is Outcome.NOT_RUN
    assert english(last.reason) == "ana took it over. I am at the desk."
    await desk.engine.settle()
    assert desk.engine.target.calls == []


async def test_who_takes_over_counts_more_than_who_stopped_and_nobody_else_is_put_in_their_place(
    desk: Desk,
) -> None:
    desk.engine.target.script = [Crash]
    await desk.engine.hear(raised())
    await desk.engine.settle(2 * SECOND)
    for by, is_taken in (("ana", False), ("bo", True), ("cem", False), ("cem", True)):
        await desk.engine.brake(by, is_taken=is_taken)
    run = await desk.engine.run()
    assert (run.cancelled_by, run.is_taken) == ("bo", True)


async def test_what_was_sent_without_an_answer_is_not_sent_again_after_a_stop(desk: Desk) -> None:
    desk.engine.target.script = [Crash]
    await desk.engine.hear(raised())
    await desk.engine.settle(2 * SECOND)
    assert len(desk.engine.target.calls) == 1
    await desk.engine.brake()
    await desk.engine.settle()
    assert len(desk.engine.target.calls) == 1
    run = await desk.engine.run()
    assert run.outcome is Outcome.IN_DOUBT
    assert "ana stopped it" in english(run.reason)


async def test_a_try_that_timed_out_is_not_repeated_after_a_stop(desk: Desk) -> None:
    desk.engine.target.script = [TIMEOUT]
    await desk.engine.hear(raised())
    await desk.engine.settle(1.5 * SECOND)
    assert len(desk.engine.target.calls) == 1
    await desk.engine.brake()
    await desk.engine.settle()
    assert len(desk.engine.target.calls) == 1
    assert (await desk.engine.run()).outcome is Outcome.IN_DOUBT


@pytest.mark.parametrize("effect", ["keyed", "once"])
async def test_a_stop_at_the_last_moment_withholds_the_call_that_was_about_to_leave(
    effect: str,
) -> None:
    target = Interrupted()
    engine = Engine((runbook(steps=[act(effect)]),), target)
    target.meanwhile = engine.brake
    await engine.hear(raised())
    await engine.settle()
    assert target.calls == []
    run = await engine.run()
    assert run.outcome is Outcome.NOT_RUN
    assert "ana stopped it" in english(run.reason)
    assert [(entry.status, entry.is_sent) for entry in run.journal] == [(StepStatus.SKIPPED, False)]


async def test_a_stop_between_steps_lets_the_rest_be() -> None:
    engine = Engine((runbook(steps=[act(id="first"), WAIT, act(id="second")]),))
    await engine.hear(raised())
    await engine.settle(5 * SECOND)
    await engine.brake(comment="Somebody works there.")
    assert (await engine.run()).phase is Phase.ESCALATED
    await engine.settle()
    assert list(engine.target.effects) == ["first"]


async def test_while_everything_is_stopped_runs_wait_and_say_for_whom(desk: Desk) -> None:
    assert (await stop_all(desk)).json()["by"] == "olga"
    await desk.engine.hear(raised())
    await desk.engine.settle(20 * SECOND)
    desk.engine.restart()
    await desk.engine.settle(20 * SECOND)
    assert desk.engine.target.calls == []
    assert "olga stopped all repairs" in english((await desk.engine.run()).reason)
    shown = (await desk.get("/v1/stop")).json()
    assert (shown["is_stopped"], shown["by"], shown["reason"]) == (True, "olga", WHY["reason"])
    resumed = await desk.post("/v1/resume", "olga", json={"reason": "It is back."})
    assert resumed.json() == {
        "is_stopped": False,
        "by": "",
        "since": None,
        "reason": "",
        "status": "",
    }
    await desk.engine.settle(20 * SECOND)
    assert desk.engine.target.kinds() == ["act"]


@pytest.mark.parametrize("effect", ["keyed", "once"])
async def test_a_global_stop_at_the_last_moment_costs_no_try(effect: str) -> None:
    target = Interrupted()
    async with open_desk(Engine((runbook(steps=[act(effect)]),), target)) as desk:
        target.meanwhile = lambda: stop_all(desk)
        await desk.engine.hear(raised())
        await desk.engine.settle(40 * SECOND)
        assert target.calls == []
        await desk.post("/v1/resume", "olga", json=WHY)
        await desk.engine.settle(16 * SECOND)
        await cure(desk)
        assert sum(target.effects.values()) == 1
        assert (await desk.engine.run()).phase is Phase.HEALED


async def test_only_operators_stop_everything_and_nobody_twice(desk: Desk) -> None:
    assert (await stop_all(desk, "ana")).status_code == 403
    assert (await desk.get("/v1/stop", "eva")).status_code == 403
    assert (await desk.post("/v1/resume", "olga", json=WHY)).status_code == 409
    assert (await stop_all(desk)).status_code == 200
    again = await stop_all(desk)
    assert (again.status_code, again.json()["code"]) == (409, "stopped-already")
    assert "olga" in again.json()["detail"]
    assert (await desk.post("/v1/stop", "olga", json={"reason": ""})).status_code == 422


async def test_the_log_says_who_stopped_everything_and_who_let_it_go_on(desk: Desk) -> None:
    await stop_all(desk)
    desk.engine.clock.advance(SECOND)
    await desk.post("/v1/resume", "olga", json={"reason": "It is back."})
    stopped, resumed = [event.data for event in desk.engine.bus.events()]
    assert isinstance(stopped, AutomationStopped)
    assert isinstance(resumed, AutomationResumed)
    assert (stopped.by, stopped.reason) == ("olga", WHY["reason"])
    assert (resumed.stopped_by, resumed.reason) == ("olga", "It is back.")


async def test_what_is_held_too_long_reaches_people_with_the_reason(desk: Desk) -> None:
    await stop_all(desk)
    await desk.engine.hear(raised())
    await desk.engine.settle(timedelta(hours=2))
    run = await desk.engine.run()
    assert (run.phase, run.outcome) == (Phase.ESCALATED, Outcome.NOT_RUN)
    assert "olga stopped all repairs" in english(run.reason)
    assert desk.engine.target.calls == []


async def test_what_was_sent_before_everything_stopped_is_in_doubt_when_its_time_is_over(
    desk: Desk,
) -> None:
    desk.engine.target.script = [Crash]
    await desk.engine.hear(raised())
    await desk.engine.settle(2 * SECOND)
    await stop_all(desk)
    await desk.engine.settle(timedelta(hours=2))
    run = await desk.engine.run()
    assert (run.outcome, len(desk.engine.target.calls)) == (Outcome.IN_DOUBT, 1)


def started(
    device: str = "laptop-1", by: str = "bo", at: datetime = START + SECOND
) -> Event[TicketStarted]:
    """A person begins to work on a device's ticket."""
    return Event(
        id=f"started/{device}/{by}",
        source="/desk/intake",
        subject="ticket-1",
        time=at,
        data=TicketStarted(by=by, device=device),
    )


async def test_whoever_takes_a_ticket_has_the_device_and_reads_there_what_was_done() -> None:
    engine = Engine((runbook(steps=[act(id="first"), WAIT, act(id="second")]),))
    await engine.hear(raised())
    await engine.settle(5 * SECOND)
    await engine.hear(started())
    await engine.settle()
    assert list(engine.target.effects) == ["first"]
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.ticket == "ticket-1"
    assert english(last.reason) == "bo took it over."
    assert last.evidence[0].step == "first"
    stored = (await engine.targets.load(["laptop-1"]))["laptop-1"].state
    assert stored is not None
    assert stored.takings == ()


async def test_a_run_that_has_not_begun_ends_quietly_for_who_has_the_ticket() -> None:
    engine = Engine((runbook(settle="30s"),))
    await engine.hear(raised(), started())
    await engine.settle()
    assert engine.target.calls == []
    assert (await engine.run()).phase is Phase.CANCELLED
    assert engine.emitted() == ["skipped"]


async def test_a_ticket_of_another_device_stops_nothing() -> None:
    engine = Engine((runbook(),))
    await engine.hear(raised(), started("laptop-2"), started(""))
    await engine.settle(5 * SECOND)
    assert engine.target.kinds() == ["act"]


async def test_a_log_that_is_read_again_stops_nothing_of_today() -> None:
    engine = Engine((runbook(),))
    await engine.hear(raised(), started(at=START - timedelta(days=7)))
    await engine.settle(5 * SECOND)
    assert engine.target.kinds() == ["act"]


async def test_a_worker_that_dies_over_a_taking_leaves_it_to_the_next() -> None:
    engine = Engine((runbook(steps=[act(id="first"), WAIT, act(id="second")]),))
    await engine.hear(raised())
    await engine.settle(5 * SECOND)
    await engine.hear(started())
    engine.boundary.before = engine.boundary.changes + 1
    await engine.settle()
    assert engine.crashes == 1
    assert list(engine.target.effects) == ["first"]
    assert (await engine.run()).is_taken


async def test_a_target_that_was_taken_stays_due_whatever_its_runs_write() -> None:
    engine = Engine((runbook(steps=[act(id="first"), WAIT, act(id="second")]),))
    await engine.hear(raised())
    await engine.settle(5 * SECOND)
    run = await engine.run()
    await engine.hear(started())
    await engine.worker._admissions.give_up(run)
    document = (await engine.targets.load(["laptop-1"]))["laptop-1"]
    assert document.state is not None
    assert [taking.by for taking in document.state.takings] == ["bo"]
    assert document.due is not None

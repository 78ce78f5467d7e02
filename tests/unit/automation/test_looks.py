"""Who waits for long looks seldom by itself: many who wait cost little, and none is forgotten."""

from datetime import timedelta

from desk_automation.runs import lifecycle
from desk_automation.runs.approving import await_approval
from desk_automation.runs.lifecycle import BEHIND_SIGNAL, FOR_PEOPLE, IN_LINE, Looks, find_next_look
from desk_automation.runs.model import Phase, Run
from desk_automation.safety.approval import Approval
from desk_automation.safety.model import Refusal
from desk_contracts.message import verbatim
from hypothesis import given
from hypothesis import strategies as st

from tests.support.automation_engine import START, Engine, raised, runbook

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
BUSY = Refusal("busy", verbatim("somebody acts on it"), holder="r", holder_runbook="other")


async def made(**changes: object) -> Run:
    engine = Engine((runbook(**changes),))
    await engine.hear(raised())
    return await engine.run()


def next_moment(run: Run) -> timedelta:
    assert run.timer_at is not None
    return run.timer_at - START


@given(st.timedeltas(timedelta(), 30 * DAY), st.sampled_from([IN_LINE, FOR_PEOPLE, BEHIND_SIGNAL]))
def test_the_next_look_is_at_most_a_quarter_of_the_wait_away(
    waited: timedelta, looks: Looks
) -> None:
    now = START + waited
    pause = find_next_look(START, now, looks) - now
    assert looks.soonest <= pause <= looks.seldom
    assert pause <= max(looks.soonest, waited / 4)


async def test_a_run_that_waits_a_day_for_a_yes_is_looked_at_a_hundred_times() -> None:
    run = await made(mode="approve")
    approval = Approval(plan=run.plan.hash, needed=1, asked_at=START, until=START + DAY)
    run = run.model_copy(update={"phase": Phase.AWAITING_APPROVAL, "approval": approval})
    looks, now = 0, START
    while now < START + DAY:
        run = await_approval(run, now).state
        assert run.timer_at is not None
        looks, now = looks + 1, run.timer_at
    assert (now, run.phase) == (START + DAY, Phase.AWAITING_APPROVAL)
    assert 90 < looks < 120
    assert await_approval(run, now).state.has_ended


async def test_a_run_in_a_queue_looks_at_the_end_of_its_time_and_is_then_told_to_people() -> None:
    run = (await made()).model_copy(update={"queue_until": START + HOUR})
    at = START + 58 * MINUTE
    waiting = lifecycle.queue(run, BUSY, at).state
    assert next_moment(waiting) == HOUR
    assert lifecycle.queue(waiting, BUSY, START + HOUR).state.phase is Phase.ESCALATED


async def test_a_run_in_a_queue_looks_soon_at_first() -> None:
    run = (await made()).model_copy(update={"queue_until": START + HOUR})
    looks = [START, START + MINUTE, START + 8 * MINUTE, START + 30 * MINUTE]
    pauses = [next_moment(lifecycle.queue(run, BUSY, at).state) - (at - START) for at in looks]
    assert pauses == [timedelta(seconds=15), timedelta(seconds=15), 2 * MINUTE, 5 * MINUTE]

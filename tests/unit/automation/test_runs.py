"""A run by itself: what waits, what is skipped, what people hear of; and what is counted of it."""

from datetime import timedelta

import pytest
from desk_automation.runs.journal import renew_lease
from desk_automation.runs.lifecycle import admit, escalate, queue, skip
from desk_automation.runs.model import Entry, Lease, Phase, Run
from desk_automation.safety.model import Refusal
from desk_automation.verification.decide import unwatch
from desk_automation.verification.model import Subject, Watch
from desk_contracts.events.automation import Outcome, RunEscalated, RunSkipped, StepStatus
from desk_contracts.message import message, verbatim

from tests.support.automation_books import OneBook
from tests.support.automation_engine import START, Engine, act, raised, runbook

BUSY = Refusal("busy", verbatim("Another run has the target."), holder="r-2")
LIMIT = Refusal("limit", verbatim("It acted too often."))
BREAKER = Refusal("breaker", verbatim("It failed too often."))
SECOND = timedelta(seconds=1)


async def queued(overflow: str = "queue") -> Run:
    """A run that has not begun; it may wait until an hour has passed."""
    limits = {"per_target": {"cooldown": "10m"}, "overflow": overflow}
    engine = Engine((runbook(limits=limits, steps=[act(), act(id="again")]),))
    await engine.hear(raised())
    return await engine.run()


def line(run: Run, **changes: object) -> Entry:
    entry = Entry(
        position=0,
        step="clean",
        kind="act",
        executor="http",
        attempt=1,
        status=StepStatus.DONE,
        token=1,
        at=START,
    )
    return entry.model_copy(update={"position": run.position} | changes)


@pytest.mark.parametrize(
    ("overflow", "holder", "phase"),
    [
        ("queue", "clean-disk", Phase.QUEUED),
        ("queue", "restart-it", Phase.QUEUED),
        ("escalate", "clean-disk", Phase.QUEUED),
        ("coalesce", "restart-it", Phase.QUEUED),
        ("coalesce", "clean-disk", Phase.SKIPPED),
    ],
)
async def test_only_a_runbook_that_says_so_leaves_it_to_the_run_under_way(
    overflow: str, holder: str, phase: Phase
) -> None:
    run = await queued(overflow)
    busy = Refusal(BUSY.kind, BUSY.reason, BUSY.until, BUSY.holder, holder)
    assert queue(run, busy, START).state.phase is phase


@pytest.mark.parametrize(
    ("overflow", "refusal", "phase"),
    [
        ("queue", LIMIT, Phase.QUEUED),
        ("coalesce", LIMIT, Phase.QUEUED),
        ("escalate", LIMIT, Phase.ESCALATED),
        ("queue", BREAKER, Phase.ESCALATED),
        ("coalesce", BREAKER, Phase.ESCALATED),
    ],
)
async def test_a_limit_makes_it_wait_and_an_open_breaker_calls_people(
    overflow: str, refusal: Refusal, phase: Phase
) -> None:
    decision = queue(await queued(overflow), refusal, START)
    assert decision.state.phase is phase
    assert decision.state.outcome is (Outcome.NOT_RUN if phase is Phase.ESCALATED else None)


@pytest.mark.parametrize(("late", "phase"), [(0 * SECOND, Phase.QUEUED), (SECOND, Phase.ESCALATED)])
async def test_it_waits_as_long_as_it_may_and_not_longer(late: timedelta, phase: Phase) -> None:
    run = await queued()
    until = run.queue_until + late
    decision = queue(run, Refusal("limit", LIMIT.reason, until), START)
    assert decision.state.phase is phase
    # Once it is over it is looked at at once, to let its target go.
    assert decision.state.timer_at == (until if phase is Phase.QUEUED else START)


async def test_without_a_known_time_it_asks_again_after_a_quarter_of_a_minute() -> None:
    assert queue(await queued(), BUSY, START).state.timer_at == START + timedelta(seconds=15)


async def test_a_run_has_five_minutes_more_than_its_steps_may_take() -> None:
    run = await queued()
    assert admit(run, START).state.deadline == START + run.plan.budget + timedelta(minutes=5)


async def test_of_its_acts_in_doubt_the_last_five_are_told() -> None:
    run = await queued()
    steps = [f"step-{number}" for number in range(6)]
    journal = tuple(line(run, step=step, status=StepStatus.IN_DOUBT) for step in steps)
    run = run.model_copy(update={"journal": journal})
    reason = escalate(run, Outcome.NOT_HEALED, verbatim("It is ill."), START).state.reason
    tries = [message("run.try", step=step, at=START, answer="") for step in steps[1:]]
    assert reason == message("run.in-doubt", reason=verbatim("It is ill."), tries=tries)


async def test_what_is_skipped_after_something_was_sent_reaches_people_with_the_last_act() -> None:
    run = await queued()
    journal = (
        line(run),
        line(run, step="again", at=START + SECOND),
        line(run, kind="probe", step="look", at=START + 2 * SECOND),
        line(run, kind="act", step="unsent", is_sent=False, status=StepStatus.FAILED),
    )
    decision = skip(run.model_copy(update={"journal": journal}), verbatim("It is over."), START)
    [event] = decision.events
    assert isinstance(event.data, RunEscalated)
    assert event.data.outcome is Outcome.INCONCLUSIVE
    assert event.data.reason.params["step"] == "again"


@pytest.mark.parametrize(
    ("entry", "outcome"),
    [
        ({"status": StepStatus.FAILED}, Outcome.NOT_RUN),
        ({"status": StepStatus.DONE}, Outcome.INCONCLUSIVE),
        ({"status": StepStatus.IN_DOUBT}, Outcome.IN_DOUBT),
        ({"status": StepStatus.FAILED, "is_sent": False}, None),
        ({"kind": "probe"}, None),
    ],
)
async def test_what_may_have_changed_something_is_never_just_skipped(
    entry: dict[str, object], outcome: Outcome | None
) -> None:
    run = await queued()
    begun = run.model_copy(update={"journal": (line(run, **entry),)})
    [event] = skip(begun, verbatim("It is over."), START).events
    assert isinstance(event.data, RunSkipped if outcome is None else RunEscalated)
    assert getattr(event.data, "outcome", None) is outcome


async def test_a_lease_is_renewed_by_who_holds_it_and_by_nobody_else() -> None:
    lease = Lease(holder="w", token=3, expires=START)
    run = (await queued()).model_copy(update={"lease": lease})
    decision = renew_lease(run, 3, 6 * SECOND, START)
    assert decision is not None
    assert decision.state.lease == Lease(holder="w", token=3, expires=START + 6 * SECOND)
    assert decision.state.timer_at == START + 6 * SECOND
    assert renew_lease(run, 2, 6 * SECOND, START) is None
    assert renew_lease(run.model_copy(update={"lease": None}), 3, 6 * SECOND, START) is None


@pytest.mark.parametrize(("after", "is_live"), [(-SECOND, True), (0 * SECOND, False)])
async def test_a_lease_is_live_until_its_moment(after: timedelta, *, is_live: bool) -> None:
    lease = Lease(holder="w", token=3, expires=START)
    run = (await queued()).model_copy(update={"lease": lease})
    assert run.has_live_lease(START + after) is is_live
    assert not run.model_copy(update={"lease": None}).has_live_lease(START)


async def test_attempts_are_counted_of_one_call_of_the_step_at_hand() -> None:
    run = (await queued()).model_copy(update={"position": 1})
    same = line(run, status=StepStatus.FAILED, resumed=2)
    journal = (
        line(run, position=0),
        line(run, step="other"),
        line(run, kind="confirm"),
        line(run, status=StepStatus.DONE),
        same,
        same,
    )
    run = run.model_copy(update={"journal": journal})
    assert run.tries("act", "clean") == 3
    assert run.sends("act", "clean") == 1 + 3 + 3
    # Those before an answer that says something are of another row.
    assert run.sends_in_a_row("act", "clean") == 3 + 3
    assert (run.tries("confirm", "clean"), run.tries("act", "other")) == (1, 1)
    after = run.model_copy(update={"journal": (*journal, line(run, step="other"))})
    assert after.sends_in_a_row("act", "clean") == 0


async def test_what_was_begun_last_of_its_kind_is_open() -> None:
    run = await queued()
    intent = StepStatus.INTENT
    first, second = line(run, status=intent), line(run, status=intent, step="again")
    wait = line(run, status=intent, kind="wait", step="pause")
    begun = run.model_copy(update={"journal": (wait, first, second, line(run))})
    assert (begun.open_act, begun.open_entry) == (second, wait)
    assert run.open_act is None
    assert run.open_entry is None


def test_a_run_that_is_no_longer_watched_for_has_no_news() -> None:
    runs = ("a", "m", "z")
    watches = tuple(Watch(run=run, measurement="m", since=START) for run in runs)
    subject = Subject(watches=watches, updates=runs)
    after = unwatch(subject, "m")
    assert after is not None
    assert [watch.run for watch in after.watches] == ["a", "z"]
    assert after.updates == ("a", "z")
    assert unwatch(after, "m") is None


def test_a_runbook_acts_on_events_of_its_type_that_fit_its_condition() -> None:
    event = raised()
    fitting = runbook()
    others = (
        runbook(id="another-type").model_copy(update={"event": "desk.signal.cleared.v1"}),
        runbook(id="another-signal", when='data.signal == "hot"'),
    )
    assert list(OneBook(*others, fitting).find_matching(event)) == [fitting]

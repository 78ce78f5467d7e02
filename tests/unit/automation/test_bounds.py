"""Spans of time and lengths: the last that is within, and the first that is not."""

from datetime import datetime, timedelta
from hashlib import sha256
from math import inf, nan

import pytest
from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.bounds import bound_answer
from desk_automation.actions.command import fill_argument
from desk_automation.actions.template import PlanFailed
from desk_automation.patterns.decide import hear
from desk_automation.patterns.model import Occurrence, SubjectWindows
from desk_automation.patterns.rules import PatternRule, compile_pattern
from desk_automation.recurrence.debts import Cause, add_fix
from desk_automation.recurrence.decide import add_cure, add_trouble
from desk_automation.recurrence.model import Cure, Debt, Fix, Trouble
from desk_automation.rollouts.decide import RingRequest, find_refusal
from desk_automation.rollouts.model import RolloutState, RunbookStop
from desk_automation.runs.lifecycle import (
    BEHIND_SIGNAL,
    FOR_PEOPLE,
    IN_LINE,
    Looks,
    escalate,
    find_next_look,
)
from desk_automation.runs.model import Run
from desk_automation.runs.withholding import withhold
from desk_automation.safety.model import Bounds, Refusal
from desk_automation.safety.statistics import RunbookStatistics, RunResult, take_back
from desk_automation.safety.target import AdmissionRequest, admit
from desk_automation.safety.target import find_refusal as find_refusal_of_target
from desk_automation.windows.model import PlannedChange
from desk_charter.patterns import When
from desk_contracts.events.automation import Outcome, RunEscalated, StopKind
from desk_contracts.message import message, verbatim

from tests.support.automation_engine import START, Engine, raised, runbook

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


async def queued(**changes: object) -> Run:
    engine = Engine((runbook(**changes),))
    await engine.hear(raised())
    return await engine.run()


@pytest.mark.parametrize(
    ("left", "pause"), [(4 * MINUTE, 4 * MINUTE), (5 * MINUTE, 5 * MINUTE), (DAY, 5 * MINUTE)]
)
async def test_behind_a_window_a_run_looks_again_after_five_minutes(
    left: timedelta, pause: timedelta
) -> None:
    window = Refusal("window", verbatim("x"), START + left)
    assert withhold(await queued(in_window="wait"), window, START).state.timer_at == START + pause


def test_behind_a_stop_a_run_looks_again_after_a_minute() -> None:
    stop = RunbookStop(kind=StopKind.FLEET, at=START, reason=verbatim("x"), title="x", team="x")
    ask = RingRequest("r", "t", "1", START, START + DAY, None, "x", "x")
    refusal = find_refusal(RolloutState(stop=stop), ask, START)
    assert refusal is not None
    assert refusal.until == START + MINUTE


@pytest.mark.parametrize(
    ("looks", "soonest", "seldom"),
    [
        (IN_LINE, 15 * SECOND, 5 * MINUTE),
        (FOR_PEOPLE, 30 * SECOND, 15 * MINUTE),
        (BEHIND_SIGNAL, 15 * SECOND, MINUTE),
    ],
)
def test_who_waits_looks_again_so_soon_and_so_seldom(
    looks: Looks, soonest: timedelta, seldom: timedelta
) -> None:
    assert find_next_look(START, START, looks) == START + soonest
    assert find_next_look(START, START + DAY, looks) == START + DAY + seldom


@pytest.mark.parametrize(("longer", "is_open"), [(timedelta(0), True), (SECOND, False)])
def test_a_change_of_a_week_is_a_window_and_a_longer_one_is_none(
    longer: timedelta, *, is_open: bool
) -> None:
    ends = START + 7 * DAY + longer
    change = PlannedChange(source="/s", change="c", title="x", starts=START, ends=ends)
    assert change.is_open(START) is is_open


@pytest.mark.parametrize(("days", "count"), [(90, 2), (91, 1)])
def test_a_fix_is_counted_for_ninety_days(days: int, count: int) -> None:
    debt: Debt | None = None
    for number, at in enumerate((START, START + days * DAY)):
        fix = Fix(run=f"r{number}", target="t", at=at)
        decision = add_fix(debt, fix, Cause("b", "x", "s", None), at, is_of_target=True)
        assert decision is not None
        debt = decision.state
    assert debt is not None
    assert sum(debt.by_day.values()) == count


@pytest.mark.parametrize(("late", "kept"), [(timedelta(0), 2), (SECOND, 1)])
def test_troubles_and_cures_are_known_for_fourteen_days(late: timedelta, kept: int) -> None:
    history = None
    for number, at in enumerate((START, START + 14 * DAY + late)):
        history = add_cure(history, Cure(run=f"r{number}", runbook="b", episode="e", at=at))
        trouble = Trouble(episode=f"e{number}", at=at, runbooks=("other",))
        history = add_trouble(history, trouble)
    assert history is not None
    assert (len(history.troubles), len(history.cures)) == (kept, kept)


@pytest.mark.parametrize(("before", "is_open"), [(SECOND, True), (timedelta(0), False)])
def test_cures_lost_within_seven_days_open_the_breaker(before: timedelta, *, is_open: bool) -> None:
    bounds = Bounds(
        cooldown=SECOND, per_day=9, per_hour=9, overflow="queue", failures=2, reopen_after=DAY
    )
    counts: RunbookStatistics | None = None
    for run, at in (("r1", START), ("r2", START + 7 * DAY - before)):
        ended = RunResult(Outcome.HEALED, f"laptop of {run}", has_sent=True)
        counts = take_back(counts, run, ended, bounds, at)
    assert counts is not None
    assert (counts.opened_at is not None) is is_open


@pytest.mark.parametrize(("before", "is_refused"), [(SECOND, True), (timedelta(0), False)])
def test_a_day_of_a_limit_has_twenty_four_hours(before: timedelta, *, is_refused: bool) -> None:
    def ask(run: str) -> AdmissionRequest:
        return AdmissionRequest(run, "b", timedelta(0), per_day=1, until=START)

    target = admit(None, ask("r1"), START)
    assert target is not None
    refusal = find_refusal_of_target(target, ask("r2"), START + DAY - before)
    assert (refusal is not None) is is_refused
    assert refusal is None or refusal.until == START + DAY


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [(-1.0, 0.0), (nan, 0.0), (999_999_999.0, 999_999_999.0), (inf, 999_999_999.0)],
)
def test_a_wait_that_is_asked_for_has_nine_digits(wait: float, seconds: float) -> None:
    answer = Answer(Result.NOT_TAKEN, verbatim("x"), retry_after=wait)
    assert bound_answer(answer).retry_after == seconds


def test_an_argument_has_a_thousand_letters() -> None:
    assert fill_argument("--name=${x}", {"x": "y" * 1_000}) == "--name=" + "y" * 1_000
    with pytest.raises(PlanFailed) as refused:
        fill_argument("--name=${x}", {"x": "y" * 1_001})
    why = message("plan.too-long", most=1_000)
    assert refused.value.why == message("plan.no-argument", parameter="x", why=why)


@pytest.mark.parametrize("length", [300, 301])
async def test_of_a_title_people_hear_three_hundred_letters(length: int) -> None:
    run = await queued()
    plan = run.plan.model_copy(update={"escalation_title": "x" * length})
    run = run.model_copy(update={"plan": plan})
    [event] = escalate(run, Outcome.NOT_RUN, verbatim("x"), START).events
    assert isinstance(event.data, RunEscalated)
    assert len(event.data.title) == 300


@pytest.mark.parametrize(
    ("late", "behind"),
    [
        (-MINUTE, timedelta(0)),
        (59 * MINUTE, 59 * MINUTE),
        (60 * MINUTE, 60 * MINUTE),
        (61 * MINUTE, 60 * MINUTE),
    ],
)
def test_what_was_long_on_its_way_is_waited_for_an_hour_at_most(
    late: timedelta, behind: timedelta
) -> None:
    held = {"of": "data.value < 10.0", "for": "5m"}
    rule = compile_pattern("b", When.model_validate({"held": held, "lateness": "0s"}))
    occurrence = find_occurrence(rule, START + late)
    [window] = hear(SubjectWindows(), "b", rule.version, rule.when, occurrence).windows
    assert window.behind == behind
    assert window.wait is not None
    assert window.wait.due == START + 5 * MINUTE + behind


@pytest.mark.parametrize(
    ("letters", "value"), [(100, "x" * 100), (101, sha256(b"x" * 101).hexdigest()[:16])]
)
def test_a_value_of_a_pattern_is_kept_up_to_a_hundred_letters(letters: int, value: str) -> None:
    distinct = {"of": "true", "value": "data.site", "at_least": 2, "within": "1h"}
    rule = compile_pattern("b", When.model_validate({"distinct": distinct}))
    assert find_occurrence(rule, START, site="x" * letters).value == value


def find_occurrence(rule: PatternRule, arrived: datetime, site: str = "") -> Occurrence:
    values = {"event": {}, "data": {"value": 4.0, "site": site}}
    occurrence = rule.find_occurrence(raised(), values, arrived)
    assert occurrence is not None
    return occurrence

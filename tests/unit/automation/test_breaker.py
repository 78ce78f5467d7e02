"""After failures a runbook stops; then one run tries, and it alone decides for all others."""

from datetime import UTC, datetime, timedelta

import pytest
from desk_automation.safety.model import Bounds
from desk_automation.safety.statistics import (
    RunbookStatistics,
    RunResult,
    admit,
    count_outcome,
    find_breaker,
    find_refusal,
)
from desk_contracts.events.automation import Outcome

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
REOPEN = timedelta(minutes=30)
BOUNDS = Bounds(
    cooldown=timedelta(0),
    per_day=99,
    per_hour=99,
    overflow="escalate",
    failures=2,
    reopen_after=REOPEN,
)
LATER = START + REOPEN


def ended(
    counts: RunbookStatistics | None, run: str, outcome: Outcome, now: datetime, target: str = ""
) -> RunbookStatistics:
    result = RunResult(outcome, target or f"laptop-{run}", has_sent=True)
    statistics = count_outcome(counts, run, result, BOUNDS, now)
    assert statistics is not None
    return statistics


def open_breaker() -> RunbookStatistics:
    return ended(ended(None, "1", Outcome.NOT_HEALED, START), "2", Outcome.NOT_HEALED, START)


def half_open(run: str) -> RunbookStatistics:
    counts = admit(open_breaker(), run, BOUNDS, LATER)
    assert counts is not None
    return counts


def test_the_breaker_opens_with_the_last_failure_allowed_and_no_sooner() -> None:
    once = ended(None, "1", Outcome.NOT_HEALED, START)
    assert find_breaker(once, BOUNDS, START) == "closed"
    counts = open_breaker()
    assert counts.opened_at == START
    assert find_breaker(counts, BOUNDS, LATER - timedelta(seconds=1)) == "open"
    assert find_breaker(counts, BOUNDS, LATER) == "half-open"
    refusal = find_refusal(counts, "3", BOUNDS, START)
    assert refusal is not None
    assert (refusal.kind, refusal.until) == ("breaker", LATER)


def test_one_run_tries_and_all_others_wait_for_it() -> None:
    counts = half_open("3")
    assert counts.canary == "3"
    assert find_refusal(counts, "3", BOUNDS, LATER) is None
    refusal = find_refusal(counts, "4", BOUNDS, LATER)
    assert refusal is not None
    assert (refusal.kind, refusal.until) == ("breaker", None)
    assert admit(counts, "4", BOUNDS, LATER) is None


def test_the_one_that_tries_and_fails_opens_it_anew_even_on_a_target_that_failed_before() -> None:
    counts = half_open("3").model_copy(update={"failed": ()})
    after = ended(counts, "3", Outcome.NOT_HEALED, LATER, target="laptop-1")
    assert (after.opened_at, after.canary) == (LATER, "")


def test_another_that_ends_meanwhile_leaves_the_one_that_tries_alone() -> None:
    counts = half_open("3").model_copy(update={"failed": ()})
    after = ended(counts, "0", Outcome.NOT_HEALED, LATER)
    assert (after.opened_at, after.canary) == (START, "3")


@pytest.mark.parametrize("run", ["3", "0"])
def test_a_cure_closes_it(run: str) -> None:
    after = ended(half_open("3"), run, Outcome.HEALED, LATER)
    assert (after.opened_at, after.failures, after.failed) == (None, 0, ())
    assert after.canary == ("" if run == "3" else "3")
    assert find_breaker(after, BOUNDS, LATER) == "closed"

"""How much may act in one place: in runs, in an hour, in people; and a place whose cures fail."""

from datetime import UTC, datetime, timedelta

import pytest
from desk_automation.scopes.decide import admit, end, find_refusal, give_back
from desk_automation.scopes.model import Limit, Scope, ScopeRequest
from desk_contracts.events.automation import Outcome

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ERP = Limit("service", "erp")


def ask(run: str, people: int | None = 1, cause: str = "slow/erp") -> ScopeRequest:
    return ScopeRequest(run, cause, people, NOW + 2 * HOUR)


def limit(**numbers: int) -> Limit:
    return Limit("service", "erp", **numbers)  # type: ignore[arg-type]


def let_in(scope: Scope | None, limit: Limit, *runs: ScopeRequest, at: datetime = NOW) -> Scope:
    for run in runs:
        scope = admit(scope, at, limit=limit, ask=run) or scope
    assert scope is not None
    return scope


def why(scope: Scope, limit: Limit, ask: ScopeRequest, at: datetime = NOW) -> str:
    refusal = find_refusal(scope, limit, ask, at)
    return "" if refusal is None else f"{refusal.kind} {refusal.reason.code}"


def test_no_more_act_at_once_and_who_waits_has_a_turn() -> None:
    two = limit(at_once=2)
    scope = let_in(None, two, ask("a"), ask("b"), ask("c"))
    assert why(scope, two, ask("c")) == "limit refusal.scope-at-once"
    assert number_of(scope, two, ask("c")) == 1
    after = end(scope, NOW, limit=two, run="a", outcome=Outcome.HEALED)
    assert after is not None
    assert why(after, two, ask("c")) == ""


def number_of(scope: Scope, limit: Limit, ask: ScopeRequest) -> int:
    refusal = find_refusal(scope, limit, ask, NOW)
    return 0 if refusal is None else refusal.queue_number


def test_asking_again_takes_no_second_place() -> None:
    two = limit(at_once=2)
    scope = let_in(None, two, ask("a"), ask("a"), ask("b"))
    assert [repair.run for repair in scope.repairs] == ["a", "b"]
    assert admit(scope, NOW, limit=two, ask=ask("a")) is None


def test_a_place_that_nobody_gave_back_is_free_after_its_time() -> None:
    single = limit(at_once=1)
    scope = let_in(None, single, ask("dead"))
    assert why(scope, single, ask("b"), NOW + 2 * HOUR) == ""


def test_who_did_not_act_counts_in_no_hour_and_who_did_counts_for_an_hour() -> None:
    single = limit(per_hour=1)
    scope = let_in(None, single, ask("a"))
    void = give_back(scope, NOW, run="a")
    assert void is not None
    assert why(void, single, ask("b")) == ""
    done = end(scope, NOW, limit=single, run="a", outcome=Outcome.HEALED)
    assert done is not None
    refusal = find_refusal(done, single, ask("b"), NOW + MINUTE)
    assert refusal is not None
    assert (refusal.reason.code, refusal.until) == ("refusal.scope-per-hour", NOW + HOUR)
    assert why(done, single, ask("b"), NOW + HOUR) == ""


def test_what_no_limit_counts_is_not_kept() -> None:
    for given, kept in ((limit(at_once=1), 1), (limit(at_once=1, per_hour=9), 3)):
        scope: Scope | None = None
        for run in ("a", "b", "c"):
            scope = let_in(scope, given, ask(run))
            last = scope
            scope = end(scope, NOW, limit=given, run=run, outcome=Outcome.HEALED)
        assert len(last.repairs) == kept


def test_people_are_counted_over_all_that_act_at_once() -> None:
    ten = limit(people_at_once=10)
    scope = let_in(None, ten, ask("a", people=6))
    assert why(scope, ten, ask("b", people=4)) == ""
    assert why(scope, ten, ask("b", people=5)) == "limit refusal.scope-people"


def test_while_something_acts_of_which_nobody_knows_whom_it_concerns_nothing_else_does() -> None:
    scope = let_in(None, limit(at_once=9), ask("a", people=None))
    ten = limit(people_at_once=10)
    assert why(scope, ten, ask("b")) == "limit refusal.scope-at-once"
    ended = end(scope, NOW, limit=ten, run="a", outcome=Outcome.HEALED)
    assert ended is not None
    assert why(ended, ten, ask("b")) == ""


@pytest.mark.parametrize(
    ("people", "code"),
    [(11, "refusal.scope-too-many"), (None, "refusal.scope-people-unknown")],
)
def test_what_concerns_too_many_or_nobody_knows_how_many_is_left_to_people(
    people: int | None, code: str
) -> None:
    ten = limit(people_at_once=10)
    assert why(Scope(), ten, ask("a", people=people)) == f"people {code}"
    assert admit(None, NOW, limit=ten, ask=ask("a", people=people)) is None
    assert why(Scope(), limit(at_once=1), ask("a", people=people)) == ""


BREAKER = Limit("service", "erp", failures=2, reopen_after=HOUR)


def failed(*runs: str, at: datetime = NOW) -> Scope:
    scope: Scope | None = None
    for run in runs:
        scope = let_in(scope, BREAKER, ask(run), at=at)
        scope = end(scope, at, limit=BREAKER, run=run, outcome=Outcome.NOT_HEALED)
    assert scope is not None
    return scope


def test_cures_that_were_none_stop_all_that_would_act_there() -> None:
    assert why(failed("a"), BREAKER, ask("b")) == ""
    scope = failed("a", "b")
    assert why(scope, BREAKER, ask("c")) == "breaker refusal.scope-breaker"
    assert end(scope, NOW, limit=BREAKER, run="b", outcome=Outcome.NOT_HEALED) is None


def test_a_cure_in_between_is_no_failure_in_a_row() -> None:
    scope = let_in(failed("a"), BREAKER, ask("b"))
    healed = end(scope, NOW, limit=BREAKER, run="b", outcome=Outcome.HEALED)
    assert healed is not None
    again = end(healed, NOW, limit=BREAKER, run="c", outcome=Outcome.INCONCLUSIVE)
    assert again is not None
    assert why(again, BREAKER, ask("d")) == ""


def test_one_run_tries_after_a_while_and_its_end_decides() -> None:
    later = NOW + HOUR
    scope = let_in(failed("a", "b"), BREAKER, ask("try"), at=later)
    assert why(scope, BREAKER, ask("c"), later) == "breaker refusal.scope-canary"
    healed = end(scope, later, limit=BREAKER, run="try", outcome=Outcome.HEALED)
    assert healed is not None
    assert why(healed, BREAKER, ask("c"), later) == ""
    ill = end(scope, later, limit=BREAKER, run="try", outcome=Outcome.NOT_HEALED)
    assert ill is not None
    assert why(ill, BREAKER, ask("c"), later + MINUTE) == "breaker refusal.scope-breaker"
    void = give_back(scope, later, run="try")
    assert void is not None
    assert why(void, BREAKER, ask("c"), later) == ""


def test_one_run_of_each_cause_brings_it_to_people() -> None:
    scope = let_in(failed("a", "b"), BREAKER, ask("c"), ask("d"), ask("e", cause="down/erp"))
    by = {
        run.run: refusal.holder
        for run in (ask("c"), ask("d"), ask("e", cause="down/erp"), ask("asked", cause=""))
        if (refusal := find_refusal(scope, BREAKER, run, NOW)) is not None
    }
    assert by == {"c": "c", "d": "c", "e": "e", "asked": "asked"}
    refusal = find_refusal(scope, BREAKER, ask("d"), NOW)
    assert refusal is not None
    assert refusal.since == NOW


def test_nothing_changes_for_who_is_not_there() -> None:
    assert give_back(None, NOW, run="a") is None
    assert give_back(Scope(), NOW, run="a") is None

"""Dead letters by our own bugs have a budget; what others did wrong costs nothing."""

from datetime import timedelta

import pytest
from desk_contracts.errors import Invalid, Transient
from desk_platform.clock import FakeClock
from desk_platform.kafka.dead_letter_budget import WINDOW, Budget, BudgetSpent
from desk_platform.store import Unreadable

from tests.support.bus_desk import START

BUG = ZeroDivisionError("a bug")


def bugs(first: int, count: int = 1) -> list[tuple[str, Exception]]:
    return [(f"t{number}", BUG) for number in range(first, first + count)]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


def test_a_few_bugs_in_a_window_are_within_the_budget(clock: FakeClock) -> None:
    budget = Budget(8, clock)
    clock.advance(2 * WINDOW)
    for number in range(8):
        budget.spend(bugs(number))
    with pytest.raises(BudgetSpent, match="ZeroDivisionError: a bug"):
        budget.spend(bugs(8))
    assert budget.is_spent


def test_it_fills_again_as_time_goes_on(clock: FakeClock) -> None:
    budget = Budget(4, clock)
    clock.advance(2 * WINDOW)
    for number in range(50):
        budget.spend(bugs(number))
        clock.advance(WINDOW / 3)
    assert not budget.is_spent


def test_after_a_start_it_is_a_quarter(clock: FakeClock) -> None:
    budget = Budget(10, clock)
    budget.spend(bugs(0, 3))
    with pytest.raises(BudgetSpent):
        budget.spend(bugs(3))


def test_once_spent_it_stays_spent(clock: FakeClock) -> None:
    budget = Budget(4, clock)
    with pytest.raises(BudgetSpent):
        budget.spend(bugs(0, 2))
    clock.advance(timedelta(days=1))
    with pytest.raises(BudgetSpent):
        budget.spend(bugs(0))


def test_what_others_did_wrong_costs_nothing(clock: FakeClock) -> None:
    budget = Budget(1, clock)
    for number in range(1_000):
        budget.spend([(f"t{number}", Invalid("no event")), (f"u{number}", Transient("not now"))])
    with pytest.raises(BudgetSpent):
        budget.spend([(item, Unreadable({item: "no JSON"})) for item in "ab"])


def test_one_document_counts_once_however_often_it_fails(clock: FakeClock) -> None:
    budget = Budget(4, clock)
    for _ in range(1_000):
        budget.spend(bugs(7))
    assert not budget.is_spent


def test_none_is_no_limit(clock: FakeClock) -> None:
    budget = Budget(0, clock)
    budget.spend(bugs(0, 1_000))
    assert not budget.is_spent

"""More people never make it worse, and the recursion is the formula."""

import math

from desk_metrics.planning.erlang import has_to_wait, mean_wait, people_needed, share_within
from hypothesis import given
from hypothesis import strategies as st

LOADS = st.floats(0.01, 60)
MAX_WAITS = st.floats(0, 20)
ROUNDING = 1e-12


@given(LOADS, st.integers(1, 80), MAX_WAITS)
def test_one_more_never_worsens(load: float, people: int, max_wait: float) -> None:
    assert has_to_wait(load, people + 1) <= has_to_wait(load, people)
    before = share_within(load, people, max_wait)
    assert share_within(load, people + 1, max_wait) >= before - ROUNDING
    assert mean_wait(load, people + 1) <= mean_wait(load, people)


@given(LOADS, MAX_WAITS, st.floats(0.01, 0.999))
def test_needed_is_the_fewest_that_suffice(load: float, max_wait: float, share: float) -> None:
    people = people_needed(load, max_wait, share)
    assert share_within(load, people, max_wait) >= share
    assert people == 1 or share_within(load, people - 1, max_wait) < share


@given(st.floats(0.01, 30), st.integers(1, 40))
def test_the_recursion_is_erlangs_formula(load: float, people: int) -> None:
    """(a^n/n!) (n/(n-a)) / (sum of a^k/k! below n + the same), term by term."""
    if people <= load:
        assert has_to_wait(load, people) == 1
        return
    last = load**people / math.factorial(people) * people / (people - load)
    below = sum(load**k / math.factorial(k) for k in range(people))
    assert math.isclose(has_to_wait(load, people), last / (below + last), rel_tol=1e-9)

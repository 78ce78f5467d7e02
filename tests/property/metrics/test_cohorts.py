"""What must hold of any counts of a cohort and its rest."""

import math

import pytest
from desk_metrics.planning.odds import Square, interval
from hypothesis import given, settings
from hypothesis import strategies as st

COUNTS = st.integers(1, 60)


@settings(deadline=None)
@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_the_interval_holds_the_ratio(a: int, b: int, c: int, d: int) -> None:
    square = Square(a, b, c, d)
    low, high = interval(square)
    assert square.ratio is not None
    assert low < square.ratio < high


@settings(deadline=None)
@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_cohort_and_rest_exchanged_turn_the_interval_over(a: int, b: int, c: int, d: int) -> None:
    low, high = interval(Square(a, b, c, d))
    assert interval(Square(c, d, a, b)) == pytest.approx((1 / high, 1 / low), rel=1e-6)


@settings(deadline=None)
@given(COUNTS, COUNTS)
def test_as_the_rest_is_never_a_difference(before: int, after: int) -> None:
    low, high = interval(Square(before, after, before, after))
    assert low < 1 < high


@settings(deadline=None)
@given(COUNTS, COUNTS)
def test_more_of_the_same_is_more_certain(cohort: int, rest: int) -> None:
    small, large = (
        interval(Square(cohort, cohort, rest, rest)),
        interval(Square(2 * cohort, 2 * cohort, 2 * rest, 2 * rest)),
    )
    assert math.log(large[1] / large[0]) < math.log(small[1] / small[0])

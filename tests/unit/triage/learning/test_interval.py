"""Limits of a share: of nothing all is possible, and no share is below none or above all."""

import pytest
from desk_triage.learning.interval import find_limits, find_lower


def test_where_all_were_right_the_share_may_be_one() -> None:
    low, high = find_limits(20, 20)
    assert high == 1.0
    assert low == pytest.approx(0.025 ** (1 / 20))


def test_where_none_were_right_the_share_may_be_none() -> None:
    low, high = find_limits(0, 20)
    assert low == find_lower(0, 20) == 0.0
    assert high == pytest.approx(1 - 0.025 ** (1 / 20))


def test_of_nothing_all_is_possible() -> None:
    assert find_limits(0, 0) == (0.0, 1.0)

"""Loops that wait for seconds wake together."""

import pytest
from desk_platform.clock import SHARED_SECONDS, share_end


def test_pauses_that_end_near_each_other_end_together() -> None:
    assert share_end(100.1) == share_end(100.2) == 100.0
    assert share_end(100.3) == share_end(100.7) == 100.5


@pytest.mark.parametrize("moment", [7.0, 7.2, 7.26, 7.49, 7.8])
def test_a_pause_is_shortened_or_lengthened_by_half_the_distance_at_most(moment: float) -> None:
    assert abs(share_end(moment) - moment) <= SHARED_SECONDS / 2


def test_a_loop_that_began_at_a_shared_moment_skips_none() -> None:
    """Its own work takes a little; the next pause does not jump over a moment for that."""
    assert share_end(100.0 + 0.004 + 2.0) == 102.0

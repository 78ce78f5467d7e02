"""The statistics of metrics against a library, which its image does not carry (ADR 37)."""

import math

import pytest
from desk_kernel.wilson import wilson
from desk_metrics.planning.arrivals import HOURS, by_chance
from desk_metrics.planning.erlang import has_to_wait
from desk_metrics.planning.odds import Square, interval
from desk_metrics.planning.trends import CONFIDENCE, trend_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.stats.contingency import odds_ratio

COUNTS = st.integers(1, 60)
VALUES = st.lists(st.integers(0, 400), min_size=3, max_size=30).map(
    lambda values: [value + place / 1_000 for place, value in enumerate(values)]
)


@settings(deadline=None, max_examples=50)
@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_the_interval_of_a_ratio_of_ratios_is_fishers(a: int, b: int, c: int, d: int) -> None:
    theirs = odds_ratio([[b, a], [d, c]], kind="conditional").confidence_interval(0.95)
    assert interval(Square(a, b, c, d)) == pytest.approx((theirs.low, theirs.high), rel=1e-6)


@settings(deadline=None)
@given(st.floats(0.1, 80), st.integers(1, 120))
def test_the_share_that_waits_follows_from_the_poisson_distribution(
    load: float, people: int
) -> None:
    blocked = stats.poisson.pmf(people, load) / stats.poisson.cdf(people, load)
    waits = blocked / (1 - load / people * (1 - blocked)) if people > load else 1.0
    assert has_to_wait(load, people) == pytest.approx(waits, rel=1e-9)


@settings(deadline=None)
@given(VALUES)
def test_the_slope_is_theils_and_sens_and_its_bounds_hold_theirs(values: list[float]) -> None:
    """Sen's bounds are whole ranks, and the library rounds them inwards where we round outwards."""
    ours = trend_of(list(enumerate(values)), is_log=False)
    theirs = stats.theilslopes(values, range(len(values)), alpha=CONFIDENCE)
    assert ours.slope == pytest.approx(theirs.slope, rel=1e-9, abs=1e-9)
    assert ours.slope_low <= theirs.low_slope + 1e-9
    assert ours.slope_high >= theirs.high_slope - 1e-9


@settings(deadline=None)
@given(st.integers(1, 5_000), st.floats(0, 1))
def test_the_interval_of_a_share_is_wilsons(whole: int, share: float) -> None:
    part = round(whole * share)
    theirs = stats.binomtest(part, whole).proportion_ci(0.95, method="wilson")
    z = stats.norm.ppf(0.975)
    assert wilson(part, whole, z) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(st.floats(0.01, 60))
def test_what_chance_alone_misses_is_the_mean_deviation_of_a_poisson(mean: float) -> None:
    counts = range(math.ceil(mean + 20 * math.sqrt(mean) + 20))
    deviation = sum(abs(count - mean) * stats.poisson.pmf(count, mean) for count in counts)
    assert by_chance([mean] * HOURS) == pytest.approx(deviation / mean, rel=1e-6)

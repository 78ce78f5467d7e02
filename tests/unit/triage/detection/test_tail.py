"""What lies beyond all that was seen is rare, above as below; sketches share a list of numbers."""

import random

import pytest
from desk_triage.detection.tail import HIGH, HIGHEST, LOW, LOWEST, SIZE, learn_value, measure_rarity
from hypothesis import given
from hypothesis import strategies as st

FLOOR = 0.01


def learn(values: list[float], numbers: list[float], at: int) -> list[float]:
    for value in values:
        learn_value(numbers, at, value)
    return numbers


def test_lows_are_as_rare_as_highs_of_the_mirrored_past() -> None:
    chance = random.Random(4)  # noqa: S311 a sample, no secret
    values = [chance.expovariate(1.0) for _ in range(400)]
    highs = learn(values, [0.0] * SIZE, 0)
    lows = learn([-value for value in values], [0.0] * SIZE, 0)
    rarity = measure_rarity(highs, 0, 20.0, FLOOR)
    assert rarity > 5
    assert measure_rarity(lows, 0, -20.0, FLOOR) == pytest.approx(-rarity, rel=0.1)


def test_a_sketch_leaves_its_neighbours_alone() -> None:
    numbers = learn([float(value % 17) for value in range(60)], [0.0] * (3 * SIZE), SIZE)
    assert not any(numbers[:SIZE] + numbers[2 * SIZE :])
    alone = learn([float(value % 17) for value in range(60)], [0.0] * SIZE, 0)
    assert numbers[SIZE : 2 * SIZE] == alone


def test_a_first_value_far_above_counts_as_much_as_all_before_it() -> None:
    numbers = learn([float(value) for value in range(7)], [0.0] * SIZE, 0)
    learn_value(numbers, 0, 101.0)
    high = numbers[HIGH]
    mean = (1.0 + 101.0 - high) / 2
    rarity = 1.30103 + (300.0 - high) / mean * 0.43429
    assert measure_rarity(numbers, 0, 300.0, FLOOR) == pytest.approx(rarity, rel=1e-4)


_NUMBERS = st.integers(-3, 3).map(lambda power: 10.0**power) | st.floats(-1e3, 1e3)


@given(st.lists(_NUMBERS, max_size=80))
def test_followed_quantiles_stay_in_order_between_the_least_and_the_most(
    values: list[float],
) -> None:
    """Also where a parabola would leave its neighbours behind, and a straight step is taken."""
    numbers = [0.0] * SIZE
    for count, value in enumerate(values, 1):
        learn_value(numbers, 0, value)
        heights = numbers[LOWEST : HIGHEST + 1]
        if count >= len(heights):
            assert heights == sorted(heights)
            assert (heights[0], heights[-1]) == (min(values[:count]), max(values[:count]))


@pytest.mark.parametrize("seed", range(5))
def test_quantiles_of_very_uneven_values_are_found(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 a sample, no secret
    values = [chance.lognormvariate(0, 3) for _ in range(1_000)]
    heights = learn(values, [0.0] * SIZE, 0)[LOW : HIGH + 1]
    shares = [sum(value < height for value in values) / len(values) for height in heights]
    assert shares == pytest.approx([0.05, 0.25, 0.5, 0.75, 0.95], abs=0.05)

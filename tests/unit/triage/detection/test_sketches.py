"""Sketches of the past against the same kept whole: quantiles, hours of the week, worst hours."""

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from desk_triage.detection.hours import find_hour, learn_hour
from desk_triage.detection.lows import (
    SLOT_S,
    SLOTS,
    UNKNOWN,
    find_change_of_a_day,
    find_past,
    learn_worst,
)
from desk_triage.detection.tail import (
    HIGH,
    HIGHEST,
    LOW,
    LOWEST,
    SIZE,
    find_line,
    learn_value,
    measure_rarity,
)

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class Followed:
    """The P² rule as its authors write it, over seven marks, both ends among them."""

    def __init__(self) -> None:
        self.heights: list[float] = []
        self.places: list[float] = []
        self.count = 0

    def learn(self, value: float) -> None:
        heights, places = self.heights, self.places
        self.count += 1
        if len(heights) < 7:
            heights.append(value)
            heights.sort()
            self.places = [float(place) for place in range(len(heights))]
            return
        heights[0], heights[6] = min(heights[0], value), max(heights[6], value)
        last = places[6] = float(self.count - 1)
        for mark in range(1, 6):
            places[mark] += value < heights[mark]
        for mark in range(1, 6):
            drift = last * QUANTILES[mark - 1] - places[mark]
            if drift >= 1 and places[mark + 1] - places[mark] > 1:
                self._move(mark, 1)
            elif drift <= -1 and places[mark] - places[mark - 1] > 1:
                self._move(mark, -1)

    def _move(self, mark: int, step: int) -> None:
        heights, places = self.heights, self.places
        (low, here, high), (before, at, after) = heights[mark - 1 :][:3], places[mark - 1 :][:3]
        up, down = (high - here) / (after - at), (here - low) / (at - before)
        moved = here + step * ((at - before + step) * up + (after - at - step) * down) / (
            after - before
        )
        if not low < moved < high:
            moved = here + step * (up if step > 0 else down)
        heights[mark], places[mark] = moved, at + step


def make_values(seed: int, count: int) -> list[float]:
    chance = random.Random(seed)  # noqa: S311 a sample, no secret
    kinds = (chance.random, lambda: chance.expovariate(1), lambda: float(chance.randint(0, 9)))
    return [kinds[seed % 3]() for _ in range(count)]


@pytest.mark.parametrize("seed", range(6))
def test_quantiles_are_followed_by_the_rule(seed: int) -> None:
    numbers, followed = [0.0] * SIZE, Followed()
    for value in make_values(seed, 200):
        learn_value(numbers, 0, value)
        followed.learn(value)
        if len(followed.heights) == 7:
            assert numbers[LOWEST : HIGHEST + 1] == pytest.approx(followed.heights)


@pytest.mark.parametrize("seed", range(3))
def test_the_mean_excess_follows_what_lies_beyond(seed: int) -> None:
    """A twentieth of all, and at least the newest two."""
    numbers, values = [0.0] * SIZE, make_values(seed, 120)
    up = down = 0.0
    for count, value in enumerate(values):
        learn_value(numbers, 0, value)
        if count < 6:
            continue
        if count == 6:
            first = sorted(values[:7])
            up, down = first[6] - first[5], first[1] - first[0]
        else:
            part = max(2.0, count / 20)
            if value > numbers[HIGH]:
                up += (value - numbers[HIGH] - up) / part
            elif value < numbers[LOW]:
                down += (numbers[LOW] - value - down) / part
        assert numbers[:3] == pytest.approx([count + 1, up, down])


@pytest.mark.parametrize("rarity", [1.5, 3.0, 9.0])
@pytest.mark.parametrize("floor", [0.001, 5.0])
def test_a_line_is_where_a_value_has_that_rarity(rarity: float, floor: float) -> None:
    numbers = [0.0] * SIZE
    for value in make_values(1, 100):
        learn_value(numbers, 0, value)
    for sign, edge, mean in ((1, HIGH, numbers[1]), (-1, LOW, numbers[2])):
        beyond = (rarity - -math.log10(0.05)) * math.log(10) * max(mean, floor)
        line = numbers[edge] + sign * beyond
        ends = numbers[HIGHEST if sign > 0 else LOWEST]
        expected = max(ends, line) if sign > 0 else min(ends, line)
        assert find_line(numbers, 0, sign * rarity, floor) == pytest.approx(expected)
        if expected != ends:
            assert measure_rarity(numbers, 0, expected, floor) == pytest.approx(sign * rarity)
    for value in (numbers[LOWEST], numbers[4], numbers[HIGHEST]):
        assert measure_rarity(numbers, 0, value, floor) == 0.0


def test_hours_of_the_day_and_of_the_week_have_moving_means() -> None:
    chance = random.Random(7)  # noqa: S311 a sample, no secret
    packed, means = "", dict[tuple[int, int], tuple[float, int]]()
    for hour in range(0, 168 * 6, 5):
        value = chance.uniform(-9, 9)
        packed = learn_hour(packed, hour, value)
        for period, most in ((24, 7), (168, 4)):
            mean, seen = means.get((period, hour % period), (0.0, 0))
            seen = min(seen + 1, most)
            means[period, hour % period] = float(np.float32(mean + (value - mean) / seen)), seen
    for hour in range(168):
        week, day = (means.get((period, hour % period), (0.0, 0)) for period in (168, 24))
        expected = next((mean for mean, seen in (week, day) if seen >= 3), None)
        assert find_hour(packed, hour) == expected


@pytest.mark.parametrize(("value", "kept"), [(1e39, 3e38), (-1e39, -3e38), (math.inf, 0.0)])
def test_what_single_precision_cannot_hold_is_bounded(value: float, kept: float) -> None:
    packed = ""
    for _ in range(3):
        packed = learn_hour(packed, 8, value)
    assert find_hour(packed, 8) == pytest.approx(kept)


@pytest.mark.parametrize("is_low_worse", [True, False])
def test_the_worst_of_each_slot_of_eight_days_is_known(*, is_low_worse: bool) -> None:
    chance = random.Random(3)  # noqa: S311 a sample, no secret
    numbers: tuple[float, ...] = ()
    worst, newest = dict[int, float](), 0
    for step in range(400):
        slot = max(0, step // 5 + chance.choice((0, 0, 0, -1, -3, -47, -48, 1)))
        value = chance.uniform(0, 100)
        numbers = learn_worst(numbers, slot * SLOT_S + 1, value, is_low_worse=is_low_worse)
        newest = max(newest, slot) if step else slot
        if slot > newest - SLOTS:
            choose = min if is_low_worse else max
            worst[slot] = choose(worst.get(slot, value), value)
        slots = [worst.get(newest - SLOTS + 1 + place, UNKNOWN) for place in range(SLOTS)]
        assert numbers == (newest, *slots)
        assert find_change_of_a_day(numbers) == change_of(slots)
        past = [each for each in slots[:-2] if each != UNKNOWN]
        assert find_past(numbers) == ((min(past), max(past)) if len(past) >= 6 else None)


def change_of(slots: Sequence[float]) -> float | None:
    """Of two slots and of the same two of the day before."""
    compared = [*slots[-2:], *slots[-8:-6]]
    if UNKNOWN in compared:
        return None
    return (sum(compared[:2]) - sum(compared[2:])) / 2


def test_what_is_not_worse_leaves_the_very_same_numbers() -> None:
    numbers = learn_worst((), 3 * SLOT_S, 5.0, is_low_worse=True)
    assert learn_worst(numbers, 3 * SLOT_S + 1, 5.0, is_low_worse=True) is numbers
    assert learn_worst(numbers, 3 * SLOT_S + 1, 4.9, is_low_worse=True)[-1] == 4.9
    assert learn_worst(numbers, (3 - SLOTS) * SLOT_S, 1.0, is_low_worse=True) is numbers
    assert learn_worst(numbers, (4 - SLOTS) * SLOT_S, 1.0, is_low_worse=True)[1] == 1.0
    later = learn_worst(numbers, 4 * SLOT_S, 9.0, is_low_worse=True)
    assert later[-2:] == (5.0, 9.0)

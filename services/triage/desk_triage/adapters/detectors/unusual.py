"""`unusual`: a value that is far beyond all of its own past.

Four things are compared with their own past: the value, its step from the value before, its running
mean, and its distance from what is usual at this hour. What is seen is always learned, so a level
that stays is usual soon; that a signal is open is remembered apart, with the range that was usual
when it was raised. It ends when the measurement was within that range for some time, or when the
new level has lasted so long that it is the usual one.
"""

import struct
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from math import copysign
from typing import NamedTuple

from desk_charter.detectors import UnusualDetector
from desk_contracts.message import Message, message

from desk_triage.detection.detector import Finding, Verdict
from desk_triage.detection.hours import HOUR_S, find_hour, learn_hour
from desk_triage.detection.model import DetectorState, Sample
from desk_triage.detection.tail import (
    HIGHEST,
    LOWEST,
    MEDIAN,
    SIZE,
    find_line,
    learn_value,
    measure_rarity,
)

# Fitted on one half of the series of the Numenta Anomaly Benchmark; docs/intelligence.md has what
# the other half says. Each is the power of ten of the chance that is believed to be trouble. A new
# extreme of the value itself says more than one of a step, which is never the first of its kind.
RARITIES = (2.5, 6.0, 4.0, 5.0)
VALUE, STEP, MEAN, HOUR = range(4)
# No sooner is anything known of a tail of 5 %: three values lie beyond it by then.
NEEDED = 50
# After a gap nothing is healthy before so many samples.
NEEDED_AFTER_GAP = 12
MEAN_OF = 24
# A steady past has hardly any deviation: a hundredth of its median is the least that counts as one.
LEAST_SPREAD = 0.01
# Samples that come more often are judged, and not learned: a document is written once a minute.
GRAIN_S = 60.0
CALM_S = 2 * 3_600.0
LEARNED_AFTER_S = 12 * 3_600.0
GAP_S = 6 * 3_600.0
GAP_SAMPLES = 6
# What only ever grows is a counter: what it counts is its step, and a fall is a new start.
GROWING, FALLING = 0.9, 0.02
# So far from zero, differences can still be squared.
LARGEST = 1e150

LEARNED = message("detector.learned", lasted=round(LEARNED_AFTER_S))
BEYOND = message("detector.new-extreme")
WELL = message("detector.usual")

# What is packed: the numbers below, then the sketches of the four features.
NEWEST, LAST, RUNNING, COUNT, SINCE_GAP, RISES, FALLS, HOUR_NOW, HOUR_SUM, HOUR_COUNT = range(10)
# 0 while nothing is unusual; else 1 + the feature that was, its range till then, since when.
OPEN, OPEN_LOW, OPEN_HIGH, OPEN_SINCE, OPEN_LAST = range(10, 15)
_SKETCHES = tuple(15 + number * SIZE for number in range(4))
_FORM = struct.Struct(f"<{15 + 4 * SIZE}d")
_EMPTY = (-1e18, *[0.0] * (14 + 4 * SIZE))

Features = tuple[float | None, float | None, float | None, float | None]


class Excess(NamedTuple):
    """The feature that is the furthest beyond its line, the line, and the range it had till now."""

    feature: int
    at: float
    line: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Unusual:
    """One configuration for every measurement; only the side can be chosen."""

    settings: UnusualDetector

    def examine(self, state: DetectorState, sample: Sample) -> Finding:
        at_s, value = sample[0], max(-LARGEST, min(LARGEST, sample[1]))
        numbers = list(_FORM.unpack(b64decode(state.packed)) if state.packed else _EMPTY)
        if at_s <= numbers[NEWEST]:
            late = message("detector.out-of-order")
            return Finding(state, Verdict.BETWEEN, at_s, value, value, late, samples_needed=NEEDED)
        is_brief = at_s - numbers[NEWEST] < GRAIN_S and at_s // HOUR_S == numbers[HOUR_NOW]
        was_open = numbers[OPEN]
        hours = self._advance(numbers, state.hours, at_s, value)
        features = _measure(numbers, hours, value)
        excess, is_beyond = self._find_excess(numbers, features)
        verdict, meaning = _decide(numbers, features, excess, is_beyond=is_beyond)
        after = state
        if not is_brief or excess is not None or was_open != numbers[OPEN]:
            for sketch, feature in zip(_SKETCHES, features, strict=True):
                if feature is not None:
                    learn_value(numbers, sketch, feature)
            packed = b64encode(_FORM.pack(*numbers)).decode()
            after = state.model_copy(update={"packed": packed, "hours": hours})
        end = None
        if meaning is LEARNED:
            end = message("signal.new-level", measurement=self.settings.measurement, value=value)
        line, evidence = (value, None) if excess is None else _explain(excess, value)
        return Finding(
            after, verdict, at_s, value, line, meaning, evidence, end, samples_needed=NEEDED
        )

    def _advance(self, numbers: list[float], hours: str, at_s: float, value: float) -> str:
        """Take one sample into all that is no sketch; the hours with one more, if one is whole."""
        if at_s - numbers[NEWEST] > GAP_S:
            gap_s = max(GAP_S, GAP_SAMPLES * self.settings.every.total_seconds())
            if at_s - numbers[NEWEST] > gap_s:
                numbers[SINCE_GAP], numbers[RUNNING] = 0.0, value
        hour = at_s // HOUR_S
        if hour != numbers[HOUR_NOW]:
            if numbers[HOUR_COUNT]:
                mean = numbers[HOUR_SUM] / numbers[HOUR_COUNT]
                hours = learn_hour(hours, int(numbers[HOUR_NOW]), mean)
            numbers[HOUR_NOW], numbers[HOUR_SUM], numbers[HOUR_COUNT] = hour, 0.0, 0.0
        numbers[HOUR_SUM] += value
        numbers[HOUR_COUNT] += 1
        numbers[COUNT] += 1
        numbers[SINCE_GAP] += 1
        numbers[RUNNING] += (value - numbers[RUNNING]) / MEAN_OF
        numbers[NEWEST] = at_s
        return hours

    def _find_excess(
        self, numbers: Sequence[float], features: Features
    ) -> tuple[Excess | None, bool]:
        """What is furthest beyond its line, and whether anything is beyond all that was seen."""
        side, most, excess, is_beyond = self.settings.side, 1.0, None, False
        floor = max(LEAST_SPREAD * abs(numbers[_SKETCHES[VALUE] + MEDIAN]), 1e-12)
        for number, feature in enumerate(features):
            at = _SKETCHES[number]
            if feature is None or numbers[at] < NEEDED:
                continue
            rarity = measure_rarity(numbers, at, feature, floor)
            if rarity == 0 or side == ("above" if rarity < 0 else "below"):
                continue
            is_beyond = True
            share = abs(rarity) / RARITIES[number]
            if share > most:
                most = share
                line = find_line(numbers, at, copysign(RARITIES[number], rarity), floor)
                past_range = numbers[at + LOWEST], numbers[at + HIGHEST]
                excess = Excess(number, feature, line, *past_range)
        return excess, is_beyond


def _measure(numbers: list[float], hours: str, value: float) -> Features:
    """What is compared with its past; None where there is nothing to compare yet."""
    step: float | None = None
    if numbers[SINCE_GAP] > 1:
        step = value - numbers[LAST]
        numbers[RISES] += step > 0
        numbers[FALLS] += step < 0
    numbers[LAST] = value
    count = numbers[COUNT]
    if count > NEEDED and numbers[RISES] > GROWING * count and numbers[FALLS] < FALLING * count:
        return None, step if step is not None and step >= 0 else None, None, None
    mean = find_hour(hours, int(numbers[HOUR_NOW]))
    return (
        value,
        step,
        numbers[RUNNING] if numbers[SINCE_GAP] > MEAN_OF else None,
        None if mean is None else value - mean,
    )


def _decide(
    numbers: list[float], features: Features, excess: Excess | None, *, is_beyond: bool
) -> tuple[Verdict, Message | None]:
    """The verdict, with what is remembered of an unusual time moved on."""
    at_s = numbers[NEWEST]
    if not numbers[OPEN]:
        if excess is None:
            return _decide_calm(numbers, is_beyond=is_beyond)
        opened = (excess.feature + 1.0, excess.low, excess.high, at_s, at_s)
        numbers[OPEN : OPEN_LAST + 1] = opened
        return Verdict.TROUBLE, None
    feature = features[int(numbers[OPEN]) - 1]
    is_outside = feature is not None and not numbers[OPEN_LOW] <= feature <= numbers[OPEN_HIGH]
    if excess is not None or is_outside:
        if at_s - numbers[OPEN_SINCE] <= LEARNED_AFTER_S:
            numbers[OPEN_LAST] = at_s
            return Verdict.TROUBLE, None
        numbers[OPEN] = 0.0
        return Verdict.HEALTHY, LEARNED
    if at_s - numbers[OPEN_LAST] < CALM_S:
        return Verdict.BETWEEN, message("detector.calming", calm=round(CALM_S))
    verdict, meaning = _decide_calm(numbers, is_beyond=is_beyond)
    if verdict is Verdict.HEALTHY:
        numbers[OPEN] = 0.0
    return verdict, meaning


def _decide_calm(numbers: Sequence[float], *, is_beyond: bool) -> tuple[Verdict, Message]:
    """Nothing unusual: health, if enough was seen for it."""
    seen = int(numbers[COUNT])
    if seen <= NEEDED:
        return Verdict.UNKNOWN, message("detector.too-few-samples", seen=seen, wanted=NEEDED + 1)
    if numbers[SINCE_GAP] < NEEDED_AFTER_GAP:
        few = int(numbers[SINCE_GAP])
        why = message("detector.too-few-samples", seen=few, wanted=NEEDED_AFTER_GAP)
        return Verdict.UNKNOWN, why
    return (Verdict.BETWEEN, BEYOND) if is_beyond else (Verdict.HEALTHY, WELL)


def _explain(excess: Excess, value: float) -> tuple[float, Message]:
    """The line as a value of the measurement, and what the reader of a signal should know."""
    low, high = excess.low, excess.high
    shifted = value - excess.at + excess.line
    match excess.feature:
        case 0:
            return excess.line, message("signal.beyond-value", low=low, high=high)
        case 1:
            return shifted, message("signal.beyond-step", step=excess.at, low=low, high=high)
        case 2:
            return excess.line, message("signal.beyond-mean", mean=excess.at, low=low, high=high)
        case _:
            mean = value - excess.at
            return shifted, message("signal.beyond-hour", usual=mean, distance=excess.at)

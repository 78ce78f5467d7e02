"""The three detectors of the charter: level, trend, score. Each gives one verdict and says why.

No data is never health: too few points, or none, is neither trouble nor its end.
"""

from dataclasses import dataclass
from math import sqrt
from typing import assert_never

from desk_shared.charter.model import (
    Detector,
    ForecastDetector,
    ThresholdDetector,
    ZScoreDetector,
)
from desk_shared.events.message import Message, message

from desk_triage.domain.holding import Verdict
from desk_triage.domain.past import needed, remember
from desk_triage.domain.watching import Point, Watch

# A forecast is taken back only when the level is clearly further away than the horizon.
CLEAR_HORIZON = 1.5
# A fall smaller than the noise around it is no trend: twice the standard deviation of the rest.
LEAST_TREND = 2.0
# A steady past has hardly any deviation; a tenth of its mean is the least that counts as one.
LEAST_SPREAD = 0.1


@dataclass(frozen=True, slots=True)
class Finding:
    """What a detector thinks of the newest state of things, as of `at_s`."""

    watch: Watch
    verdict: Verdict
    at_s: float
    value: float
    threshold: float
    why: Message | None = None
    expected_s: float | None = None


def examine(detector: Detector, watch: Watch, point: Point) -> Finding:
    """One more measurement under one detector."""
    if isinstance(detector, ThresholdDetector):
        return _level(detector, watch, point)
    if isinstance(detector, ForecastDetector):
        return _trend(detector, watch, point)
    if isinstance(detector, ZScoreDetector):
        return _score(detector, watch, point)
    assert_never(detector)


def _level(detector: ThresholdDetector, watch: Watch, point: Point) -> Finding:
    at_s, value = point
    verdict = Verdict.NEITHER
    if detector.is_trouble(value):
        verdict = Verdict.TROUBLE
    elif detector.is_clear(value):
        verdict = Verdict.HEALTHY
    return Finding(watch, verdict, at_s, value, detector.level)


def _trend(detector: ForecastDetector, watch: Watch, point: Point) -> Finding:
    watch = remember(watch, point, detector.window.total_seconds())
    points = watch.points if watch.points[-1][0] >= point[0] else (*watch.points, point)
    at_s, value = points[-1]
    horizon_s = detector.horizon.total_seconds()
    verdict, crossing = Verdict.NEITHER, None
    if detector.is_trouble(value):
        verdict, crossing = Verdict.TROUBLE, at_s
    elif len(points) >= needed(watch, detector.min_samples):
        crossing = _crossing(points, detector)
        ahead = None if crossing is None else crossing - at_s
        if ahead is not None and ahead <= horizon_s:
            verdict = Verdict.TROUBLE
        elif detector.is_clear(value) and (ahead is None or ahead > CLEAR_HORIZON * horizon_s):
            verdict = Verdict.HEALTHY
    why = None if crossing is None else _describe_trend(detector, points, crossing)
    return Finding(watch, verdict, at_s, value, detector.level, why, crossing)


def _crossing(points: tuple[Point, ...], detector: ForecastDetector) -> float | None:
    """When the line of least squares through the points meets the level; None if it does not."""
    origin_s, newest = points[-1]
    count = len(points)
    # One pass, relative to the newest point: this runs for every measurement with a trend.
    t_sum = v_sum = tt_sum = tv_sum = vv_sum = 0.0
    for at_s, value in points:
        t, v = at_s - origin_s, value - newest
        t_sum += t
        v_sum += v
        tt_sum += t * t
        tv_sum += t * v
        vv_sum += v * v
    spread = tt_sum - t_sum * t_sum / count
    together = tv_sum - t_sum * v_sum / count
    if spread <= 0 or together == 0 or (together < 0) != (detector.below is not None):
        return None
    slope = together / spread
    rest = max(0.0, vv_sum - v_sum * v_sum / count - slope * together)
    if abs(slope) * (origin_s - points[0][0]) < LEAST_TREND * sqrt(rest / count):
        return None
    # From the newest value on, not from the line: the value is known, the line is a guess.
    return origin_s + max(0.0, (detector.level - newest) / slope)


def _describe_trend(
    detector: ForecastDetector, points: tuple[Point, ...], crossing: float
) -> Message:
    seen, ahead = round(points[-1][0] - points[0][0]), crossing - points[-1][0]
    if ahead <= 0:
        return message("signal.trend-now", seen=seen, level=detector.level)
    return message("signal.trend", seen=seen, level=detector.level, ahead=round(ahead))


def _score(detector: ZScoreDetector, watch: Watch, point: Point) -> Finding:
    at_s, value = point
    if len(watch.points) < needed(watch, detector.min_samples):
        learned = remember(watch, point, detector.window.total_seconds())
        return Finding(learned, Verdict.NEITHER, at_s, value, value)
    values = [v for _, v in watch.points]
    mean = sum(values) / len(values)
    deviation = sqrt(sum((v - mean) ** 2 for v in values) / len(values))
    deviation = max(deviation, LEAST_SPREAD * abs(mean)) or 1.0
    score = (value - mean) / deviation
    sided = {"above": score, "below": -score, "both": abs(score)}[detector.side]
    threshold = mean + (-1 if score < 0 else 1) * detector.score * deviation
    why = message("signal.unusual", mean=mean, score=round(abs(score), 1))
    if sided >= detector.score:
        # Trouble is not learned as normal, or it would end by lasting.
        return Finding(watch, Verdict.TROUBLE, at_s, value, threshold, why)
    verdict = Verdict.HEALTHY if sided < detector.clear_score else Verdict.NEITHER
    learned = remember(watch, point, detector.window.total_seconds())
    return Finding(learned, verdict, at_s, value, threshold, why)

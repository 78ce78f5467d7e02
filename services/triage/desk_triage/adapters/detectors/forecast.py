"""`forecast`: when the trend of the window reaches a level, if the days before agree.

Disks breathe: jobs take space every night and give it back, days are unlike nights. A trend of
hours is therefore believed only if it has not stopped, and if the days before agree: the worst of
the day moves towards the level as well. What is too quick for that is believed when half of the way
to the level lies within the window, and the value is worse than it ever was.
"""

from dataclasses import dataclass
from math import sqrt

from desk_charter.detectors import ForecastDetector
from desk_contracts.message import Message, message

from desk_triage.detection.detector import Finding, Verdict
from desk_triage.detection.lows import find_change_of_a_day, find_past, learn_worst
from desk_triage.detection.model import DetectorState, Sample
from desk_triage.detection.window import count_needed, remember

# A forecast is taken back only when the level is clearly further away than the horizon.
CLEAR_HORIZON = 1.5
# A fall smaller than the noise around it is no trend: twice the standard deviation of the rest.
LEAST_TREND = 2.0
# Worse than ever is worse by a quarter of what the past covered: nights differ from each other.
MARGIN = 0.25
DAY_S = 86_400.0
# So many samples make a line.
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Forecast:
    """A line of least squares through the sample window, from the newest value on."""

    settings: ForecastDetector

    def examine(self, state: DetectorState, sample: Sample) -> Finding:
        settings = self.settings
        after = remember(state, sample, settings.window.total_seconds())
        is_kept = after.samples[-1][0] >= sample[0]
        samples = after.samples if is_kept else (*after.samples, sample)
        at_s, value = samples[-1]
        is_low_worse = settings.below is not None
        worst = learn_worst(after.numbers, *sample, is_low_worse=is_low_worse)
        if worst is not after.numbers:
            after = after.model_copy(update={"numbers": worst})
        needed = count_needed(after, settings.min_samples)
        crossing, verdict, is_like_before = None, Verdict.UNKNOWN, False
        if settings.is_trouble(value):
            crossing, verdict = at_s, Verdict.TROUBLE
        elif len(samples) >= needed:
            crossing = self._find_crossing(samples)
            ahead_s = None if crossing is None else crossing - at_s
            horizon_s = settings.horizon.total_seconds()
            is_far = ahead_s is None or ahead_s > CLEAR_HORIZON * horizon_s
            if ahead_s is not None and ahead_s <= horizon_s:
                is_like_before = not self._is_unlike_before(samples, worst)
                verdict = Verdict.BETWEEN if is_like_before else Verdict.TROUBLE
            else:
                is_well = is_far and settings.is_clear(value)
                verdict = Verdict.HEALTHY if is_well else Verdict.BETWEEN
        return Finding(
            after,
            verdict,
            at_s,
            value,
            settings.level,
            meaning=message("detector.like-before", level=settings.level)
            if is_like_before
            else self._explain(verdict, len(samples), needed),
            evidence=self._describe(samples, crossing),
            expected_s=crossing,
            samples_needed=needed,
        )

    def _find_crossing(self, samples: tuple[Sample, ...]) -> float | None:
        """When the line of least squares through the samples meets the level; None if never."""
        origin_s, newest = samples[-1]
        count = len(samples)
        # One pass, relative to the newest sample: this runs for every measurement with a trend.
        t_sum = v_sum = tt_sum = tv_sum = vv_sum = 0.0
        for at_s, value in samples:
            t, v = at_s - origin_s, value - newest
            t_sum += t
            v_sum += v
            tt_sum += t * t
            tv_sum += t * v
            vv_sum += v * v
        spread = tt_sum - t_sum * t_sum / count
        together = tv_sum - t_sum * v_sum / count
        is_falling = self.settings.below is not None
        if spread <= 0 or together == 0 or (together < 0) != is_falling:
            return None
        slope = together / spread
        rest = max(0.0, vv_sum - v_sum * v_sum / count - slope * together)
        if abs(slope) * (origin_s - samples[0][0]) < LEAST_TREND * sqrt(rest / count):
            return None
        # From the newest value on, not from the line: the value is known, the line is estimated.
        return origin_s + max(0.0, (self.settings.level - newest) / slope)

    def _is_unlike_before(self, samples: tuple[Sample, ...], worst: tuple[float, ...]) -> bool:
        """Whether the newer half of the window goes on, and the days before have not seen it."""
        settings, value = self.settings, samples[-1][1]
        newer = samples[len(samples) // 2 :]
        if len(newer) >= _FEWEST and self._find_crossing(newer) is None:
            return False
        sign = -1.0 if settings.below is not None else 1.0
        left = sign * (settings.level - value)
        change = find_change_of_a_day(worst)
        if change is not None and sign * change > 0:
            ahead_s = left / (sign * change) * DAY_S
            if ahead_s <= settings.horizon.total_seconds():
                return True
        if sign * (value - samples[0][1]) < left:
            return False
        past = find_past(worst)
        if past is None:
            return True
        margin = MARGIN * (past[1] - past[0])
        return value < past[0] - margin if sign < 0 else value > past[1] + margin

    def _explain(self, verdict: Verdict, seen: int, needed: int) -> Message | None:
        level, is_below = self.settings.level, self.settings.below is not None
        if verdict is Verdict.TROUBLE:
            return None
        if verdict is Verdict.UNKNOWN:
            return message("detector.too-few-samples", seen=seen, wanted=needed)
        if verdict is Verdict.HEALTHY:
            if is_below:
                return message("detector.not-below", level=level)
            return message("detector.not-above", level=level)
        if is_below:
            return message("detector.trend-not-below", level=level)
        return message("detector.trend-not-above", level=level)

    def _describe(self, samples: tuple[Sample, ...], crossing: float | None) -> Message | None:
        """What the reader of a signal should know of the trend."""
        if crossing is None:
            return None
        level = self.settings.level
        seen, ahead = round(samples[-1][0] - samples[0][0]), crossing - samples[-1][0]
        if ahead <= 0:
            return message("signal.trend-now", seen=seen, level=level)
        return message("signal.trend", seen=seen, level=level, ahead=round(ahead))

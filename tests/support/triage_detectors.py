"""A kind of detector that the desk does not have, as another package would bring it."""

from dataclasses import dataclass

from desk_contracts.message import message
from desk_triage.detection.detector import Finding, Verdict
from desk_triage.detection.model import DetectorState, Sample

from tests.support.triage_smoothed import SmoothedSettings

NEEDED = 3


@dataclass(frozen=True, slots=True)
class Smoothed:
    """Remembers numbers of its own: how many samples, their mean, the newest moment."""

    settings: SmoothedSettings

    def examine(self, state: DetectorState, sample: Sample) -> Finding:
        settings, (at_s, value) = self.settings, sample
        count, mean, newest_s = state.numbers or (0.0, 0.0, at_s)
        if at_s <= newest_s and count:
            return self._find(state, count, mean, newest_s)
        if at_s - newest_s > settings.forget_after_s:
            count, mean = 0.0, 0.0
        count += 1
        mean += (value - mean) / min(count, NEEDED)
        return self._find(DetectorState(numbers=(count, mean, at_s)), count, mean, at_s)

    def _find(self, state: DetectorState, count: float, mean: float, at_s: float) -> Finding:
        level = self.settings.above
        verdict = Verdict.BETWEEN
        meaning = message("detector.between-not-above", level=level)
        if count < NEEDED:
            verdict = Verdict.UNKNOWN
            meaning = message("detector.too-few-samples", seen=int(count), wanted=NEEDED)
        elif mean > level:
            return Finding(state, Verdict.TROUBLE, at_s, mean, level, samples_needed=NEEDED)
        elif mean <= self.settings.clear_at:
            verdict, meaning = Verdict.HEALTHY, message("detector.not-above", level=level)
        return Finding(state, verdict, at_s, mean, level, meaning, samples_needed=NEEDED)

"""`threshold`: the value of the newest sample against a level."""

from dataclasses import dataclass

from desk_charter.detectors import ThresholdDetector
from desk_contracts.message import message

from desk_triage.detection.detector import Finding, Verdict
from desk_triage.detection.model import DetectorState, Sample


@dataclass(frozen=True, slots=True)
class Threshold:
    """One sample is enough, and nothing is remembered."""

    settings: ThresholdDetector

    def examine(self, state: DetectorState, sample: Sample) -> Finding:
        settings, (at_s, value) = self.settings, sample
        level, is_below = settings.level, settings.below is not None
        if settings.is_trouble(value):
            return Finding(state, Verdict.TROUBLE, at_s, value, level)
        if settings.is_clear(value):
            well = (
                message("detector.not-below", level=level)
                if is_below
                else message("detector.not-above", level=level)
            )
            return Finding(state, Verdict.HEALTHY, at_s, value, level, well)
        between = (
            message("detector.between-not-below", level=level)
            if is_below
            else message("detector.between-not-above", level=level)
        )
        return Finding(state, Verdict.BETWEEN, at_s, value, level, between)

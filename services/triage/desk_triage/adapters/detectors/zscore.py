"""`zscore`: how many standard deviations the newest sample lies from the window's mean."""

from dataclasses import dataclass
from math import sqrt

from desk_charter.detectors import ZScoreDetector
from desk_contracts.message import Message, message

from desk_triage.detection.detector import Finding, Verdict
from desk_triage.detection.model import DetectorState, Sample
from desk_triage.detection.window import count_needed, remember

# A steady past has hardly any deviation; a tenth of its mean is the least that counts as one.
LEAST_SPREAD = 0.1


@dataclass(frozen=True, slots=True)
class ZScore:
    """The sample window is what counts as usual.

    Trouble is not learned, or it would end by lasting. A window from before a gap may still show
    trouble, but no health.
    """

    settings: ZScoreDetector

    def examine(self, state: DetectorState, sample: Sample) -> Finding:
        settings, (at_s, value) = self.settings, sample
        window_s = settings.window.total_seconds()
        needed = count_needed(state, settings.min_samples)
        learned = remember(state, sample, window_s)
        count = len(state.samples)
        if count < needed:
            few = message("detector.too-few-samples", seen=count, wanted=needed)
            return Finding(learned, Verdict.UNKNOWN, at_s, value, value, few, samples_needed=needed)
        values = [v for _, v in state.samples]
        mean = sum(values) / count
        deviation = sqrt(sum((v - mean) ** 2 for v in values) / count)
        deviation = max(deviation, LEAST_SPREAD * abs(mean)) or 1.0
        score = (value - mean) / deviation
        sided = {"above": score, "below": -score, "both": abs(score)}[settings.side]
        threshold = mean + (-1 if score < 0 else 1) * settings.score * deviation
        verdict: Verdict = Verdict.BETWEEN
        meaning: Message | None = message("detector.below-score", score=settings.score)
        if sided >= settings.score:
            verdict, meaning, learned = Verdict.TROUBLE, None, state
        elif sided < settings.clear_score:
            recent = sum(taken_s > at_s - window_s for taken_s, _ in state.samples)
            verdict, meaning = Verdict.HEALTHY, message("detector.usual")
            if recent < needed:
                verdict = Verdict.UNKNOWN
                meaning = message("detector.too-few-samples", seen=recent, wanted=needed)
        unusual = message("signal.unusual", mean=mean, score=round(abs(score), 1))
        return Finding(
            learned, verdict, at_s, value, threshold, meaning, unusual, samples_needed=needed
        )

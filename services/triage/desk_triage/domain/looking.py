"""Why a detector raised a signal or did not, in words and with the values it depended on."""

from collections.abc import Mapping
from typing import NamedTuple

from desk_shared.charter.model import Detector, ThresholdDetector, ZScoreDetector

from desk_triage.domain.holding import Verdict, is_lasting, is_over
from desk_triage.domain.past import needed
from desk_triage.domain.subjects import Considered
from desk_triage.domain.watching import Watch


class Look(NamedTuple):
    """What came of one look: a code, a sentence, and the values."""

    outcome: str
    text: str
    values: Mapping[str, str]


def look_of(considered: Considered) -> Look:
    """The first thing that stood between the measurement and a signal, if anything did."""
    detector, known, finding, watch = considered
    values = {
        "measurement": detector.measurement,
        "value": f"{finding.value:.6g}",
        "line": f"{finding.threshold:.6g}",
    }
    outcome, text = _outcome(considered)
    if watch.troubles and detector.hold:
        lasted = watch.troubles[-1] - watch.troubles[0]
        values |= {"lasted_s": f"{lasted:g}", "must_last_s": f"{detector.hold.total_seconds():g}"}
    if not isinstance(detector, ThresholdDetector):
        wanted = needed(known, detector.min_samples)
        values |= {"samples": str(len(finding.watch.points)), "samples_needed": str(wanted)}
    return Look(outcome, text, values)


def _outcome(considered: Considered) -> tuple[str, str]:
    detector, known, finding, watch = considered
    if known.clear_s is not None and finding.at_s <= known.clear_s:
        return "late", "It is older than a healthy measurement that was seen already."
    if known.episode is not None:
        if is_over(watch):
            return "cleared", "It is well again, so the signal was cleared."
        return "open", "Its signal is open already, and is raised once."
    if finding.verdict is Verdict.TROUBLE:
        return _troubled(detector, watch)
    if finding.verdict is Verdict.HEALTHY:
        return "healthy", _healthy(detector)
    return _undecided(considered)


def _troubled(detector: Detector, watch: Watch) -> tuple[str, str]:
    hold_s = detector.hold.total_seconds()
    if is_lasting(watch, hold_s):
        return "raised", "It is trouble and has lasted long enough: a signal was raised."
    return "not-lasting", f"It is trouble, but has not lasted for {hold_s:g} seconds yet."


def _healthy(detector: Detector) -> str:
    if isinstance(detector, ZScoreDetector):
        return "It is as usual."
    return f"It is not {_line(detector)}, and is well."


def _undecided(considered: Considered) -> tuple[str, str]:
    detector, known, finding, _ = considered
    if isinstance(detector, ThresholdDetector):
        return "between", f"It is not {_line(detector)}, and not well again either."
    seen, wanted = len(finding.watch.points), needed(known, detector.min_samples)
    if seen < wanted:
        return "too-few-samples", f"{seen} samples are known; it judges from {wanted} on."
    if isinstance(detector, ZScoreDetector):
        return "between", f"Its deviation is below {detector.score:g}, but it is not as usual."
    return "between", f"It is not {_line(detector)}, but its trend leads there later."


def _line(detector: Detector) -> str:
    if isinstance(detector, ZScoreDetector):
        return f"{detector.score:g} usual deviations away"
    if detector.below is not None:
        return f"below {detector.below:g}"
    return f"above {detector.above:g}"

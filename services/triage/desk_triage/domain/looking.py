"""Why a detector raised a signal or did not, with the values it depended on."""

from collections.abc import Mapping
from typing import NamedTuple

from desk_shared.charter.model import Detector, ForecastDetector, ThresholdDetector, ZScoreDetector
from desk_shared.events.message import Message, message

from desk_triage.domain.holding import Verdict, is_lasting, is_over
from desk_triage.domain.past import needed
from desk_triage.domain.subjects import Considered
from desk_triage.domain.watching import Watch


class Look(NamedTuple):
    """What came of one look: its outcome, what that means, and the values."""

    outcome: str
    message: Message
    values: Mapping[str, str]


def look_of(considered: Considered) -> Look:
    """The first thing that stood between the measurement and a signal, if anything did."""
    detector, known, finding, watch = considered
    values = {
        "measurement": detector.measurement,
        "value": f"{finding.value:.6g}",
        "line": f"{finding.threshold:.6g}",
    }
    outcome, said = _outcome(considered)
    if watch.troubles and detector.hold:
        lasted = watch.troubles[-1] - watch.troubles[0]
        values |= {"lasted_s": f"{lasted:g}", "must_last_s": f"{detector.hold.total_seconds():g}"}
    if not isinstance(detector, ThresholdDetector):
        wanted = needed(known, detector.min_samples)
        values |= {"samples": str(len(finding.watch.points)), "samples_needed": str(wanted)}
    return Look(outcome, said, values)


def _outcome(considered: Considered) -> tuple[str, Message]:
    detector, known, finding, watch = considered
    if known.clear_s is not None and finding.at_s <= known.clear_s:
        return "late", message("detector.late")
    if known.episode is not None:
        if is_over(watch):
            return "cleared", message("detector.cleared")
        return "open", message("detector.open")
    if finding.verdict is Verdict.TROUBLE:
        return _troubled(detector, watch)
    if finding.verdict is Verdict.HEALTHY:
        return "healthy", _healthy(detector)
    return _undecided(considered)


def _troubled(detector: Detector, watch: Watch) -> tuple[str, Message]:
    hold_s = detector.hold.total_seconds()
    if is_lasting(watch, hold_s):
        return "raised", message("detector.raised")
    return "not-lasting", message("detector.not-lasting", hold=detector.hold)


def _healthy(detector: Detector) -> Message:
    if isinstance(detector, ZScoreDetector):
        return message("detector.usual")
    if detector.below is not None:
        return message("detector.not-below", level=detector.below)
    return message("detector.not-above", level=detector.level)


def _undecided(considered: Considered) -> tuple[str, Message]:
    detector, known, finding, _ = considered
    if isinstance(detector, ThresholdDetector):
        return "between", _between(detector)
    seen, wanted = len(finding.watch.points), needed(known, detector.min_samples)
    if seen < wanted:
        return "too-few-samples", message("detector.too-few-samples", seen=seen, wanted=wanted)
    if isinstance(detector, ZScoreDetector):
        return "between", message("detector.below-score", score=detector.score)
    return "between", _leading_there(detector)


def _between(detector: ThresholdDetector) -> Message:
    if detector.below is not None:
        return message("detector.between-not-below", level=detector.below)
    return message("detector.between-not-above", level=detector.level)


def _leading_there(detector: ForecastDetector) -> Message:
    if detector.below is not None:
        return message("detector.trend-not-below", level=detector.below)
    return message("detector.trend-not-above", level=detector.level)

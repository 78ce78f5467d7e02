"""What came of one look of a detector: the first thing between the measurement and a signal."""

from collections.abc import Mapping
from typing import NamedTuple

from desk_contracts.message import Message, message

from desk_triage.detection.decide import Assessment
from desk_triage.detection.hysteresis import is_lasting, is_over


class Outcome(NamedTuple):
    """Its name, what that means, and the values it depended on."""

    name: str
    message: Message
    values: Mapping[str, str]


def explain_outcome(assessment: Assessment) -> Outcome:
    """Why a detector raised a signal or did not."""
    detector, _before, finding, watch = assessment
    hold_s = detector.settings.hold.total_seconds()
    values = {
        "measurement": detector.settings.measurement,
        "value": f"{finding.value:.6g}",
        "line": f"{finding.threshold:.6g}",
    }
    if watch.troubles and hold_s:
        lasted = watch.troubles[-1] - watch.troubles[0]
        values |= {"lasted_s": f"{lasted:g}", "must_last_s": f"{hold_s:g}"}
    if finding.samples_needed is not None:
        samples = str(len(finding.state.samples))
        values |= {"samples": samples, "samples_needed": str(finding.samples_needed)}
    return Outcome(*_explain(assessment), values)


def _explain(assessment: Assessment) -> tuple[str, Message]:
    _, before, finding, watch = assessment
    if before.clear_s is not None and finding.at_s <= before.clear_s:
        return "late", message("detector.late")
    if before.is_raised:
        if is_over(watch):
            return "cleared", message("detector.cleared")
        return "open", message("detector.open")
    if finding.meaning is not None:
        return finding.verdict.value, finding.meaning
    return _explain_trouble(assessment)


def _explain_trouble(assessment: Assessment) -> tuple[str, Message]:
    settings, watch = assessment.detector.settings, assessment.watch
    if not is_lasting(watch, settings.hold.total_seconds()):
        return "not-lasting", message("detector.not-lasting", hold=settings.hold)
    if watch.join:
        return "joined", message("detector.joined", together=settings.together)
    return "raised", message("detector.raised")

"""Telemetry of one subject: which detectors look at a measurement, and what they raise or clear.

Pure, and cheap where nothing happens: None means that there is nothing to write down.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from desk_charter.model import Charter
from desk_contracts import AnyEvent, Event, derive
from desk_contracts.digest import seed_of
from desk_contracts.events.signals import SignalRaised
from desk_contracts.events.telemetry import Measured
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, Param, message
from desk_kernel import Decision

from desk_triage.changes.snapshot import ContextSnapshot
from desk_triage.changes.work import explain_work
from desk_triage.detection.detector import Detector, Finding, Verdict
from desk_triage.detection.dropping import JOINT, Watched, fits, plan_look
from desk_triage.detection.fleet import find_facts
from desk_triage.detection.hysteresis import apply_verdict, is_lasting, is_over
from desk_triage.detection.model import DetectorState, Episode, Subject, Watch
from desk_triage.detection.signals import describe_severity, emit_end, open_episode
from desk_triage.routing.model import SOURCE

_TITLE_LENGTH = 300
# A forecast beyond the last day that can be written down is no date that anybody needs.
_LAST_S = datetime.max.replace(tzinfo=UTC).timestamp() - 86_400


class Assessment(NamedTuple):
    """What one detector makes of a measurement; `before` and `watch` are what it remembers."""

    detector: Detector
    before: Watch
    finding: Finding
    watch: Watch


def assess(
    subject: Subject | None, event: Event[Measured], detectors: Sequence[Detector], now: datetime
) -> list[Assessment]:
    """Each detector's look at one measurement; a clock that runs ahead is not believed."""
    before, sample = subject or Subject(), (min(event.time, now).timestamp(), event.data.value)
    assessments = []
    for detector in detectors:
        settings, unit = detector.settings, event.data.unit
        watch_before = before.watch(settings.id)
        if watch_before is None or not fits(watch_before, Watched.of(settings)):
            # What was learned of another measurement says nothing of this one.
            watch_before = Watch(
                detector=settings.id,
                measurement=settings.measurement,
                join=settings.join or "",
                unit=unit,
            )
        kept = watch_before
        if unit != kept.unit:
            # What was learned in another unit says nothing of this one.
            kept = kept.model_copy(update={"unit": unit, "state": DetectorState()})
        if settings.unit is not None and unit != settings.unit:
            wrong = message("detector.wrong-unit", unit=unit, wanted=settings.unit)
            at_s, value = sample
            finding = Finding(watch_before.state, Verdict.FOREIGN, at_s, value, value, wrong)
            assessments.append(Assessment(detector, watch_before, finding, watch_before))
            continue
        finding = detector.examine(kept.state, sample)
        is_same = finding.state is kept.state
        watch = kept if is_same else kept.model_copy(update={"state": finding.state})
        watch = apply_verdict(watch, finding.verdict, finding.at_s)
        assessments.append(Assessment(detector, watch_before, finding, watch))
    return assessments


def measure(
    subject: Subject | None,
    event: Event[Measured],
    assessments: Sequence[Assessment],
    charter: Charter,
    snapshot: ContextSnapshot,
    now: datetime,
) -> Decision[Subject] | None:
    """What follows from one measurement."""
    before = subject or Subject()
    after, events = before, list[AnyEvent]()
    facts = find_facts(event.data)
    if assessments and facts != before.facts:
        after = after.model_copy(update={"facts": facts})
    for assessment in assessments:
        if assessment.watch is assessment.before:
            continue
        if assessment.watch.join:
            after, emitted = _join(after, assessment, event, charter, snapshot)
        else:
            watch, emitted = _raise_or_clear(assessment, event, charter, snapshot)
            after = after.replace_watch(watch)
        events += emitted
    if after is before:
        return None
    after = plan_look(after, now)
    return Decision(after, tuple(events), after.due)


def _raise_or_clear(
    assessment: Assessment, event: Event[Measured], charter: Charter, snapshot: ContextSnapshot
) -> tuple[Watch, list[AnyEvent]]:
    """Raise what has lasted, clear what is over; most often neither."""
    detector, _, finding, watch = assessment
    if watch.episode is None and is_lasting(watch, detector.settings.hold.total_seconds()):
        raised = _emit_raised(detector, finding, event, charter, snapshot)
        return watch.model_copy(update={"episode": open_episode(raised)}), [raised]
    if watch.episode is not None and is_over(watch):
        ended = emit_end(watch.episode, event, finding.value, _explain_end(assessment))
        return watch.model_copy(update={"episode": None}), [ended]
    return watch, []


def _join(
    subject: Subject,
    assessment: Assessment,
    event: Event[Measured],
    charter: Charter,
    snapshot: ContextSnapshot,
) -> tuple[Subject, list[AnyEvent]]:
    """One signal for all joined detectors of the subject: raised by the first few, ended by all."""
    detector, _, finding, watch = assessment
    settings = detector.settings
    is_new = watch.joined_s is None and is_lasting(watch, settings.hold.total_seconds())
    if is_new:
        watch = watch.model_copy(update={"joined_s": finding.at_s})
    elif watch.joined_s is not None and is_over(watch):
        watch = watch.model_copy(update={"joined_s": None})
    after = subject.replace_watch(watch)
    name = f"{JOINT}{watch.join}"
    joint = after.watch(name) or Watch(detector=name)
    others = [other for other in after.watches if other.join == watch.join and other.is_raised]
    events: list[AnyEvent] = []
    if joint.episode is None and is_new and len(others) >= settings.together:
        raised = _emit_raised(detector, finding, event, charter, snapshot, len(others))
        joint, events = joint.model_copy(update={"episode": open_episode(raised)}), [raised]
    elif joint.episode is not None and not others:
        ended = emit_end(joint.episode, event, finding.value, _explain_end(assessment))
        joint, events = joint.model_copy(update={"episode": None}), [ended]
    elif joint.episode is not None and is_new:
        joint, events = _worsen(joint, joint.episode, assessment, event, len(others))
    return (after.replace_watch(joint) if events else after), events


def _worsen(
    joint: Watch, episode: Episode, assessment: Assessment, event: Event[Measured], count: int
) -> tuple[Watch, list[AnyEvent]]:
    """One more that sees trouble raises the severity, if its own is higher."""
    settings = assessment.detector.settings
    if settings.severity.rank <= episode.severity.rank:
        return joint, []
    why = message("signal.joined", count=count, measurement=settings.measurement)
    change = describe_severity(episode, episode.title, settings.severity, why, settings.measurement)
    rule = f"severity/{episode.id}/{settings.id}"
    emitted = derive(event, change, source=SOURCE, subject=event.subject, rule=rule, at=event.time)
    worse = episode.model_copy(update={"severity": settings.severity})
    return joint.model_copy(update={"episode": worse}), [emitted]


def _explain_end(assessment: Assessment) -> Message:
    finding, measurement = assessment.finding, assessment.detector.settings.measurement
    well = message("signal.well-again", measurement=measurement, value=finding.value)
    return finding.end or well


def _emit_raised(
    detector: Detector,
    finding: Finding,
    event: Event[Measured],
    charter: Charter,
    snapshot: ContextSnapshot,
    joined: int = 1,
) -> Event[SignalRaised]:
    settings, data = detector.settings, event.data
    service, expected_at = settings.service or data.service, None
    owned, subjects = charter.find_service(service), (event.subject,)
    if finding.expected_s is not None and finding.expected_s <= _LAST_S:
        expected_at = datetime.fromtimestamp(finding.expected_s, UTC)
    # The charter's sentence; braces that are none of ours stay as they are.
    title = settings.title.replace("{value}", f"{finding.value:.4g}")
    title = title.replace("{level}", f"{finding.threshold:.4g}").replace("{subject}", event.subject)
    signal = SignalRaised(
        episode=derive_id(seed_of(event), f"episode/{settings.id}/{event.subject}"),
        detector=settings.id,
        signal=settings.signal,
        title=title[:_TITLE_LENGTH],
        severity=settings.severity,
        subject_kind=data.subject_kind,
        measurement=settings.measurement,
        value=finding.value,
        threshold=finding.threshold,
        expected_at=expected_at,
        service=service,
        person=data.person,
        site=data.site,
        attributes=data.attributes,
        explanation=(
            *_explain_finding(detector, finding, data.unit, joined),
            *explain_work(charter, snapshot, owned, event.time, subjects=subjects, site=data.site),
        ),
        charter=charter.version,
        amended=event.amended,
    )
    rule = f"raise/{settings.id}"
    return derive(event, signal, source=SOURCE, subject=event.subject, rule=rule, at=event.time)


def _explain_finding(detector: Detector, finding: Finding, unit: str, joined: int) -> list[Message]:
    hold = detector.settings.hold
    facts: dict[str, Param] = {
        "measurement": detector.settings.measurement,
        "value": _with_unit(finding.value, unit),
        "threshold": _with_unit(finding.threshold, unit),
    }
    crossed = (
        message("signal.crossed-for-long", hold=hold, **facts)
        if hold > timedelta(0)
        else message("signal.crossed", **facts)
    )
    reasons = [crossed] if finding.evidence is None else [crossed, finding.evidence]
    if joined > 1:
        measurement = detector.settings.measurement
        reasons.append(message("signal.joined", count=joined, measurement=measurement))
    return reasons


def _with_unit(value: float, unit: str) -> Param:
    """The value, with its unit where it has one."""
    return value if unit in ("", "1") else message("signal.measure", value=value, unit=unit)

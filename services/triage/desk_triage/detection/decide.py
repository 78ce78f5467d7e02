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

from desk_triage.changes.snapshot import ContextSnapshot, explain_changes
from desk_triage.detection.detector import Detector, Finding
from desk_triage.detection.hysteresis import apply_verdict, is_lasting, is_over
from desk_triage.detection.model import Subject, Watch
from desk_triage.detection.signals import emit_end, open_episode
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
        name = detector.settings.id
        watch_before = before.watch(name) or Watch(detector=name)
        finding = detector.examine(watch_before.state, sample)
        is_same = finding.state is watch_before.state
        watch = (
            watch_before if is_same else watch_before.model_copy(update={"state": finding.state})
        )
        watch = apply_verdict(watch, finding.verdict, finding.at_s)
        assessments.append(Assessment(detector, watch_before, finding, watch))
    return assessments


def measure(
    subject: Subject | None,
    event: Event[Measured],
    assessments: Sequence[Assessment],
    charter: Charter,
    snapshot: ContextSnapshot,
) -> Decision[Subject] | None:
    """What follows from one measurement."""
    before = subject or Subject()
    after, events = before, list[AnyEvent]()
    for assessment in assessments:
        if assessment.watch is assessment.before:
            continue
        watch, emitted = _raise_or_clear(assessment, event, charter, snapshot)
        events += emitted
        after = after.replace_watch(watch)
    if after is before:
        return None
    return Decision(after, tuple(events), after.next_clear)


def _raise_or_clear(
    assessment: Assessment, event: Event[Measured], charter: Charter, snapshot: ContextSnapshot
) -> tuple[Watch, list[AnyEvent]]:
    """Raise what has lasted, clear what is over; most often neither."""
    detector, _, finding, watch = assessment
    if watch.episode is None and is_lasting(watch, detector.settings.hold.total_seconds()):
        raised = _emit_raised(detector, finding, event, charter, snapshot)
        kept = {"episode": open_episode(raised), "troubles": watch.troubles[-1:]}
        return watch.model_copy(update=kept), [raised]
    if watch.episode is not None and is_over(watch):
        measurement = detector.settings.measurement
        well = message("signal.well-again", measurement=measurement, value=finding.value)
        ended = emit_end(watch.episode, event, finding.value, well)
        return watch.model_copy(update={"episode": None}), [ended]
    return watch, []


def _emit_raised(
    detector: Detector,
    finding: Finding,
    event: Event[Measured],
    charter: Charter,
    snapshot: ContextSnapshot,
) -> Event[SignalRaised]:
    settings, data = detector.settings, event.data
    service, expected_at = settings.service or data.service, None
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
            *_explain_finding(detector, finding, data.unit),
            *_explain_work(service, event.time, charter, snapshot),
        ),
        charter=charter.version,
        amended=event.amended,
    )
    rule = f"raise/{settings.id}"
    return derive(event, signal, source=SOURCE, subject=event.subject, rule=rule, at=event.time)


def _explain_finding(detector: Detector, finding: Finding, unit: str) -> list[Message]:
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
    return [crossed] if finding.evidence is None else [crossed, finding.evidence]


def _explain_work(
    service: str, at: datetime, charter: Charter, snapshot: ContextSnapshot
) -> list[Message]:
    """Changes and maintenance of the service that may have to do with it."""
    owned = charter.find_service(service)
    if owned is None:
        return []
    changes = explain_changes(snapshot, owned.name, owned.title, at)
    windows = [window for window in owned.maintenance if window.covers(at)]
    return [*changes, *(message("signal.maintenance", window=w.title) for w in windows)]


def _with_unit(value: float, unit: str) -> Param:
    """The value, with its unit where it has one."""
    return value if unit in ("", "1") else message("signal.measure", value=value, unit=unit)

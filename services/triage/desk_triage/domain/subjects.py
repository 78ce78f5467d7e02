"""Telemetry of one subject: which detectors look at a measurement, and what they raise or clear.

Pure, and cheap where nothing happens: None means that there is nothing to write down.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from desk_shared.charter.model import Charter, Detector
from desk_shared.events import AnyEvent, Event, derive
from desk_shared.events.content import seed_of
from desk_shared.events.message import Message, Param, message
from desk_shared.events.signals import SignalRaised
from desk_shared.events.telemetry import Measured
from desk_shared.ids import derived_id
from desk_shared.kernel import Decision

from desk_triage.domain.board import Board, change_reasons
from desk_triage.domain.detectors import Finding, examine
from desk_triage.domain.holding import hold, is_lasting, is_over
from desk_triage.domain.signals import clear, episode_of
from desk_triage.domain.source import SOURCE
from desk_triage.domain.watching import Subject, Watch

Detectors = Mapping[str, Sequence[Detector]]
_TITLE_LENGTH = 300


def by_measurement(charter: Charter) -> Detectors:
    """The charter's detectors by the measurement they watch."""
    found: dict[str, list[Detector]] = {}
    for detector in charter.routing.detectors:
        found.setdefault(detector.measurement, []).append(detector)
    return found


class Considered(NamedTuple):
    """What one detector makes of a measurement; `known` is what it remembered, `watch` what now."""

    detector: Detector
    known: Watch
    finding: Finding
    watch: Watch


def consider(
    subject: Subject | None, event: Event[Measured], detectors: Sequence[Detector], now: datetime
) -> list[Considered]:
    """Each detector's look at one measurement; a clock that runs ahead is not believed."""
    before, point = subject or Subject(), (min(event.time, now).timestamp(), event.data.value)
    found = []
    for detector in detectors:
        known = before.watch(detector.id) or Watch(detector=detector.id)
        finding = examine(detector, known, point)
        watch = hold(finding.watch, finding.verdict, finding.at_s)
        found.append(Considered(detector, known, finding, watch))
    return found


def measure(
    subject: Subject | None,
    event: Event[Measured],
    considered: Sequence[Considered],
    charter: Charter,
    board: Board,
) -> Decision[Subject] | None:
    """What follows from one measurement."""
    before = subject or Subject()
    after, events = before, list[AnyEvent]()
    for detector, known, finding, held in considered:
        if held is known:
            continue
        watch, told = _told(held, detector, finding, event, charter, board)
        events += told
        after = after.watched(watch)
    if after is before:
        return None
    return Decision(after, tuple(events), after.next_clear)


def _told(
    watch: Watch,
    detector: Detector,
    finding: Finding,
    event: Event[Measured],
    charter: Charter,
    board: Board,
) -> tuple[Watch, list[AnyEvent]]:
    """Raise what has lasted, clear what is over; most often neither."""
    if watch.episode is None and is_lasting(watch, detector.hold.total_seconds()):
        raised = _raised(detector, finding, event, charter, board)
        opened = episode_of(raised)
        kept = {"episode": opened, "troubles": watch.troubles[-1:]}
        return watch.model_copy(update=kept), [raised]
    if watch.episode is not None and is_over(watch):
        well = message("signal.well-again", measurement=detector.measurement, value=finding.value)
        cleared = clear(watch.episode, event, finding.value, well)
        return watch.model_copy(update={"episode": None}), [cleared]
    return watch, []


def _raised(
    detector: Detector, finding: Finding, event: Event[Measured], charter: Charter, board: Board
) -> Event[SignalRaised]:
    data = event.data
    service = detector.service or data.service
    signal = SignalRaised(
        episode=derived_id(seed_of(event), f"episode/{detector.id}/{event.subject}"),
        detector=detector.id,
        signal=detector.signal,
        title=_title(detector, event.subject, finding),
        severity=detector.severity,
        subject_kind=data.subject_kind,
        measurement=detector.measurement,
        value=finding.value,
        threshold=finding.threshold,
        expected_at=_moment(finding.expected_s),
        service=service,
        person=data.person,
        site=data.site,
        attributes=data.attributes,
        explanation=_reasons(detector, finding, event, service, charter, board),
        charter=charter.version,
        amended=event.amended,
    )
    rule = f"raise/{detector.id}"
    return derive(event, signal, source=SOURCE, subject=event.subject, rule=rule, at=event.time)


def _reasons(
    detector: Detector,
    finding: Finding,
    event: Event[Measured],
    service: str,
    charter: Charter,
    board: Board,
) -> tuple[Message, ...]:
    unit = event.data.unit
    facts: dict[str, Param] = {
        "measurement": detector.measurement,
        "value": _measure(finding.value, unit),
        "threshold": _measure(finding.threshold, unit),
    }
    reasons = [
        message("signal.crossed-for-long", hold=detector.hold, **facts)
        if detector.hold > timedelta(0)
        else message("signal.crossed", **facts)
    ]
    if finding.why:
        reasons.append(finding.why)
    known = charter.find_service(service)
    if known is not None:
        reasons += change_reasons(board, known.name, known.title, event.time)
        reasons += [
            message("signal.maintenance", window=window.title)
            for window in known.maintenance
            if window.covers(event.time)
        ]
    return tuple(reasons)


def _measure(value: float, unit: str) -> Param:
    """The value, with its unit where it has one."""
    return value if unit in ("", "1") else message("signal.measure", value=value, unit=unit)


def _title(detector: Detector, subject: str, finding: Finding) -> str:
    """The charter's sentence; braces that are none of ours stay as they are."""
    filled = detector.title
    words = {"value": f"{finding.value:.4g}", "level": f"{finding.threshold:.4g}"}
    for name, word in (words | {"subject": subject}).items():
        filled = filled.replace(f"{{{name}}}", word)
    return filled[:_TITLE_LENGTH]


def _moment(seconds: float | None) -> datetime | None:
    """A far forecast is no date that anybody needs."""
    if seconds is None or seconds > datetime.max.replace(tzinfo=UTC).timestamp() - 86_400:
        return None
    return datetime.fromtimestamp(seconds, UTC)

"""Runs what triage runs over labelled devices: the same detectors and the same decisions."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import merge
from itertools import chain
from statistics import median

from desk_charter import Charter
from desk_charter.detectors import DetectorSettings, UnusualDetector
from desk_contracts import Event
from desk_contracts.events.signals import SignalRaised
from desk_contracts.events.telemetry import Measured
from desk_contracts.value_types import SubjectKind
from desk_triage.adapters.detectors import DETECTORS
from desk_triage.changes.snapshot import EMPTY
from desk_triage.detection.decide import assess, measure
from desk_triage.detection.detector import Detector
from desk_triage.detection.model import Subject

from desk_bench.telemetry.nab import PROFILES, Window, count_probation, normalise, score_series
from desk_bench.telemetry.reading import Corpus, Device
from desk_bench.telemetry.reading import Event as Labelled

WEEK_S = 604_800
FAR = datetime(2200, 1, 1, tzinfo=UTC)
Samples = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Raised:
    """When a signal was raised, and by which metric."""

    at_s: float
    metric: str


@dataclass
class Verdicts:
    """How the default did on some devices."""

    devices: int = 0
    series: int = 0
    samples: int = 0
    series_weeks: float = 0.0
    device_weeks: float = 0.0
    events: int = 0
    false_alarms: int = 0
    delays_s: list[float] = field(default_factory=list)
    """From the beginning of an event to its signal: one for each event that was found."""
    leads_s: list[float] = field(default_factory=list)
    """From the signal to the end of the event."""
    nab: dict[str, float | None] = field(default_factory=dict)

    @property
    def recall(self) -> float | None:
        """The share of events that were found; None without any."""
        return len(self.delays_s) / self.events if self.events else None

    @property
    def median_delay_s(self) -> float | None:
        """None if nothing was found."""
        return median(self.delays_s) if self.delays_s else None

    @property
    def median_lead_s(self) -> float | None:
        """None if nothing was found."""
        return median(self.leads_s) if self.leads_s else None


def default_detectors(metrics: Iterable[str]) -> dict[str, list[Detector]]:
    """The one default configuration for each metric of a device; all of them make one signal."""
    made: dict[str, list[Detector]] = {}
    for number, metric in enumerate(metrics):
        settings = UnusualDetector.model_validate(
            {
                "kind": "unusual",
                "id": f"unusual-{number}",
                "measurement": name_of(metric),
                "signal": "unusual",
                "title": "{subject} is unusual",
                "severity": "warning",
                "join": "device",
            }
        )
        made[metric] = [DETECTORS.kind("unusual")(settings)]
    return made


def name_of(metric: str) -> str:
    """A dotted name; labelled series call their metrics as they like."""
    plain = re.sub(r"[^a-z0-9]+", ".", metric.lower()).strip(".")
    return f"metric.{plain}" if plain else "metric"


def run_device(
    series: dict[str, Samples], detectors: dict[str, list[Detector]], charter: Charter
) -> list[Raised]:
    """The signals that triage raises for these samples, in order."""
    subject: Subject | None = None
    raised = []
    for at_s, metric, value in _in_order(series):
        event = Event(
            id=f"{metric}/{at_s}",
            source="/evaluation",
            subject="device",
            time=datetime.fromtimestamp(at_s, UTC),
            data=Measured(
                subject_kind=SubjectKind.DEVICE,
                name=detectors[metric][0].settings.measurement,
                value=value,
            ),
        )
        assessments = assess(subject, event, detectors[metric], FAR)
        decision = measure(subject, event, assessments, charter, EMPTY, event.time)
        if decision is not None:
            subject = decision.state
            count = sum(isinstance(emitted.data, SignalRaised) for emitted in decision.events)
            raised += [Raised(at_s, metric)] * count
    return raised


def _in_order(series: dict[str, Samples]) -> Iterator[tuple[float, str, float]]:
    streams = [
        [(at_s, metric, value) for at_s, value in samples] for metric, samples in series.items()
    ]
    return merge(*streams)


def judge(corpus: Corpus, devices: Sequence[Device], alarms: dict[str, list[Raised]]) -> Verdicts:
    """The measures of these devices, from the signals that were raised for them."""
    verdicts = Verdicts(devices=len(devices), series=sum(len(device.series) for device in devices))
    for device in devices:
        spans = [samples[-1][0] - samples[0][0] for samples in device.series.values() if samples]
        verdicts.samples += sum(map(len, device.series.values()))
        verdicts.series_weeks += sum(spans) / WEEK_S
        moments = [at_s for at_s, _ in chain.from_iterable(device.series.values())]
        verdicts.device_weeks += (max(moments) - min(moments)) / WEEK_S if moments else 0.0
        begin_s = _end_of_probation(device) if corpus.is_nab else -1e18
        _count(verdicts, device, [r for r in alarms[device.name] if r.at_s >= begin_s], begin_s)
    if corpus.is_nab:
        verdicts.nab = {name: _score(devices, alarms, cost) for name, cost in PROFILES.items()}
    return verdicts


def _count(verdicts: Verdicts, device: Device, raised: Sequence[Raised], begin_s: float) -> None:
    events = [event for event in device.events if event.end_s >= begin_s]
    verdicts.events += len(events)
    for event in events:
        hit = next((entry for entry in raised if _is_of(entry, event)), None)
        if hit is not None:
            verdicts.delays_s.append(hit.at_s - event.start_s)
            verdicts.leads_s.append(event.end_s - hit.at_s)
    verdicts.false_alarms += sum(not any(_is_of(r, event) for event in events) for r in raised)


def _is_of(raised: Raised, event: Labelled) -> bool:
    """A joined signal names its first metric only: what is wrong with a device is its event."""
    return event.start_s <= raised.at_s <= event.end_s


def _end_of_probation(device: Device) -> float:
    samples = device.series["value"]
    probation = count_probation(len(samples))
    return samples[probation][0] if probation < len(samples) else 1e18


def _score(devices: Sequence[Device], alarms: dict[str, list[Raised]], cost: float) -> float | None:
    scores = []
    for device in devices:
        rows = {at_s: row for row, (at_s, _) in reversed(list(enumerate(device.series["value"])))}
        windows = [Window(rows[event.start_s], rows[event.end_s]) for event in device.events]
        numbers = [rows[raised.at_s] for raised in alarms[device.name]]
        scores.append(score_series(len(device.series["value"]), windows, numbers, cost))
    return normalise(scores)


@dataclass(frozen=True)
class DiskVerdict:
    """What the forecast made of the disks of one kind."""

    kind: str
    disks: int
    caught: int
    """Disks that filled and of which it was said before."""
    filled: int
    false_alarms: int
    device_weeks: float
    median_lead_h: float | None


def forecast_detectors(charter: Charter) -> list[Detector]:
    """The forecasts of the charter for a disk, as they are."""
    settings: list[DetectorSettings] = [
        each for each in charter.routing.detectors if each.kind == "forecast"
    ]
    return [DETECTORS.kind(each.kind)(each) for each in settings]

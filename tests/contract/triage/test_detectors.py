"""Every kind of detector keeps what the port promises: the desk's own, and one from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from desk_charter.routing import DETECTOR_SETTINGS
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.events.telemetry import Measured
from desk_contracts.messages import LANGUAGES, catalogue
from desk_contracts.value_types import SubjectKind
from desk_triage.adapters.detectors import DETECTORS
from desk_triage.changes.snapshot import EMPTY
from desk_triage.detection.decide import assess, measure
from desk_triage.detection.detector import Detector, Finding, Verdict
from desk_triage.detection.model import DetectorState, Sample, Subject
from hypothesis import given
from hypothesis import strategies as st

from tests.support.triage_desk import CHARTER, at, event
from tests.support.triage_detectors import Smoothed
from tests.support.triage_smoothed import SmoothedSettings

MINUTE = 60.0
SPOKEN = {
    "id": "d",
    "measurement": "m.free",
    "signal": "s",
    "title": "{subject}: {value}",
    "severity": "warning",
}


@dataclass(frozen=True)
class Case:
    """One detector, and samples a minute apart that show what it promises."""

    detector: Detector
    healthy: tuple[float, ...]
    """Enough of them to judge; the last is healthy."""
    trouble: tuple[float, ...]
    """What follows is trouble at the end."""
    between: tuple[float, ...]
    """Neither at the end."""
    is_orderless: bool
    """Whether healthy samples leave the same state in every order."""
    window: timedelta | None = None
    """After so long without samples nothing is known any more; None if one sample is enough."""


def make(kind: str, **more: Any) -> Detector:
    settings = DETECTOR_SETTINGS.kind(kind).model_validate(SPOKEN | {"kind": kind} | more)
    return DETECTORS.kind(kind)(settings)


HOUR = timedelta(hours=1)
CASES = {
    "threshold": Case(
        make("threshold", below=10, clear_at=15), (40.0,), (9.0,), (12.0,), is_orderless=True
    ),
    "forecast": Case(
        make(
            "forecast",
            below=10,
            clear_at=15,
            window="1h",
            horizon="1h",
            min_samples=5,
            every="1m",
        ),
        (60.0, 61.0, 60.0, 61.0, 60.0),
        (50.0, 40.0, 30.0),
        tuple(60 - 0.65 * minute for minute in range(8)),
        is_orderless=True,
        window=HOUR,
    ),
    "unusual": Case(
        make("unusual"),
        tuple(10 + 0.1 * (number % 7) for number in range(200)),
        (90.0,),
        (*(10 + 0.1 * (number % 7) for number in range(200)), 10.62),
        is_orderless=False,
        window=timedelta(hours=6),
    ),
    "smoothed": Case(
        Smoothed(
            SmoothedSettings.model_validate(
                SPOKEN | {"kind": "smoothed", "above": 80, "clear_at": 50, "forget_after_s": 3_600}
            )
        ),
        (10.0, 20.0, 10.0),
        (200.0, 200.0, 200.0),
        (10.0, 20.0, 10.0, 150.0, 80.0),
        is_orderless=False,
        window=HOUR,
    ),
}


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[str(request.param)]


def samples_of(*values: float) -> list[Sample]:
    return [(number * MINUTE, value) for number, value in enumerate(values)]


def run(detector: Detector, samples: Sequence[Sample]) -> tuple[DetectorState, list[Finding]]:
    state, findings = DetectorState(), list[Finding]()
    for sample in samples:
        finding = detector.examine(state, sample)
        state = finding.state
        findings.append(finding)
    return state, findings


def last(detector: Detector, *values: float) -> Finding:
    return run(detector, samples_of(*values))[1][-1]


def test_the_kinds_of_the_charter_are_those_that_can_be_made() -> None:
    assert set(DETECTOR_SETTINGS.kinds) == set(DETECTORS.kinds)
    for name, settings in DETECTOR_SETTINGS.kinds.items():
        assert settings.model_json_schema()["properties"]["kind"]["const"] == name


def test_health_and_trouble_are_told_apart(case: Case) -> None:
    assert last(case.detector, *case.healthy).verdict is Verdict.HEALTHY
    assert last(case.detector, *case.healthy, *case.trouble).verdict is Verdict.TROUBLE


def test_between_the_two_levels_nothing_is_decided(case: Case) -> None:
    result = last(case.detector, *case.between)
    assert result.verdict is Verdict.BETWEEN


def test_without_enough_samples_it_does_not_judge_and_says_so(case: Case) -> None:
    if case.window is None:
        return
    for count in range(1, len(case.healthy) - 1):
        result = last(case.detector, *case.healthy[:count])
        if result.samples_needed is None or count >= result.samples_needed:
            continue
        assert result.verdict is Verdict.UNKNOWN
        assert result.meaning is not None
        assert result.meaning.code == "detector.too-few-samples"
    first = last(case.detector, case.healthy[0])
    assert first.verdict is Verdict.UNKNOWN
    assert first.samples_needed is not None
    assert first.samples_needed > 1


def test_a_gap_is_not_health(case: Case) -> None:
    """What was normal before a long silence does not make the first sample after it healthy."""
    if case.window is None:
        return
    state, _ = run(case.detector, samples_of(*case.healthy))
    after_s = len(case.healthy) * MINUTE + 2 * case.window.total_seconds()
    result = case.detector.examine(state, (after_s, case.healthy[-1]))
    assert result.verdict is Verdict.UNKNOWN
    again = [(after_s + number * MINUTE, value) for number, value in enumerate(case.healthy)]
    state, findings = run(case.detector, [*samples_of(*case.healthy), *again])
    assert findings[-1].verdict is Verdict.HEALTHY


def test_every_verdict_but_trouble_says_what_it_rests_on_in_every_language(case: Case) -> None:
    values = (*case.healthy, *case.trouble, *case.between, *case.healthy)
    for result in run(case.detector, samples_of(*values))[1]:
        assert (result.meaning is None) == (result.verdict is Verdict.TROUBLE)
        for message in filter(None, (result.meaning, result.evidence)):
            for language in LANGUAGES:
                assert "…" not in catalogue(language).render(message)
                assert catalogue(language).template(message.code) is not None


def test_a_sample_that_comes_again_changes_nothing(case: Case) -> None:
    state, _ = run(case.detector, samples_of(*case.healthy))
    again = case.detector.examine(state, samples_of(*case.healthy)[-1])
    assert again.state == state


VALUES = st.lists(st.sampled_from([3.0, 9.0, 10.0, 12.0, 14.0, 40.0, 60.0, 90.0]), max_size=60)


@pytest.mark.parametrize("kind", sorted(CASES))
@given(values=VALUES)
def test_the_same_samples_give_the_same_findings(kind: str, values: list[float]) -> None:
    samples = samples_of(*values)
    assert run(CASES[kind].detector, samples) == run(CASES[kind].detector, samples)


@pytest.mark.parametrize("kind", sorted(CASES))
@given(values=VALUES)
def test_what_is_remembered_is_small_and_can_be_stored_in_between(
    kind: str, values: list[float]
) -> None:
    detector, state = CASES[kind].detector, DetectorState()
    for sample in samples_of(*values):
        stored = state.model_dump_json()
        assert len(stored) < 3_000
        result = detector.examine(state, sample)
        assert detector.examine(DetectorState.model_validate_json(stored), sample) == result
        state = result.state


@pytest.mark.parametrize("kind", sorted(CASES))
@given(data=st.data())
def test_healthy_samples_leave_the_same_state_in_every_order_where_that_is_promised(
    kind: str, data: st.DataObject
) -> None:
    case = CASES[kind]
    if not case.is_orderless:
        return
    samples = samples_of(*case.healthy)
    shuffled = data.draw(st.permutations(samples))
    assert run(case.detector, shuffled)[0] == run(case.detector, samples)[0]


def test_one_trouble_is_one_episode(case: Case) -> None:
    values = (*case.healthy, *case.trouble, case.trouble[-1], *case.healthy, *case.healthy)
    subject: Subject | None = None
    emitted = []
    for minute, value in enumerate(values):
        data = Measured(subject_kind=SubjectKind.DEVICE, name="m.free", value=value)
        measured: Any = event("laptop-1", data, minute)
        result = assess(subject, measured, [case.detector], at(10_000))
        decision = measure(subject, measured, result, CHARTER, EMPTY, measured.time)
        if decision is not None:
            subject = decision.state
            emitted += [type(entry.data) for entry in decision.events]
    assert emitted == [SignalRaised, SignalCleared]

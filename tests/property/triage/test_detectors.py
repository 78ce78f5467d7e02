"""What detectors guarantee about order, duplicates, missing data and values between two levels.

Guaranteed: with nothing to last, the end is the same in every order of measurements that lie a
minute apart, and duplicates change nothing. With a time to last, trouble that order finds is found
in every order; what a late healthy measurement would have prevented stays open until the next one.
"""

from collections.abc import Sequence
from datetime import timedelta

from desk_charter.detectors import ForecastDetector, ThresholdDetector
from desk_charter.routing import Detector as Settings
from desk_contracts import AnyEvent, Event
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.events.telemetry import Measured
from desk_triage.adapters.detectors import DETECTORS
from desk_triage.changes.snapshot import EMPTY
from desk_triage.detection.decide import assess, measure
from desk_triage.detection.detector import Detector
from desk_triage.detection.model import DetectorState, Subject
from desk_triage.detection.outcome import explain_outcome
from desk_triage.detection.window import MAX_SAMPLES, remember
from hypothesis import given
from hypothesis import strategies as st

from tests.support.triage_desk import CHARTER, at, measured

LEVEL = next(
    item
    for item in CHARTER.routing.detectors
    if isinstance(item, ThresholdDetector) and not item.hold
)
LASTING = LEVEL.model_copy(update={"hold": timedelta(minutes=3)})
TREND = next(item for item in CHARTER.routing.detectors if isinstance(item, ForecastDetector))
LATER = at(10_000)

values = st.sampled_from([3.0, 7.0, 9.9, 10.0, 12.0, 14.9, 15.0, 40.0])
series = st.lists(values, max_size=20).map(
    lambda result: [measured(value, minute) for minute, value in enumerate(result)]
)


def made(settings: Settings) -> Detector:
    return DETECTORS.kind(settings.kind)(settings)


def run(
    events: Sequence[Event[Measured]], detector: Settings
) -> tuple[Subject | None, list[AnyEvent]]:
    subject: Subject | None = None
    emitted: list[AnyEvent] = []
    for item in events:
        assessments = assess(subject, item, [made(detector)], LATER)
        outcome = measure(subject, item, assessments, CHARTER, EMPTY, item.time)
        texts = {type(event.data) for event in outcome.events} if outcome else set()
        # Why it acted or did not is told as it was.
        look = explain_outcome(assessments[0]).name
        assert (look == "raised") == (SignalRaised in texts)
        assert (look == "cleared") == (SignalCleared in texts)
        if outcome is not None:
            subject = outcome.state
            emitted += outcome.events
    return subject, emitted


def is_open(subject: Subject | None) -> bool:
    return subject is not None and bool(subject.episodes)


@given(data=st.data(), events=series)
def test_the_end_is_the_same_in_every_order_and_with_duplicates(
    data: st.DataObject, events: list[Event[Measured]]
) -> None:
    again = data.draw(st.lists(st.sampled_from(events), max_size=10)) if events else []
    shuffled = data.draw(st.permutations(events + again))
    in_order, _ = run(events, LEVEL)
    in_any, emitted = run(shuffled, LEVEL)
    assert is_open(in_any) == is_open(in_order)
    assert alternates(emitted)


@given(data=st.data(), events=series)
def test_lasting_trouble_is_found_in_every_order(
    data: st.DataObject, events: list[Event[Measured]]
) -> None:
    in_order, _ = run(events, LASTING)
    in_any, emitted = run(data.draw(st.permutations(events)), LASTING)
    assert is_open(in_any) or not is_open(in_order)
    assert alternates(emitted)


def alternates(emitted: list[AnyEvent]) -> bool:
    """Raised and cleared take turns, and each clear is of the episode before it."""
    ids = []
    for number, item in enumerate(emitted):
        data = item.data
        assert isinstance(data, SignalCleared if number % 2 else SignalRaised)
        ids.append(data.episode)
    pairs = [ids[n : n + 2] for n in range(0, len(ids), 2)]
    return all(len(set(pair)) == 1 for pair in pairs) and len(set(ids)) == len(pairs)


@given(events=series)
def test_between_the_two_levels_nothing_is_raised_and_nothing_cleared(
    events: list[Event[Measured]],
) -> None:
    subject, _ = run(events, LEVEL)
    newest = len(events)
    band = [measured(value, newest + n) for n, value in enumerate((10.0, 12.0, 14.9, 10.0))]
    after, emitted = run([*events, *band], LEVEL)
    assert is_open(after) == is_open(subject)
    assert len(emitted) == len(run(events, LEVEL)[1])


@given(events=series)
def test_without_enough_data_no_trend_is_told_and_none_is_over(
    events: list[Event[Measured]],
) -> None:
    few = [item for item in events if item.data.value >= 10][: TREND.min_samples - 1]
    subject, emitted = run(few, TREND)
    assert emitted == []
    assert not is_open(subject)


samples = st.lists(
    st.tuples(st.integers(0, 3_599).map(float), st.integers(0, 5).map(float)),
    max_size=120,
    unique_by=lambda entry: entry[0],
)


@given(data=st.data(), seen=samples)
def test_what_is_kept_of_one_window_depends_on_no_order_and_no_duplicate(
    data: st.DataObject, seen: list[tuple[float, float]]
) -> None:
    shuffled = data.draw(st.permutations(seen))
    first, second = DetectorState(), DetectorState()
    for item in seen:
        first = remember(first, item, 3_600)
    for item in shuffled:
        second = remember(remember(second, item, 3_600), item, 3_600)
    assert first.samples == second.samples
    assert len(first.samples) <= MAX_SAMPLES
    assert bool(first.samples) == bool(seen)

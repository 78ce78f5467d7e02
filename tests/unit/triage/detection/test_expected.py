"""When a forecast expects the limit to be reached: a moment that can be written down, or none."""

from datetime import UTC, datetime

import pytest
from desk_charter.detectors import ThresholdDetector
from desk_contracts.events.signals import SignalRaised
from desk_triage.adapters.detectors import DETECTORS
from desk_triage.changes.snapshot import EMPTY
from desk_triage.detection.decide import Assessment, measure
from desk_triage.detection.detector import Finding, Verdict
from desk_triage.detection.model import DetectorState, Watch

from tests.support.triage_desk import CHARTER, measured

LAST = datetime(9999, 12, 31, tzinfo=UTC)
SETTINGS = next(
    item
    for item in CHARTER.routing.detectors
    if isinstance(item, ThresholdDetector) and not item.hold and not item.join
)


@pytest.mark.parametrize(
    ("expected_s", "expected_at"),
    [
        (None, None),
        (0.0, datetime.fromtimestamp(0, UTC)),
        (LAST.timestamp() - 86_400, datetime(9999, 12, 30, tzinfo=UTC)),
        (LAST.timestamp() + 43_200, None),
        (LAST.timestamp() + 129_600, None),
        (float("inf"), None),
    ],
)
def test_a_signal_expects_no_moment_that_cannot_be_written_down(
    expected_s: float | None, expected_at: datetime | None
) -> None:
    event = measured(1, 0)
    finding = Finding(DetectorState(), Verdict.TROUBLE, 0.0, 1.0, 2.0, expected_s=expected_s)
    watch = Watch(detector=SETTINGS.id, troubles=(0.0,))
    detector = DETECTORS.kind(SETTINGS.kind)(SETTINGS)
    assessment = Assessment(detector, Watch(detector=SETTINGS.id), finding, watch)
    decision = measure(None, event, [assessment], CHARTER, EMPTY, event.time)
    assert decision is not None
    [raised] = decision.events
    assert isinstance(raised.data, SignalRaised)
    assert raised.data.expected_at == expected_at

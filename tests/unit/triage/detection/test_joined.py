"""Several detectors of one device are one signal; what comes in a wrong unit is not judged."""

from typing import Any

import pytest
from desk_charter import Charter
from desk_charter.detectors import ThresholdDetector
from desk_contracts.events.signals import SignalSeverityChanged
from desk_contracts.value_types import Severity

from tests.support.spoken import english
from tests.support.triage_desk import CHARTER, TriageDesk, cleared, measured, raised


def watching(*detectors: ThresholdDetector) -> Charter:
    routing = CHARTER.routing.model_copy(update={"detectors": detectors})
    return CHARTER.model_copy(update={"routing": routing})


def hot(measurement: str, **more: Any) -> ThresholdDetector:
    """Sees trouble above 90, and health at 80 and below."""
    given: dict[str, Any] = {
        "kind": "threshold",
        "id": f"{measurement}-hot",
        "measurement": f"{measurement}.temperature",
        "above": 90,
        "clear_at": 80,
        "signal": "device-hot",
        "title": "{subject} is hot",
        "severity": "warning",
        "join": "heat",
        "together": 2,
    }
    return ThresholdDetector.model_validate(given | more)


CPU, GPU = hot("cpu"), hot("gpu", severity="critical")


def desk_of(*detectors: ThresholdDetector) -> TriageDesk:
    return TriageDesk(charter=watching(*detectors))


async def test_one_of_the_joined_alone_raises_nothing() -> None:
    desk = desk_of(CPU, GPU)
    await desk.feed(measured(95, 0, "cpu.temperature"), measured(60, 1, "gpu.temperature"))
    assert raised(desk, "device-hot") == []


async def test_as_many_as_it_takes_are_one_signal_until_all_are_well() -> None:
    desk = desk_of(CPU, GPU)
    await desk.feed(measured(95, 0, "cpu.temperature"), measured(96, 1, "gpu.temperature"))
    (signal,) = raised(desk, "device-hot")
    assert "2" in " ".join(english(entry) for entry in signal.explanation)
    await desk.feed(measured(70, 2, "gpu.temperature"))
    assert cleared(desk, "device-hot") == []
    await desk.feed(measured(70, 3, "cpu.temperature"))
    (end,) = cleared(desk, "device-hot")
    assert end.episode == signal.episode


async def test_one_more_that_is_graver_raises_the_severity_and_no_second_signal() -> None:
    desk = desk_of(hot("cpu", together=1), hot("gpu", severity="critical", together=1))
    await desk.feed(measured(95, 0, "cpu.temperature"), measured(96, 1, "gpu.temperature"))
    (signal,) = raised(desk, "device-hot")
    assert signal.severity is Severity.WARNING
    (change,) = [event.data for event in desk.emitted(SignalSeverityChanged)]
    assert isinstance(change, SignalSeverityChanged)
    assert (change.episode, change.severity) == (signal.episode, Severity.CRITICAL)


@pytest.mark.parametrize("first", ["warning", "critical"])
async def test_one_more_that_is_no_graver_changes_nothing(first: str) -> None:
    desk = desk_of(hot("cpu", severity=first, together=1), hot("gpu", together=1))
    await desk.feed(measured(95, 0, "cpu.temperature"), measured(96, 1, "gpu.temperature"))
    assert len(raised(desk, "device-hot")) == 1
    assert desk.emitted(SignalSeverityChanged) == []


async def test_what_comes_in_another_unit_than_the_charter_names_is_not_judged() -> None:
    desk = desk_of(hot("cpu", join=None, together=1, unit="Cel"))
    await desk.feed(measured(203, 0, "cpu.temperature", unit="[degF]"))
    assert raised(desk, "device-hot") == []
    await desk.feed(measured(95, 1, "cpu.temperature", unit="Cel"))
    assert len(raised(desk, "device-hot")) == 1

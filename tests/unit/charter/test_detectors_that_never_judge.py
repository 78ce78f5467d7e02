"""A detector whose window can never hold enough samples is refused with the charter."""

from typing import Any

import pytest
from desk_charter.detectors import ForecastDetector
from pydantic import ValidationError


def forecast(**more: Any) -> ForecastDetector:
    written = {
        "kind": "forecast",
        "id": "f",
        "measurement": "disk.free.percent",
        "signal": "s",
        "title": "t",
        "severity": "info",
        "below": 5,
        "window": "1h",
        "horizon": "24h",
    }
    return ForecastDetector.model_validate(written | more)


def test_a_window_that_holds_too_few_samples_is_refused_with_what_to_write() -> None:
    with pytest.raises(ValidationError, match="window of 1h holds 12, and it needs 20") as refused:
        forecast(min_samples=20)
    assert "longer window, a smaller min_samples" in str(refused.value)


def test_how_often_it_comes_decides() -> None:
    assert forecast(min_samples=20, every="1m").min_samples == 20
    assert forecast(min_samples=12).min_samples == 12
    with pytest.raises(ValidationError, match="never judge"):
        forecast(every="30m")

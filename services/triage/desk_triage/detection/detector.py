"""The port of detectors: a sample and what is remembered in, a verdict and what to remember out.

A kind is pure arithmetic: the same input gives the same finding. It says when it cannot judge, and
it never takes missing samples for health. When a verdict becomes a signal is `hysteresis.py`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from desk_charter.detectors import DetectorSettings
from desk_contracts.message import Message

from desk_triage.detection.model import DetectorState, Sample


class Verdict(Enum):
    """What one sample says by itself."""

    TROUBLE = "trouble"
    HEALTHY = "healthy"
    BETWEEN = "between"
    """Neither trouble nor well again."""
    UNKNOWN = "too-few-samples"
    """Too little is known to judge."""
    FOREIGN = "wrong-unit"
    """It came in another unit than the charter says."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a detector makes of the newest state of things, as of `at_s`.

    `state` is the very same object if there is nothing new to remember. `meaning` says what any
    other verdict than trouble rests on, `evidence` what the reader of a signal should know.
    """

    state: DetectorState
    verdict: Verdict
    at_s: float
    value: float
    threshold: float
    meaning: Message | None = None
    evidence: Message | None = None
    end: Message | None = None
    """What a signal that ends with this says, where that is not that all is well again."""
    expected_s: float | None = None
    """When the threshold will be crossed, where that lies ahead."""
    samples_needed: int | None = None
    """From how many samples on it judges, where one is not enough."""


class Detector(Protocol):
    """One detector of the charter, of some kind."""

    @property
    def settings(self) -> DetectorSettings:
        """What the charter says about it."""
        ...

    def examine(self, state: DetectorState, sample: Sample) -> Finding:
        """One more sample."""
        ...


# A kind makes a detector of its own settings, whose type the charter knows by the same name.
DetectorKind = Callable[[Any], Detector]

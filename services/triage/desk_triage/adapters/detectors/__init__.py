"""The kinds of detectors by their name in the charter.

A package adds a kind by two entry points of the same name: its settings in `desk.charter.detectors`
(read by every service), and what makes a detector of them in `desk.detectors`.
"""

from typing import Final

from desk_platform.plugins import Registry

from desk_triage.adapters.detectors.forecast import Forecast
from desk_triage.adapters.detectors.threshold import Threshold
from desk_triage.adapters.detectors.unusual import Unusual
from desk_triage.detection.charter import has_kinds
from desk_triage.detection.detector import DetectorKind

__all__ = ["DETECTORS", "check_detectors"]

DETECTORS: Final[Registry[DetectorKind]] = Registry(
    "desk.detectors", {"threshold": Threshold, "forecast": Forecast, "unusual": Unusual}
)

# For the service's table, and for `desk charter check`.
check_detectors = has_kinds(DETECTORS)

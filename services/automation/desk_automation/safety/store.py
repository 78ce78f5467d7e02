"""How the locks of targets and the statistics of runbooks are kept."""

from desk_platform.store import Schema

from desk_automation.safety.statistics import RunbookStatistics
from desk_automation.safety.target import Target

TARGETS = Schema(collection="targets", model=Target)
STATISTICS = Schema(collection="runbooks", model=RunbookStatistics)

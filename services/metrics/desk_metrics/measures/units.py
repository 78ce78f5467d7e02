"""In which unit a figure is told."""

from enum import StrEnum

COUNTS = frozenset(
    {
        "answered",
        "arrivals",
        "auto_healed",
        "confirmed",
        "contacts",
        "departures",
        "handovers",
        "lasted",
        "lost_cost",
        "lost_minutes",
        "not_placed",
        "prevented_contacts",
        "proactive",
        "relapses",
        "reopened",
        "resolved",
        "returned",
        "verified",
    }
)
_SECONDS = ("mtta", "mttr", "detection_lead", "time_in_system", "backlog_age")
_SHARES = ("_met", "_share", "_rate", "_resolution", "_reported", "_lasted")


class Unit(StrEnum):
    """How a figure is told."""

    PER_WEEK = "per_week"
    SHARE = "share"
    SECONDS = "seconds"
    PLAIN = "plain"


def unit_of(measure: str) -> Unit:
    """Counts are told per week, so that times of different length can be compared."""
    if measure in COUNTS:
        return Unit.PER_WEEK
    if measure.startswith(_SECONDS):
        return Unit.SECONDS
    return Unit.SHARE if measure.endswith((*_SHARES, "sla_met")) else Unit.PLAIN

"""Shared by tests: metrics, demand."""

from desk_contracts import AnyEvent
from desk_contracts.events.feedback import DemandRequested

from tests.support.metrics_feedback import DAY, HOUR, happened


def wanted(number: int, what: str, by: str, hours: int = 9) -> AnyEvent:
    data = DemandRequested(feedback=f"w-{number}", what=what, by=by)
    return happened(data, what, DAY + hours * HOUR)

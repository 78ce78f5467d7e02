"""A signal of many devices that share no service."""

from desk_contracts.events.signals import SignalRaised
from desk_contracts.value_types import Severity, SubjectKind

from tests.support.notify_desk import Story


def test_a_fleet_calls_the_default_team_and_is_no_service() -> None:
    raised = SignalRaised(
        episode="e", detector="fleet", signal="fleet-disk-filling", title="disk-filling: 14.2",
        severity=Severity.CRITICAL, subject_kind=SubjectKind.FLEET, measurement="", value=10,
        threshold=10, is_measured=False,
    )  # fmt: skip
    (notice,) = Story().happens(raised, "fleet/disk-filling")
    assert "Service:" not in notice.body
    assert "Seen at fleet/disk-filling." in notice.body

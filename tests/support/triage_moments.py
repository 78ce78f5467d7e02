"""What triage knows beside an event, for its stories."""

from datetime import timedelta

from desk_contracts.events.changes import ChangeKind
from desk_triage.changes.model import Change
from desk_triage.changes.snapshot import ContextSnapshot

from tests.support.triage_desk import MONDAY


def busy_snapshot() -> ContextSnapshot:
    """Work and changes of some services."""
    change = Change(
        change="c-7",
        kind=ChangeKind.RELEASE,
        title="Gateway 7.2",
        started_at=MONDAY - timedelta(minutes=10),
        source="/pipeline",
    )
    load = {"network-1": 2, "network-2": 7, "workplace-1": 1}
    return ContextSnapshot(
        load=load, people={("vpn", "vpn"): 12, ("crm", "crm"): 3}, changes={"vpn": (change,)}
    )

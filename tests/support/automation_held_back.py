"""Runs that windows, announced changes and open signals hold back: what tests of them share."""

from datetime import timedelta
from typing import Any

from desk_charter.services import Service
from desk_charter.windows import ScheduledWindow
from desk_contracts import Event
from desk_contracts.events.automation import RunSkipped
from desk_contracts.events.changes import ChangeFinished, ChangeKind, ChangePlanned
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.value_types import Severity, SubjectKind

from tests.support.automation_engine import (
    START,
    Engine,
    FakeTarget,
    runbook,
)
from tests.support.automation_restraints import FakeRestraints

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def window(**changes: object) -> ScheduledWindow:
    """Half an hour from the beginning on, for the laptop."""
    plain: dict[str, object] = {
        "name": "rebuild",
        "kind": "maintenance",
        "owner_team": "network",
        "why": "Disks are exchanged.",
        "devices": ["laptop-*"],
        "starts": START,
        "ends": START + 30 * MINUTE,
    }
    return ScheduledWindow.model_validate(plain | changes)


FREEZE = {"kind": "freeze", "devices": []}
VPN = Service(name="vpn", title="VPN", owner="network", criticality=1, depends_on=("network",))
NETWORK = Service(name="network", title="Network", owner="network", criticality=1)


def engine(
    *windows: ScheduledWindow,
    services: tuple[Service, ...] = (NETWORK, VPN),
    target: FakeTarget | None = None,
    **changes: Any,
) -> Engine:
    restraints = FakeRestraints(windows, services)
    return Engine((runbook(**changes),), target or FakeTarget(), restraints=restraints)


def at_service(event: Event[SignalRaised], service: str = "vpn") -> Event[SignalRaised]:
    data = event.data.model_copy(update={"service": service})
    return Event(
        id=event.id, source=event.source, subject=event.subject, time=event.time, data=data
    )


def outage(subject: str = "core-switch", service: str = "network") -> Event[SignalRaised]:
    """Trouble of a service as a whole."""
    data = SignalRaised(
        episode=f"{subject}/outage",
        detector="alert",
        signal="network-down",
        title="No way out",
        severity=Severity.CRITICAL,
        subject_kind=SubjectKind.SERVICE,
        measurement="",
        value=1,
        threshold=1,
        service=service,
    )
    return Event(id=f"raise/{subject}", source="/t", subject=subject, time=START, data=data)


def outage_over(subject: str) -> Event[SignalCleared]:
    """An end need not say of which service it is."""
    data = SignalCleared(
        episode=f"{subject}/outage",
        detector="alert",
        signal="network-down",
        value=0,
    )
    return Event(id=f"clear/{subject}", source="/t", subject=subject, time=START, data=data)


def planned(**changes: object) -> Event[ChangePlanned]:
    plain: dict[str, object] = {
        "change": "CHG-7",
        "kind": ChangeKind.MAINTENANCE,
        "title": "New gateways",
        "starts": START,
        "ends": START + 30 * MINUTE,
    }
    data = ChangePlanned.model_validate(plain | changes)
    at = START - HOUR
    id = f"plan/{data.ends.isoformat()}"
    return Event(id=id, source="/itsm", subject="vpn", time=at, data=data)


def finished() -> Event[ChangeFinished]:
    data = ChangeFinished(change="CHG-7", kind=ChangeKind.MAINTENANCE, succeeded=True)
    return Event(id="end", source="/itsm", subject="vpn", time=START - MINUTE, data=data)


def reason_of(engine: Engine) -> str:
    data = engine.last()
    assert isinstance(data, RunSkipped)
    return data.explanation[0].code

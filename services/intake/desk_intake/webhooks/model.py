"""What a webhook says, whatever form it came in: an alert that fired or is over, or a request."""

from datetime import datetime

from desk_contracts.frozen import Frozen
from desk_contracts.value_types import Severity
from pydantic import Field


class Alert(Frozen):
    """One alert of a monitoring system.

    `occurrence` differs each time the alert fires, so that firing again is another event;
    `fingerprint` is the same for as long as the alert exists.
    """

    name: str
    fingerprint: str
    occurrence: str
    is_over: bool
    severity: Severity = Severity.WARNING
    summary: str = ""
    service: str = ""
    device: str = ""
    at: datetime | None = None
    attributes: dict[str, str] = Field(default_factory=dict)


class AskedTicket(Frozen):
    """A ticket that a system asks for. `occurrence` is the system's own id of it."""

    occurrence: str
    requester: str
    title: str
    description: str = ""
    service: str = ""
    device: str = ""
    at: datetime | None = None


Report = Alert | AskedTicket

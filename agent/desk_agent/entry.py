"""One order as the agent remembers it, whoever gave it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from desk_contracts.device_orders import DeviceCommand, DevicePolicy
from desk_contracts.message import Message


class OrderState(StrEnum):
    """`intent`: begun, and what came of it is not known yet."""

    INTENT = "intent"
    DONE = "done"
    FAILED = "failed"
    NOT_TAKEN = "not_taken"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class Entry:
    """One order: a command's, or a policy's with the value that was bad."""

    key: str
    action: str
    parameters: Mapping[str, str]
    state: OrderState
    started_at: datetime
    command: DeviceCommand | None = None
    policy: DevicePolicy | None = None
    digest: str = ""
    token: int = 0
    baseline: Mapping[str, str] = field(default_factory=dict)
    value: float | None = None
    reason: Message | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    def is_for(self, command: DeviceCommand) -> bool:
        """Whether the command orders exactly this."""
        ordered = (command.action, command.parameters)
        return (self.action, dict(self.parameters)) == ordered

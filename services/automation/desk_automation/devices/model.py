"""What is kept of devices' agents."""

from datetime import datetime

from desk_contracts.device_orders import Parameters
from desk_contracts.events.devices import DeviceOutcome
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message
from pydantic import Field

Texts = dict[str, str]


class DeviceAnswer(Frozen):
    """What an agent answered to one sending of a command."""

    device: str
    token: int
    digest: str
    outcome: DeviceOutcome
    reason: Message
    details: Parameters = Field(default_factory=dict)


class CommandRecord(Frozen):
    """Every answer to one command, the newest last."""

    answers: tuple[DeviceAnswer, ...] = ()
    # When the newest was noted.
    noted_at: datetime | None = None


class DeviceRecord(Frozen):
    """An agent as it connected last."""

    connected_at: datetime
    agent_version: str = ""
    # The agent's memory by its id. Another one: the device was put back, or its memory was lost.
    journal: str
    journal_since: datetime
    # Which version of each policy it obeys while it is cut off.
    policies: Texts = Field(default_factory=dict)
    actions: Texts = Field(default_factory=dict)

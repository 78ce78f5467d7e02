"""What is kept of devices' agents."""

from desk_contracts.device_orders import Parameters
from desk_contracts.events.devices import DeviceOutcome
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message
from pydantic import Field

Versions = dict[str, str]


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


class DeviceRecord(Frozen):
    """An agent as it connected last, and the newest policy applications that it told."""

    journal: str = ""
    policies: Versions = Field(default_factory=dict)
    applications: tuple[str, ...] = ()

"""What this device may be told to do: exactly what its file declares."""

from desk_agent.actions.clean_disk import CleanDisk
from desk_agent.actions.listed_program import RunListedProgram
from desk_agent.actions.port import DeviceAction
from desk_agent.actions.programs import Programs
from desk_agent.actions.reboot import RebootDevice
from desk_agent.clock import DeviceClock
from desk_agent.config import AgentConfig


def open_actions(
    config: AgentConfig, programs: Programs, clock: DeviceClock
) -> dict[str, DeviceAction]:
    """By the names that commands use; what nothing is declared for is not there."""
    actions: dict[str, DeviceAction] = {}
    if config.clean:
        actions["clean-disk"] = CleanDisk(config.clean, clock.now)
    if config.restart:
        actions["restart-service"] = RunListedProgram(config.restart, programs)
    if config.renew:
        actions["renew"] = RunListedProgram(config.renew, programs)
    if config.reboot is not None:
        actions["reboot"] = RebootDevice(config.reboot, programs)
    return actions

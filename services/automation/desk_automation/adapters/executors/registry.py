"""The executors by name: the desk's own, and those that installed packages register.

A package names an `ExecutorKind` in the entry points `desk.executors`, and the model of its
request in `desk.executor-requests` under the same name.
"""

from dataclasses import dataclass
from typing import Any

from desk_charter.runbooks import DeviceRequest, HttpRequest, WaitRequest
from desk_platform.clock import Clock
from desk_platform.plugins import Registry
from desk_platform.telemetry import Meters

from desk_automation.actions.executor import ExecutorKind
from desk_automation.adapters.executors.device import DeviceExecutor, Devices, render_device
from desk_automation.adapters.executors.http import HttpExecutor, render_http
from desk_automation.adapters.executors.http_hosts import Hosts
from desk_automation.adapters.executors.wait import WaitExecutor, render_wait


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an executor is opened with; its other settings are its own package's matter."""

    hosts: Hosts
    clock: Clock
    meters: Meters
    devices: Devices | None = None


EXECUTORS: Registry[ExecutorKind[Any, Surroundings]] = Registry(
    "desk.executors",
    {
        "http": ExecutorKind(
            HttpRequest,
            render_http,
            lambda given: HttpExecutor(given.hosts, given.clock, given.meters),
        ),
        "device": ExecutorKind(
            DeviceRequest,
            render_device,
            lambda given: DeviceExecutor(given.devices, given.clock),
        ),
        "wait": ExecutorKind(WaitRequest, render_wait, lambda _surroundings: WaitExecutor()),
    },
)

"""The executors by name: the desk's own, and those that installed packages register.

A package names an `ExecutorKind` in the entry points `desk.executors`, and the model of its
request in `desk.executor-requests` under the same name.
"""

from dataclasses import dataclass, field
from typing import Any

from desk_charter.command_requests import ScriptRequest, SshRequest
from desk_charter.requests import (
    DeviceRequest,
    DirectoryRequest,
    HttpRequest,
    KubernetesRequest,
    WaitRequest,
)
from desk_platform.clock import Clock
from desk_platform.plugins import Registry
from desk_platform.telemetry import Meters

from desk_automation.actions.executor import ExecutorKind
from desk_automation.adapters.executors.device import DeviceExecutor, Devices, render_device
from desk_automation.adapters.executors.directory import DirectoryExecutor, render_directory
from desk_automation.adapters.executors.http import HttpExecutor, render_http
from desk_automation.adapters.executors.http_hosts import Hosts
from desk_automation.adapters.executors.kubernetes import KubernetesExecutor, render_kubernetes
from desk_automation.adapters.executors.script import ScriptExecutor, Scripts, render_script
from desk_automation.adapters.executors.secrets import Secrets
from desk_automation.adapters.executors.ssh import SshExecutor, find_bad_host_keys, render_ssh
from desk_automation.adapters.executors.wait import WaitExecutor, render_wait


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an executor is opened with; its other settings are its own package's matter."""

    hosts: Hosts
    clock: Clock
    meters: Meters
    secrets: Secrets = field(default_factory=Secrets)
    scripts: Scripts = field(default_factory=Scripts)
    devices: Devices | None = None


EXECUTORS: Registry[ExecutorKind[Any, Surroundings]] = Registry(
    "desk.executors",
    {
        "http": ExecutorKind(
            HttpRequest,
            render_http,
            lambda given: HttpExecutor(given.hosts, given.clock, given.meters, given.secrets),
        ),
        "kubernetes": ExecutorKind(
            KubernetesRequest,
            render_kubernetes,
            lambda given: KubernetesExecutor(given.hosts, given.secrets, given.clock),
        ),
        "directory": ExecutorKind(
            DirectoryRequest,
            render_directory,
            lambda given: DirectoryExecutor(given.hosts, given.secrets),
        ),
        "script": ExecutorKind(
            ScriptRequest,
            render_script,
            lambda given: ScriptExecutor(given.scripts, given.secrets),
        ),
        "ssh": ExecutorKind(
            SshRequest,
            render_ssh,
            lambda given: SshExecutor(given.hosts, given.secrets),
            find_bad_host_keys,
        ),
        "device": ExecutorKind(
            DeviceRequest,
            render_device,
            lambda given: DeviceExecutor(given.devices, given.clock),
        ),
        "wait": ExecutorKind(WaitRequest, render_wait, lambda _surroundings: WaitExecutor()),
    },
)

"""The five services as processes of this machine, each on its port, each told where the rest is."""

import hashlib
import http.client
import os
import platform
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from desk_local.daemon import Daemon
from desk_local.forks import CannotFork, Life, fork_all
from desk_local.paths import ROOT, Places
from desk_local.ports import HOST, free_ports, offset, read_port
from desk_local.processes import CannotStart, Launch

# Figures and SLAs are counted in minutes; a ticket on its way to people is not.
PATIENT = frozenset({"metrics"})
_POLITE = 5
PORTS = {"intake": 8001, "triage": 8002, "automation": 8003, "notify": 8004, "metrics": 8005}
# Which setting says where a service keeps its indexes.
INDEXES = {"triage": "TRIAGE_INDEX", "intake": "INTAKE_INDEXES"}


@dataclass(frozen=True)
class Around:
    """What a service is told of its surroundings; `env` adds to it and wins."""

    kafka: str
    store_url: str
    env: Mapping[str, str] = field(default_factory=dict)

    def variables(self) -> dict[str, str]:
        return {
            "DESK_ENVIRONMENT": "local",
            "DESK_KAFKA": self.kafka,
            "DESK_STORE": self.store_url,
            "DESK_CHARTER": os.environ.get("DESK_CHARTER") or str(ROOT / "charter"),
            **self.env,
        }


def one_replica(places: Places, kafka: str, store_url: str) -> Around:
    """Of each service one, by a name of its own: the brokers may serve other desks too."""
    desk = f"{platform.node()}:{places.folder}".encode()
    instance = f"local-{hashlib.blake2s(desk, digest_size=6).hexdigest()}"
    return Around(kafka, store_url, {"DESK_KAFKA_INSTANCE": instance})


class ServiceProcess(Daemon):
    """`python -m desk_<name>`; it answers when its dependencies do."""

    def __init__(
        self, name: str, places: Places, port: int, around: Around, *, attached: bool
    ) -> None:
        super().__init__(places, port, attached=attached)
        self.name = name
        self.port_setting = port_variable(name)
        self.around = around

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    def answers(self) -> bool:
        return is_ready(self.port)

    def command(self) -> list[str]:
        return command_of(self.name)

    def live(self, plan: Launch) -> Life:
        """The same as its command, for a fork."""
        return Life(
            module=f"desk_{self.name}",
            env=dict(plan.env),
            log=str(plan.log),
            nice=_POLITE if self.name in PATIENT else 0,
        )

    def env(self) -> Mapping[str, str]:
        return {
            f"{self.name.upper()}_HTTP_HOST": HOST,
            port_variable(self.name): str(self.port),
            **index_variables(self.name, self.places.folder / f"{self.name}.index"),
            **self.around.variables(),
        }


def command_of(name: str) -> list[str]:
    """How a service is started where all share a few cores: what nobody waits for gives way."""
    polite = ["nice", "-n", str(_POLITE)] if name in PATIENT else []
    return [*polite, sys.executable, "-m", f"desk_{name}"]


def launch_together(services: Sequence[ServiceProcess]) -> None:
    """Start all that do not run, without waiting; they share their libraries' memory (ADR 132)."""
    absent = [service for service in services if not service.alive]
    if sys.platform != "linux" or len(absent) < 2:  # nobody to share with
        for service in absent:
            service.launch()
        return
    plans = [service.plan() for service in absent]
    for plan in plans:
        plan.make_log()
    try:
        pids = fork_all([service.live(plan) for service, plan in zip(absent, plans, strict=True)])
    except CannotFork as error:
        raise CannotStart(f"The services could not be started:\n{error}") from error
    for service, plan, pid in zip(absent, plans, pids, strict=True):
        service.running = plan.adopt(pid)


def port_variable(name: str) -> str:
    """The setting that moves a service's port."""
    return f"{name.upper()}_HTTP_PORT"


def index_variables(service: str, path: Path) -> dict[str, str]:
    """The setting that puts a service's indexes there: one process alone writes a folder."""
    return {INDEXES[service]: str(path)} if service in INDEXES else {}


def default_ports(env: Mapping[str, str] = os.environ) -> dict[str, int]:
    """8001 to 8005, moved together by DESK_PORT_OFFSET, or each as its setting says."""
    moved = offset(env)
    return {name: read_port(port_variable(name), port + moved, env) for name, port in PORTS.items()}


def is_ready(port: int) -> bool:
    """`/health/ready` says yes."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class LocalServices:
    """`with`: services on free ports for tests, all started together and ended at the end.

    `services["intake"].kill()` and `.start()` work as on the servers; `.address` is its URL.
    """

    def __init__(self, places: Places, around: Around, names: Iterable[str] = PORTS) -> None:
        names = list(names)
        self._all = {
            name: ServiceProcess(name, places, port, around, attached=True)
            for name, port in zip(names, free_ports(len(names)), strict=True)
        }

    def __getitem__(self, name: str) -> ServiceProcess:
        return self._all[name]

    def start(self) -> None:
        with ExitStack() as undo:
            undo.callback(self.kill)
            launch_together(list(self._all.values()))
            for service in self._all.values():
                service.wait_ready()
            undo.pop_all()

    def stop(self) -> None:
        together(self._all.values(), ServiceProcess.stop)

    def kill(self) -> None:
        together(self._all.values(), ServiceProcess.kill)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def together(services: Iterable[ServiceProcess], action: Callable[[ServiceProcess], None]) -> None:
    """The same for all at the same time: five graceful stops take as long as the slowest."""
    with ThreadPoolExecutor(max_workers=len(PORTS)) as pool:
        list(pool.map(action, services))


def local_services(
    folder: Path, kafka: str, store_url: str, *, names: Iterable[str] = PORTS, **env: str
) -> LocalServices:
    """Services on real servers; their logs lie in `folder/logs`, `env` adds settings."""
    return LocalServices(Places(folder), Around(kafka, store_url, env), names)

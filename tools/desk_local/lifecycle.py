"""Bring the desk up and down on this machine, each step once however often it is asked for."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from desk_contracts.topics import LOCAL_PARTITIONS

from desk_local import origin, state
from desk_local.daemon import STOP_SECONDS, Daemon
from desk_local.jvm import Java
from desk_local.paths import Places
from desk_local.ports import demand_free, offset, read_port
from desk_local.processes import CannotStart
from desk_local.servers import Backend, KafkaServer, MongoServer, make_embedded_store
from desk_local.services import (
    PORTS,
    ServiceProcess,
    default_ports,
    launch_together,
    one_replica,
    port_variable,
)
from desk_local.state import Entry, Origin, Server, State

SERVERS = ("kafka", "store")
KAFKA_PORT, STORE_PORT = 9092, 27017
# The controller of Kafka listens beside its broker.
DESK_PORTS = (*PORTS.values(), KAFKA_PORT, KAFKA_PORT + 1, STORE_PORT)
_TOPICS_SECONDS = 120

Say = Callable[[str], None]
D = TypeVar("D", bound=Daemon)


@dataclass(frozen=True)
class Options:
    """What `up` was asked for."""

    forced: Origin | None = None
    backend: Backend = "sqlite"
    with_services: bool = True


class Bringer:
    """One `up` or `down` on one folder; it says what it does as it does it."""

    def __init__(self, places: Places, say: Say) -> None:
        self._places = places
        self._say = say
        self._state = state.read(places)

    def up(self, options: Options) -> State:
        """Servers, topics, services; what runs already is left alone.

        A port that is taken ends it before anything is started.
        """
        services = default_ports() if options.with_services else {}
        for name, port in services.items():
            if self._state.alive(name) is None:
                demand_free([port], what=name, setting=port_variable(name))
        self._servers(options)
        output = apply_topics(self._state.servers["kafka"].address)
        for line in output[1:] or ["as declared"]:
            self._say(f"topics: {line}")
        if options.with_services:
            self._services()
        return self._state

    def down(self) -> None:
        """Services first, so that they can finish what they have in hand; then the servers."""
        self._stop(list(PORTS))
        self._stop(list(SERVERS))
        if any(server.origin is Origin.COMPOSE for server in self._state.servers.values()):
            origin.compose_down(compose_ports())
        self._keep(State())

    def _servers(self, options: Options) -> None:
        picked = origin.pick(options.forced)
        composed = [name for name, pick in picked.items() if pick.origin is Origin.COMPOSE]
        for pick in dict.fromkeys(picked.values()):
            names = " and ".join(name for name in picked if picked[name] == pick)
            self._say(f"{names}: {pick.origin}, because {pick.why}")
        if composed:
            origin.compose_up(composed, compose_ports())
        self._start_local(
            [name for name in picked if picked[name].origin is Origin.LOCAL], options.backend
        )
        for name, pick in picked.items():
            server = Server(address=self._address(name, pick), origin=pick.origin)
            self._keep(self._state.with_server(name, server))

    def _address(self, name: str, picked: origin.Picked) -> str:
        match picked.origin:
            case Origin.GIVEN:
                return str(picked.address)
            case Origin.COMPOSE:
                return origin.compose_address(name, compose_ports()[name])
            case Origin.LOCAL if name in self._state.processes:
                return self._state.processes[name].address
            case Origin.LOCAL:
                return make_embedded_store(self._places)

    def _start_local(self, names: list[str], backend: Backend) -> None:
        daemons: list[Daemon] = []
        if "kafka" in names:
            port = read_port("DESK_KAFKA_PORT", KAFKA_PORT + offset())
            ports = (port, port + 1)
            daemons.append(
                KafkaServer(self._places, ports, attached=False, java=Java(is_quick=True))
            )
        if "store" in names and backend != "sqlite":
            port, java = read_port("DESK_STORE_PORT", STORE_PORT + offset()), Java("1g")
            daemons.append(MongoServer(self._places, port, backend, attached=False, java=java))
        self._run(daemons, launch_each)

    def _services(self) -> None:
        servers = self._state.servers
        around = one_replica(self._places, servers["kafka"].address, servers["store"].address)
        self._run(
            [
                ServiceProcess(name, self._places, port, around, attached=False)
                for name, port in default_ports().items()
            ],
            launch_together,
        )

    def _run(self, daemons: list[D], launch: Callable[[list[D]], None]) -> None:
        """Launch what does not run, then wait for all of them together."""
        new = []
        for daemon in daemons:
            entry = self._state.alive(daemon.name)
            if entry is None:
                demand_free(daemon.ports, what=daemon.name, setting=daemon.port_setting)
                new.append(daemon)
            else:
                daemon.running, daemon.port = entry.running, entry.port
        launch(new)
        for daemon in new:
            self._note(daemon)
        for daemon in daemons:
            daemon.wait_ready()
            self._say(f"{daemon.name}: ready on {daemon.address}")

    def _note(self, daemon: Daemon) -> None:
        if daemon.running is not None:
            running = daemon.running
            entry = Entry(
                pid=running.pid, birth=running.birth, port=daemon.port, address=daemon.address
            )
            self._keep(self._state.with_process(daemon.name, entry))

    def _stop(self, names: list[str]) -> None:
        running = [(name, entry) for name in names if (entry := self._state.alive(name))]
        for name, _ in running:
            self._say(f"{name}: stopping")
        with ThreadPoolExecutor(max_workers=len(PORTS)) as pool:
            list(pool.map(lambda named: named[1].running.stop(STOP_SECONDS), running))

    def _keep(self, changed: State) -> None:
        self._state = changed
        state.write(self._places, changed)


def launch_each(daemons: list[Daemon]) -> None:
    """Start them without waiting, one after the other."""
    for daemon in daemons:
        daemon.launch()


def compose_ports() -> dict[str, int]:
    """Where Docker Compose publishes the servers: the same ports as those of local ones."""
    return {
        "kafka": read_port("DESK_KAFKA_PORT", KAFKA_PORT + offset()),
        "store": read_port("DESK_STORE_PORT", STORE_PORT + offset()),
    }


def apply_topics(kafka: str, env: Mapping[str, str] | None = None) -> list[str]:
    """`desk topics apply`, as an operator would; returns what it said."""
    desk = str(Path(sys.executable).with_name("desk"))
    command = [desk, "topics", "apply", "--partitions", str(LOCAL_PARTITIONS)]
    done = subprocess.run(  # noqa: S603
        command,
        env={**os.environ, **(env or {}), "DESK_KAFKA": kafka},
        capture_output=True,
        text=True,
        timeout=_TOPICS_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise CannotStart(
            f"The topics could not be made: `desk topics apply` said\n{done.stdout}{done.stderr}"
        )
    return done.stdout.splitlines()

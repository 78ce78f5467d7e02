"""Bring the desk up and down on this machine, each step once however often it is asked for."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from desk_shared.local import origin, state
from desk_shared.local.daemon import STOP_SECONDS, Daemon
from desk_shared.local.jvm import Java
from desk_shared.local.places import Places
from desk_shared.local.processes import CannotStart
from desk_shared.local.servers import Backend, KafkaServer, MongoServer
from desk_shared.local.services import PORTS, Around, ServiceProcess, default_ports
from desk_shared.local.state import Entry, Origin, Server, State

SERVERS = ("kafka", "mongo")
KAFKA_PORT, MONGO_PORT = 9092, 27017
_TOPICS_SECONDS = 120

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What `up` was asked for."""

    forced: Origin | None = None
    backend: Backend = "h2"
    with_services: bool = True


class Bringer:
    """One `up` or `down` on one folder; it says what it does as it does it."""

    def __init__(self, places: Places, say: Say) -> None:
        self._places = places
        self._say = say
        self._state = state.read(places)

    def up(self, options: Options) -> State:
        """Servers, topics, services; what runs already is left alone."""
        self._servers(options)
        self._topics()
        if options.with_services:
            self._services()
        return self._state

    def down(self) -> None:
        """Services first, so that they can finish what they have in hand; then the servers."""
        self._stop(list(PORTS))
        self._stop(list(SERVERS))
        if any(one.origin is Origin.COMPOSE for one in self._state.servers.values()):
            origin.compose_down()
        self._keep(State())

    def _servers(self, options: Options) -> None:
        picked = origin.pick(options.forced)
        composed = [name for name, one in picked.items() if one.origin is Origin.COMPOSE]
        for one in dict.fromkeys(picked.values()):
            names = " and ".join(name for name in picked if picked[name] == one)
            self._say(f"{names}: {one.origin}, because {one.why}")
        if composed:
            origin.compose_up(composed)
        self._start([name for name in picked if picked[name].origin is Origin.LOCAL], options)
        for name, one in picked.items():
            self._keep(
                self._state.with_server(
                    name, Server(address=self._address(name, one), origin=one.origin)
                )
            )

    def _address(self, name: str, picked: origin.Picked) -> str:
        match picked.origin:
            case Origin.GIVEN:
                return str(picked.address)
            case Origin.COMPOSE:
                return origin.COMPOSE_ADDRESSES[name]
            case Origin.LOCAL:
                return self._state.processes[name].address

    def _start(self, names: list[str], options: Options) -> None:
        made: dict[str, Callable[[], Daemon]] = {
            "kafka": lambda: _kafka(self._places),
            "mongo": lambda: _mongo(self._places, options.backend),
        }
        self._run([made[name]() for name in names])

    def _services(self) -> None:
        around = Around(self._state.servers["kafka"].address, self._state.servers["mongo"].address)
        self._run(
            [
                ServiceProcess(name, self._places, port, around, attached=False)
                for name, port in default_ports().items()
            ]
        )

    def _run(self, daemons: list[Daemon]) -> None:
        """Launch what does not run, then wait for all of them together."""
        for daemon in daemons:
            entry = self._state.alive(daemon.name)
            if entry is not None:
                daemon.running, daemon.port = entry.running, entry.port
                continue
            daemon.launch()
            self._remember(daemon)
        for daemon in daemons:
            daemon.wait_ready()
            self._say(f"{daemon.name}: ready on {daemon.address}")

    def _remember(self, daemon: Daemon) -> None:
        if daemon.running is not None:
            running = daemon.running
            entry = Entry(
                pid=running.pid, birth=running.birth, port=daemon.port, address=daemon.address
            )
            self._keep(self._state.with_process(daemon.name, entry))

    def _topics(self) -> None:
        said = apply_topics(self._state.servers["kafka"].address)
        for line in said[1:] or ["as declared"]:
            self._say(f"topics: {line}")

    def _stop(self, names: list[str]) -> None:
        running = [(name, entry) for name in names if (entry := self._state.alive(name))]
        for name, _ in running:
            self._say(f"{name}: stopping")
        with ThreadPoolExecutor(max_workers=len(PORTS)) as pool:
            list(pool.map(lambda one: one[1].running.stop(STOP_SECONDS), running))

    def _keep(self, changed: State) -> None:
        self._state = changed
        state.write(self._places, changed)


def _kafka(places: Places) -> KafkaServer:
    port = int(os.environ.get("DESK_KAFKA_PORT") or KAFKA_PORT)
    return KafkaServer(places, (port, port + 1), attached=False, java=Java())


def _mongo(places: Places, backend: Backend) -> MongoServer:
    port = int(os.environ.get("DESK_MONGO_PORT") or MONGO_PORT)
    return MongoServer(places, port, backend, attached=False, java=Java("1g"))


def apply_topics(kafka: str, env: Mapping[str, str] | None = None) -> list[str]:
    """`desk topics apply`, as an operator would; returns what it said."""
    command = [str(Path(sys.executable).with_name("desk")), "topics", "apply", "--partitions", "6"]
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

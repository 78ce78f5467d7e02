"""The two local servers, Kafka and the store, and a context that leaves neither behind."""

import asyncio
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, get_args

from desk_local import kafka_settings
from desk_local import probes as wire
from desk_local.daemon import Daemon
from desk_local.jvm import Java
from desk_local.paths import Places
from desk_local.ports import HOST, free_ports
from desk_local.processes import CannotStart

Backend = Literal["sqlite", "h2", "memory"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)


class KafkaServer(Daemon):
    """Apache Kafka, one KRaft node that is broker and controller."""

    name = "kafka"
    port_setting = "DESK_KAFKA_PORT"

    def __init__(
        self, places: Places, ports: tuple[int, int], *, attached: bool, java: Java
    ) -> None:
        """`ports` are the broker's and the controller's."""
        super().__init__(places, ports[0], attached=attached)
        self.controller_port = ports[1]
        self.java = java

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def answers(self) -> bool:
        return wire.kafka_answers(self.port)

    @property
    def ports(self) -> list[int]:
        return [self.port, self.controller_port]

    def command(self) -> list[str]:
        folder = self.places.make_data_of(self.name)
        properties = folder / "server.properties"
        properties.write_text(
            kafka_settings.render(folder / "logs", self.port, self.controller_port)
        )
        chatty = "kafka.server.KafkaRaftServer"
        java = self.java.command(self.name, "desk.local.KafkaMain", chatty=chatty)
        return [*java, str(properties)]


class MongoServer(Daemon):
    """A store that speaks MongoDB's protocol; `h2` survives its death, `memory` does not."""

    name = "store"
    port_setting = "DESK_STORE_PORT"

    def __init__(
        self, places: Places, port: int, backend: Backend, *, attached: bool, java: Java
    ) -> None:
        super().__init__(places, port, attached=attached)
        self.backend = backend
        self.java = java

    @property
    def address(self) -> str:
        return f"mongodb://{HOST}:{self.port}"

    def answers(self) -> bool:
        return wire.mongo_answers(self.port)

    def command(self) -> list[str]:
        folder = str(self.places.make_data_of(self.name))
        java = self.java.command(self.name, "desk.local.MongoMain", chatty="desk")
        return [*java, self.backend, str(self.port), folder]


@dataclass(frozen=True)
class Wanted:
    """What `local_servers` shall start."""

    kafka: bool
    store: bool
    backend: Backend
    kafka_java: Java
    mongo_java: Java


class LocalServers:
    """`with` or `async with`: both servers on free ports, ended at the end or at a crash.

    Without a `data_dir` the data lies in a temporary folder that goes with the servers.
    """

    def __init__(self, data_dir: Path | None, wanted: Wanted) -> None:
        self._data_dir = data_dir
        self._wanted = wanted
        self._broker: KafkaServer | None = None
        self._store: MongoServer | None = None
        self._is_embedded = wanted.store and wanted.backend == "sqlite"
        self.places = Places(Path())

    @property
    def kafka(self) -> str:
        """The bootstrap address, `127.0.0.1:port`."""
        return self.broker.address

    @property
    def store_url(self) -> str:
        """The store's address: `sqlite:FOLDER`, or `mongodb://127.0.0.1:port`."""
        return make_embedded_store(self.places) if self._is_embedded else self.store.address

    @property
    def broker(self) -> KafkaServer:
        if self._broker is None:
            raise CannotStart("These local servers were asked for without Kafka.")
        return self._broker

    @property
    def store(self) -> MongoServer:
        if self._store is None:
            raise CannotStart("These local servers were asked for without a server for the store.")
        return self._store

    def start(self) -> None:
        folder = self._data_dir or Path(tempfile.mkdtemp(prefix="desk-local-"))
        self.places = Places(folder.resolve())
        broker, controller, store = free_ports(3)
        wanted = self._wanted
        if wanted.kafka:
            ports = (broker, controller)
            self._broker = KafkaServer(self.places, ports, attached=True, java=wanted.kafka_java)
        if wanted.store and not self._is_embedded:
            self._store = MongoServer(
                self.places, store, wanted.backend, attached=True, java=wanted.mongo_java
            )
        with ExitStack() as undo:
            undo.callback(self.stop)
            for server in self._all():
                server.launch()
            for server in self._all():
                server.wait_ready()
            undo.pop_all()

    def stop(self) -> None:
        """What lies in a temporary folder needs no farewell."""
        for server in self._all():
            server.stop() if self._data_dir else server.kill()
        if self._data_dir is None:
            shutil.rmtree(self.places.folder, ignore_errors=True)

    def _all(self) -> list[Daemon]:
        return [server for server in (self._broker, self._store) if server is not None]

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

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.stop)


def make_embedded_store(places: Places) -> str:
    """The address of a store that needs no server: a folder with a file for each service."""
    return f"sqlite:{places.make_data_of('store')}"


def local_servers(
    data_dir: Path | None = None,
    *,
    kafka: bool = True,
    store: bool = True,
    backend: Backend = "sqlite",
    mongo_heap: str = "1g",
    is_quick: bool = False,
) -> LocalServers:
    """Servers of one's own: `async with local_servers() as servers:` and `servers.kafka`.

    `is_quick` halves the work of a start and costs throughput: for tests, not for measurements.
    """
    kafka_java, mongo_java = Java(is_quick=is_quick), Java(mongo_heap, is_quick=is_quick)
    return LocalServers(data_dir, Wanted(kafka, store, backend, kafka_java, mongo_java))

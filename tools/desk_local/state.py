"""What `up` started, written down so that a later command finds it again."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

from desk_contracts.frozen import Frozen
from pydantic import Field, ValidationError

from desk_local.paths import Places
from desk_local.processes import CannotStart, Running


class Origin(StrEnum):
    """Where a server comes from, in the order of preference."""

    GIVEN = "given"
    COMPOSE = "compose"
    LOCAL = "local"


class Entry(Frozen):
    """One process that was left running."""

    pid: int
    birth: str
    port: int
    address: str

    @property
    def running(self) -> Running:
        return Running(self.pid, self.birth)


class Server(Frozen):
    """Kafka or the store: its address and whose it is."""

    address: str
    origin: Origin


class State(Frozen):
    """All that runs, by name."""

    servers: Mapping[str, Server] = Field(default_factory=dict)
    processes: Mapping[str, Entry] = Field(default_factory=dict)

    def alive(self, name: str) -> Entry | None:
        """The entry of a process that still runs."""
        entry = self.processes.get(name)
        return entry if entry is not None and entry.running.alive else None

    def with_process(self, name: str, entry: Entry) -> "State":
        return self.model_copy(update={"processes": {**self.processes, name: entry}})

    def with_server(self, name: str, server: Server) -> "State":
        return self.model_copy(update={"servers": {**self.servers, name: server}})


def read(places: Places) -> State:
    """The last written state; an unreadable one is refused, for it may name what runs."""
    if not places.state.exists():
        return State()
    try:
        return State.model_validate_json(places.state.read_bytes())
    except ValidationError as error:
        raise CannotStart(
            f"{places.state} cannot be read, so it is not known what runs. Stop what still runs "
            "(its logs lie beside it), remove that file and try again."
        ) from error


def write(places: Places, state: State) -> None:
    """Whole or not at all."""
    places.folder.mkdir(parents=True, exist_ok=True)
    draft = places.state.with_suffix(".draft")
    draft.write_text(state.model_dump_json(indent=2) + "\n")
    draft.replace(places.state)


@contextmanager
def alone(places: Places) -> Iterator[None]:
    """One `up` or `down` at a time on one folder; the second waits."""
    places.folder.mkdir(parents=True, exist_ok=True)
    with places.lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

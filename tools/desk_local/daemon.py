"""What Kafka, the store and the five services have in common as processes of this machine."""

import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path

from desk_local.paths import Places
from desk_local.ports import demand_free
from desk_local.processes import REAPER, CannotStart, Launch, Running, last_lines

START_SECONDS = 90.0
STOP_SECONDS = 20.0
_POLL_SECONDS = 0.05


class Daemon(ABC):
    """A process that serves on a port of 127.0.0.1; it can be killed, paused and started again.

    `start` blocks until it answers: in async code, `await asyncio.to_thread(daemon.start)`.
    """

    name: str
    port_setting: str

    def __init__(self, places: Places, port: int, *, attached: bool) -> None:
        self.places = places
        self.port = port
        self.attached = attached
        self.running: Running | None = None

    @property
    @abstractmethod
    def address(self) -> str: ...

    @abstractmethod
    def answers(self) -> bool:
        """Asked in the server's own protocol."""

    @abstractmethod
    def command(self) -> list[str]: ...

    def env(self) -> Mapping[str, str]:
        return {}

    @property
    def ports(self) -> list[int]:
        """Those that must be free."""
        return [self.port]

    @property
    def log(self) -> Path:
        return self.places.log_of(self.name)

    @property
    def alive(self) -> bool:
        return self.running is not None and self.running.alive

    def launch(self) -> None:
        """Start without waiting; `wait_ready` does that, so two servers can come up together."""
        if not self.alive:
            self.running = self.plan().start()

    def plan(self) -> Launch:
        """How it is started; its ports are free."""
        demand_free(self.ports, what=self.name, setting=self.port_setting)
        return Launch(self.name, self.command(), self.log, attached=self.attached, env=self.env())

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not self.answers():
            if not self.alive:
                raise CannotStart(self._failure("ended while it was starting"))
            if time.monotonic() > deadline:
                raise CannotStart(self._failure(f"did not answer within {seconds:.0f} seconds"))
            time.sleep(_POLL_SECONDS)

    def _failure(self, what: str) -> str:
        return f"{self.name} {what}. The end of its log {self.log}:\n{last_lines(self.log)}"

    def start(self, seconds: float = START_SECONDS) -> None:
        self.launch()
        self.wait_ready(seconds)

    def kill(self) -> None:
        """SIGKILL: no warning, no flush. Returns when the process is gone."""
        self._end(lambda running: running.kill())

    def stop(self) -> None:
        self._end(lambda running: running.stop(STOP_SECONDS))

    def _end(self, how: Callable[[Running], None]) -> None:
        if self.running is not None:
            how(self.running)
            if self.attached:
                REAPER.forget(self.running)
            self.running = None

    def pause(self) -> None:
        """SIGSTOP: connections stay open, nothing answers, until `resume`."""
        if self.running is not None:
            self.running.send(signal.SIGSTOP)

    def resume(self) -> None:
        if self.running is not None:
            self.running.send(signal.SIGCONT)

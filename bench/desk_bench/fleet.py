"""All five services as processes, for benchmarks that need the whole desk."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from desk_contracts.topics import SERVICES
from desk_local.paths import Places
from desk_local.ports import free_ports
from desk_local.services import Around, ServiceProcess, launch_together, together

from desk_bench.serving import UNLIMITED, ready

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Fleet:
    """The five services as processes, by name."""

    services: Mapping[str, ServiceProcess]

    def port_of(self, name: str) -> int:
        """Where that one answers."""
        return self.services[name].port

    async def are_ready(self) -> float:
        """How many seconds it takes until each of them says so."""
        before = perf_counter()
        await asyncio.gather(
            *(ready(service.port, "/health/ready") for service in self.services.values())
        )
        return perf_counter() - before

    def cpu_seconds(self) -> dict[str, float]:
        """What each has used of a core since it started."""
        return {name: _ticks(pid) / _TICK for name, pid in self._pids()}

    async def idle(self, seconds: float) -> float:
        """Their share of a core, all together, while nobody asks for anything."""
        before = sum(self.cpu_seconds().values())
        await asyncio.sleep(seconds)
        return (sum(self.cpu_seconds().values()) - before) / seconds

    def megabytes(self) -> tuple[float, float]:
        """Resident in memory, all together: each page for each process, and each page once."""
        pids = [pid for _, pid in self._pids()]
        return sum(map(_resident, pids)), sum(map(_shared_out, pids))

    def kill(self) -> None:
        """At once, and none knows of it."""
        together(self.services.values(), ServiceProcess.kill)

    def _pids(self) -> list[tuple[str, int]]:
        running = [(name, service.running) for name, service in self.services.items()]
        return [(name, item.pid) for name, item in running if item is not None]


@contextmanager
def fleet(kafka: str, store_url: str, folder: Path | None = None) -> Iterator[Fleet]:
    """Started as `make up` does, and ended with the block; they are members that come back.

    What they keep beside their store lies in `folder`; without one it is gone afterwards.
    """
    numbers = free_ports(len(SERVICES))
    env = UNLIMITED | {"DESK_LOG_LEVEL": "ERROR", "DESK_KAFKA_INSTANCE": "bench"}
    around = Around(kafka, store_url, env)
    with ExitStack() as stack:
        places = Places(folder or Path(stack.enter_context(TemporaryDirectory())))
        services = [
            ServiceProcess(name, places, port, around, attached=True)
            for name, port in zip(SERVICES, numbers, strict=True)
        ]
        stack.callback(together, services, ServiceProcess.stop)
        launch_together(services)
        yield Fleet({service.name: service for service in services})


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _resident(pid: int) -> float:
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _shared_out(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6

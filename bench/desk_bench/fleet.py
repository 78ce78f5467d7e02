"""All five services as processes, for benchmarks that need the whole desk."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from desk_contracts.topics import SERVICES
from desk_local.ports import free_ports
from desk_local.services import command_of

from desk_bench.serving import environment, process, ready

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Fleet:
    """The five services as processes, each with its port, by name."""

    ports: Mapping[str, int]
    processes: Mapping[str, "subprocess.Popen[bytes]"]

    async def are_ready(self) -> float:
        """How many seconds it takes until each of them says so."""
        before = perf_counter()
        await asyncio.gather(*(ready(port, "/health/ready") for port in self.ports.values()))
        return perf_counter() - before

    def cpu_seconds(self) -> dict[str, float]:
        """What each has used of a core since it started."""
        return {name: _ticks(item.pid) / _TICK for name, item in self.processes.items()}

    async def idle(self, seconds: float) -> float:
        """Their share of a core, all together, while nobody asks for anything."""
        before = sum(self.cpu_seconds().values())
        await asyncio.sleep(seconds)
        return (sum(self.cpu_seconds().values()) - before) / seconds

    def megabytes(self) -> tuple[float, float]:
        """Resident in memory, all together: each page for each process, and each page once."""
        pids = [item.pid for item in self.processes.values()]
        return sum(map(_resident, pids)), sum(map(_shared_out, pids))

    def kill(self) -> None:
        """At once, and none knows of it."""
        for item in self.processes.values():
            item.send_signal(signal.SIGKILL)
        for item in self.processes.values():
            item.wait()


@contextmanager
def fleet(kafka: str, store_url: str) -> Iterator[Fleet]:
    """All end with the block. They are members that come back, as those of a local desk."""
    numbers = free_ports(len(SERVICES))
    ports = {str(name): port for name, port in zip(SERVICES, numbers, strict=True)}
    instance = {"DESK_KAFKA_INSTANCE": "bench"}
    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(
                process(command_of(name), environment(name, kafka, store_url, port) | instance)
            )
            for name, port in ports.items()
        }
        yield Fleet(ports, processes)


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _resident(pid: int) -> float:
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _shared_out(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6

"""What the process itself uses, and how late its event loop turns."""

import asyncio
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from opentelemetry.metrics import CallbackOptions, Histogram, Meter, Observation

from desk_platform.telemetry import names

_PROC = Path("/proc/self")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PAUSE_SECONDS = 1.0


def measure_process(meter: Meter) -> None:
    """Looked up when somebody asks for figures, so it costs nothing in between."""
    began = time.monotonic()
    meter.create_observable_counter(names.CPU_TIME, [_cpu_time], "s", "Processor time used")
    meter.create_observable_up_down_counter(
        names.MEMORY_USAGE, [_memory], "By", "Physical memory in use"
    )
    meter.create_observable_up_down_counter(
        names.OPEN_FILES, [_open_files], "{file_descriptor}", "Files and connections open"
    )
    meter.create_observable_gauge(
        names.UPTIME,
        [lambda _: [Observation(time.monotonic() - began)]],
        "s",
        "Time since the process began",
    )


async def watch_event_loop(lag: Histogram) -> None:
    """Until cancelled: how much later than asked for the loop comes back."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _PAUSE_SECONDS
        await asyncio.sleep(_PAUSE_SECONDS)
        lag.record(max(0.0, loop.time() - due))


def _cpu_time(_: CallbackOptions) -> Iterator[Observation]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    yield Observation(used.ru_utime, {names.CPU_MODE: "user"})
    yield Observation(used.ru_stime, {names.CPU_MODE: "system"})


def _memory(_: CallbackOptions) -> Iterator[Observation]:
    """Nothing where the system has no /proc: unknown is not 0."""
    if (statm := _PROC / "statm").exists():
        yield Observation(int(statm.read_text().split()[1]) * _PAGE_BYTES)


def _open_files(_: CallbackOptions) -> Iterator[Observation]:
    if (folder := _PROC / "fd").exists():
        yield Observation(sum(1 for _ in folder.iterdir()))

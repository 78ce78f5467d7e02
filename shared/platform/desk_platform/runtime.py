"""The life of a service: start, run, stop.

HTTP answers first (probes must work while dependencies are away), then store and bus are waited
for with patience, then consumers join. A stop drains: no new work, finish, commit, leave, flush.
"""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from aiokafka.errors import KafkaError
from desk_contracts.errors import Transient
from fastapi import FastAPI

from desk_platform.clock import Clock
from desk_platform.health import Health, State
from desk_platform.http.gate import Gate
from desk_platform.http.server import server_of
from desk_platform.kafka.retry import attempt_async, backoff
from desk_platform.lifetimes import Lifetime
from desk_platform.settings import ServiceSettings
from desk_platform.supervision import Loop, Supervisor
from desk_platform.tasks import cancel_tasks
from desk_platform.telemetry import Telemetry, get_logger, watch_event_loop

log = get_logger()

# How long one thread keeps the interpreter while another one wants it.
SWITCH_SECONDS = 0.0005
# Of the time that a stop may take, for calls under way; parts need the rest to hand over.
_SHARE_OF_CALLS = 0.4
# For a part whose turn comes when others have used up the time: a consumer still leaves its group.
_LEAST_OF_PART = 0.25


@dataclass(frozen=True, slots=True)
class Assembled:
    """Everything a running service consists of.

    `lifetimes` are opened in order, then `consumers` all together, since each joins a group of its
    own; all are closed in reverse. `jobs` run while all of them are open (relays, timers, the
    charter's watch). `watches` ask what it depends on, from the start.
    """

    name: str
    settings: ServiceSettings
    clock: Clock
    health: Health
    telemetry: Telemetry
    app: FastAPI
    lifetimes: Sequence[tuple[str, Lifetime]]
    consumers: Sequence[tuple[str, Lifetime]] = ()
    jobs: Mapping[str, Loop] = field(default_factory=dict)
    close: Callable[[], Awaitable[None]] | None = None
    watches: Mapping[str, Loop] = field(default_factory=dict)


async def run(service: Assembled, listener: socket.socket) -> None:
    """Answer and run until SIGTERM or SIGINT, then drain within the settings' shutdown grace."""
    tune_interpreter()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    for name, _ in (*service.lifetimes, *service.consumers):
        service.health.expect(name)
    async with _http(service, listener, stopping):
        opened = Opened(service)
        opening = asyncio.create_task(opened.open_all(), name="opening")
        failure = await _wait_for_stop(opening, stopping)
        service.health.drain()
        log.info("service_stops", service=service.name)
        # Calls that were accepted have what they need until they are answered; later ones hear 503.
        gate: Gate = service.app.state.gate
        if left := await gate.close(service.settings.shutdown_grace * _SHARE_OF_CALLS):
            log.warning("calls_cut_short", calls=left)
        await cancel_tasks(opening)
        is_clean = await opened.close_all()

        if failure is not None or not is_clean:
            raise SystemExit(1)
    log.info("service_stopped", service=service.name)


def tune_interpreter() -> None:
    """For a process that handles many events, and whose store's driver works in other threads.

    Looks for cycles seldom: what a service allocates per event dies without the collector, which
    otherwise takes a third of a busy consumer's time looking at what lives on anyway. What is there
    already is never looked at; 3 MB of it are garbage of imports, and 0.1 s to find them.
    And lets the threads of the store have their turn soon: after each call to the disk or the
    network one waits until the loop gives way, by default for 5 ms, and the next slice is not begun
    meanwhile.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()
    sys.setswitchinterval(SWITCH_SECONDS)


class Opened:
    """The lifetimes of a service that are open, to be closed in reverse."""

    def __init__(self, service: Assembled) -> None:
        self._service = service
        self._open: list[tuple[str, Lifetime]] = []

    async def open_all(self) -> None:
        """Each part, however long what it depends on is away; its jobs come last."""
        service = self._service
        supervisor = Supervisor(service.clock, service.health, service.telemetry.meters)
        lag: Loop = partial(watch_event_loop, service.telemetry.meters.loop_lag)
        watches = {"health": service.health.watch_loop, "event loop": lag, **service.watches}
        await self._enter("watches", supervisor.keep_all(watches))
        for name, lifetime in service.lifetimes:
            await self._patiently(name, lifetime)
        async with asyncio.TaskGroup() as group:
            for name, consumer in service.consumers:
                group.create_task(self._patiently(name, consumer))
        await self._enter("jobs", supervisor.keep_all(service.jobs))
        log.info("service_ready", service=service.name)

    async def _patiently(self, name: str, lifetime: Lifetime) -> None:
        """Try until it works: a service that comes up before its dependencies waits for them.

        So it does where a bug keeps a part from opening: to end would only have it started again.
        """
        failures, health, clock = 0, self._service.health, self._service.clock
        while (error := await attempt_async(self._enter(name, lifetime))) is not None:
            failures += 1
            health.mark(name, State.DOWN, str(error) or repr(error))
            if isinstance(error, Transient | KafkaError | OSError):
                log.warning("dependency_awaited", part=name, failures=failures, reason=str(error))
            else:
                log.error("part_does_not_start", part=name, failures=failures, exc_info=error)
            await clock.sleep(backoff(failures))
        health.mark(name, State.READY)

    async def _enter(self, name: str, lifetime: Lifetime) -> None:
        await lifetime.__aenter__()
        self._open.append((name, lifetime))

    async def close_all(self) -> bool:
        """Close every part, whatever others raise or however long they take, then the store and
        telemetry; whether all went well."""
        # Two seconds less than the grace, for closing files and sending the last spans.
        budget = self._service.settings.shutdown_grace - timedelta(seconds=2)
        until = asyncio.get_running_loop().time() + max(1.0, budget.total_seconds())
        is_clean = True
        while self._open:
            name, lifetime = self._open.pop()
            left = until - asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(max(_LEAST_OF_PART, left)):
                    is_clean &= await _close(name, lifetime.__aexit__(None, None, None))
            except TimeoutError:
                log.exception("drain_took_too_long", part=name)  # what it holds is found again
        if self._service.close is not None:
            is_clean &= await _close("store", self._service.close())
        return is_clean & await _close("telemetry", self._service.telemetry.stop())


async def _wait_for_stop(
    opening: "asyncio.Task[None]", stopping: asyncio.Event
) -> BaseException | None:
    """Wait for the stop; opening only fails by a bug of its own, and then nothing runs."""
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait({opening, waiting}, return_when=asyncio.FIRST_COMPLETED)
    error = opening.exception() if opening.done() else None
    if error is None:
        await waiting
        return None
    waiting.cancel()
    log.error("service_failed", exc_info=error)
    return error


async def _close(name: str, closing: Awaitable[object]) -> bool:
    """Whether it went well."""
    error = await attempt_async(closing)
    if error is not None:
        log.error("part_does_not_stop", part=name, exc_info=error)
    return error is None


@contextlib.asynccontextmanager
async def _http(
    service: Assembled, listener: socket.socket, stopping: asyncio.Event
) -> AsyncIterator[None]:
    server = server_of(service.app, service.settings, service.app.state.longest_body)
    serving = asyncio.create_task(server.serve([listener]), name="http")
    serving.add_done_callback(lambda _: stopping.set())
    try:
        yield
    finally:
        server.stop()
        await serving

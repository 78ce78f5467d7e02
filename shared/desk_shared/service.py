"""The life of a service: start, run, stop. Every `main` builds its parts and hands them over here.

HTTP answers first (probes must work while dependencies are away), then store and bus are waited
for with patience, then consumers join. A stop drains: no new work, finish, commit, leave, flush.
"""

import asyncio
import contextlib
import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from aiokafka.errors import KafkaError
from fastapi import FastAPI

from desk_shared.bus.retry import attempt_async, backoff
from desk_shared.clock import Clock
from desk_shared.errors import Transient
from desk_shared.health import Health, State
from desk_shared.http.app import BODY_LIMIT
from desk_shared.http.gate import Gate
from desk_shared.http.server import server_of
from desk_shared.settings import ServiceSettings
from desk_shared.supervision import Supervisor
from desk_shared.tasks import ended
from desk_shared.telemetry import Telemetry, get_logger

log = get_logger()

# Of the time that a stop may take, for calls under way; parts need the rest to hand over.
_SHARE_OF_CALLS = 0.4
# For a part whose turn comes when others have used up the time: a consumer still leaves its group.
_LEAST_OF_PART = 0.25


class Part(Protocol):
    """Something with a life of its own: a consumer, a publisher, a channel."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Service:
    """Everything a running service consists of, in the order it is needed.

    `prepare` makes the store ready (indexes), `parts` start in order and stop in reverse, `loops`
    run until the stop (relays, timers, workers, charter watch).
    """

    name: str
    settings: ServiceSettings
    clock: Clock
    health: Health
    telemetry: Telemetry
    app: FastAPI
    prepare: Callable[[], Awaitable[None]]
    parts: Sequence[tuple[str, Part]]
    loops: Sequence[tuple[str, Callable[[], Coroutine[None, None, None]]]] = field(default=())
    close: Callable[[], Awaitable[None]] | None = None


async def run(service: Service) -> None:
    """Run until SIGTERM or SIGINT, then drain within the settings' shutdown grace."""
    collect_seldom()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    for name, _ in service.parts:
        service.health.expect(name)
    service.health.expect("store")
    async with _http(service, stopping):
        loops: list[asyncio.Task[None]] = []
        work = asyncio.create_task(_work(service, loops), name="work")
        await _first(work, stopping)
        service.health.drain()
        log.info("service_stops", service=service.name)
        await _answered(service)
        await _drain(service, work, loops)
    log.info("service_stopped", service=service.name)


def collect_seldom() -> None:
    """Look for cycles seldom: what a service allocates per event dies without the collector,
    which otherwise takes a third of a busy consumer's time looking at what lives on anyway."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _work(service: Service, loops: "list[asyncio.Task[None]]") -> None:
    await patiently(service, "store", service.prepare)
    for name, part in service.parts:
        await patiently(service, name, part.start)
    log.info("service_ready", service=service.name)
    supervisor = Supervisor(service.clock, service.health, service.telemetry.meters)
    for name, loop in (("health", service.health.watch_loop), *service.loops):
        loops.append(asyncio.create_task(supervisor.keep(name, loop), name=name))
    await asyncio.wait(loops)


async def patiently(service: Service, name: str, start: Callable[[], Awaitable[None]]) -> None:
    """Try until it works: a service that comes up before its dependencies waits for them.

    So it does where a bug keeps a part from starting: to end would only have it started again.
    """
    failures = 0
    while (error := await attempt_async(start())) is not None:
        failures += 1
        service.health.mark(name, State.DOWN, str(error) or repr(error))
        if isinstance(error, Transient | KafkaError | OSError):
            log.warning("dependency_awaited", part=name, failures=failures, reason=str(error))
        else:
            log.error("part_does_not_start", part=name, failures=failures, exc_info=error)
        await service.clock.sleep(backoff(failures))
    service.health.mark(name, State.READY)


async def _first(work: "asyncio.Task[None]", stopping: asyncio.Event) -> None:
    """Wait for the stop; the work itself only ends by a bug in what supervises it."""
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if work.done() and work.exception() is not None:
        log.error("service_failed", exc_info=work.exception())


async def _answered(service: Service) -> None:
    """Calls that were accepted have what they need until they are answered; later ones hear 503."""
    gate: Gate = service.app.state.gate
    if left := await gate.close(service.settings.shutdown_grace * _SHARE_OF_CALLS):
        log.warning("calls_cut_short", calls=left)


async def _drain(
    service: Service, work: "asyncio.Task[None]", loops: "Sequence[asyncio.Task[None]]"
) -> None:
    failure = work.exception() if work.done() else None
    await ended(work)
    await ended(*loops)
    is_clean = await _stopped(service)
    if service.close is not None:
        is_clean &= await _ended_well("store", service.close())
    is_clean &= await _ended_well("telemetry", service.telemetry.stop())
    if failure is not None or not is_clean:
        raise SystemExit(1)


async def _stopped(service: Service) -> bool:
    """Stop every part, whatever others raise or however long they take; whether all ended well."""
    until = asyncio.get_running_loop().time() + _budget(service.settings)
    is_clean = True
    for name, part in reversed(service.parts):
        left = until - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(_LEAST_OF_PART, left)):
                is_clean &= await _ended_well(name, part.stop())
        except TimeoutError:
            log.exception("drain_took_too_long", part=name)  # what it holds is found again
    return is_clean


async def _ended_well(name: str, ending: Awaitable[None]) -> bool:
    error = await attempt_async(ending)
    if error is not None:
        log.error("part_does_not_stop", part=name, exc_info=error)
    return error is None


def _budget(settings: ServiceSettings) -> float:
    """Two seconds less than the grace, for closing files and sending the last spans."""
    return max(1.0, (settings.shutdown_grace - timedelta(seconds=2)).total_seconds())


@contextlib.asynccontextmanager
async def _http(service: Service, stopping: asyncio.Event) -> AsyncIterator[None]:
    server = server_of(service.app, service.settings, BODY_LIMIT)
    serving = asyncio.create_task(server.serve(), name="http")
    serving.add_done_callback(lambda _: stopping.set())
    try:
        yield
    finally:
        server.should_exit = True
        await serving

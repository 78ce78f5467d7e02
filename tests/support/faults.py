"""Raises in a coroutine wherever it waits, and services to try that on."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from desk_charter import CharterSource
from desk_contracts.topics import CATALOGUE, SERVICES
from desk_platform.builder import assemble
from desk_platform.clock import SystemClock
from desk_platform.heartbeat import on_beat
from desk_platform.kafka.admin import apply_topics
from desk_platform.runtime import Assembled, Opened
from desk_platform.service import Service
from desk_platform.settings import KafkaSettings, ServiceSettings, read_settings
from desk_testing.processes import environment

Loop = Callable[[], Coroutine[None, None, None]]


# A loop that went round so often has shown what it should; the others need the processor.
ENOUGH = 2
_longest_pause = ContextVar("longest pause of a loop", default=timedelta(milliseconds=5))


class QuickClock(SystemClock):
    """The machine's time; nobody sleeps long, so that many rounds fit into a test."""

    async def sleep(self, pause: timedelta) -> None:
        await super().sleep(min(pause, _longest_pause.get()))


@dataclass
class Fault:
    """A life of a loop in which its `place`-th wait raises. It tells whether it came so far."""

    work: Coroutine[None, None, None]
    place: int
    error: Exception
    waits: int = 0

    def __await__(self) -> Generator[Any, Any, None]:
        inner = self.work.__await__()
        waiting = next(inner)
        while True:
            self.waits += 1
            try:
                if self.waits == self.place:
                    waiting = inner.throw(self.error)
                    continue
                sent = yield waiting
            except StopIteration:
                return
            except BaseException as error:  # noqa: BLE001 (a cancellation, most often)
                waiting = inner.throw(error)
            else:
                try:
                    waiting = inner.send(sent)
                except StopIteration:
                    return


@dataclass
class Faulty:
    """A loop whose first life fails at its first wait, the second at its second, and so on, once
    with each error, until a whole round was tried."""

    loop: Loop
    errors: tuple[Exception, ...]
    lives: int = 0
    tried: int = 0
    is_through: bool = False
    rounds: int = 0
    most_places: int = 8

    async def run(self) -> None:
        if self.is_through:
            await self._counted()
            return
        place, which = divmod(self.lives, len(self.errors))
        if place == self.most_places:
            self.is_through = True
            await self._counted()
            return
        self.lives += 1
        self.tried = place + 1
        before = on_beat.get()

        def hear() -> None:
            # One more wait, that for the next round, and all of it was tried.
            self.is_through = self.lives % len(self.errors) == 0
            if before is not None:
                before()

        token = on_beat.set(hear)
        try:
            await Fault(self.loop(), place + 1, self.errors[which])
        finally:
            on_beat.reset(token)

    async def _counted(self) -> None:
        before = on_beat.get()

        def hear() -> None:
            self.rounds += 1
            if self.rounds >= ENOUGH:
                _longest_pause.set(timedelta(seconds=1))
            if before is not None:
                before()

        on_beat.set(hear)
        await self.loop()


def built(name: str, kafka: str, store_url: str, prefix: str, **own: str) -> Assembled:
    """A service as its table says, on these servers, with settings of its own."""
    table: Service[ServiceSettings, CharterSource] = importlib.import_module(
        f"desk_{name}.service"
    ).SERVICE
    more = {"NOTIFY_SMTP_HOST": "127.0.0.1", "NOTIFY_SMTP_PORT": "9"} if name == "notify" else {}
    environ = environment(kafka, store_url, prefix) | more | own
    return assemble(table, read_settings(table.settings, environ), QuickClock())


@asynccontextmanager
async def all_opened(kafka: str, store_url: str, prefix: str) -> AsyncIterator[list[Assembled]]:
    """All services, opened side by side: what takes long is to wait for the servers."""
    settings = KafkaSettings(bootstrap=kafka)
    await apply_topics(settings, CATALOGUE, prefix=prefix, partitions=1)
    async with AsyncExitStack() as stack:
        yield list(
            await asyncio.gather(
                *(
                    stack.enter_async_context(opened(built(name, kafka, store_url, prefix)))
                    for name in SERVICES
                )
            )
        )


@asynccontextmanager
async def opened(service: Assembled) -> AsyncIterator[Assembled]:
    """With all parts open but consumers, which are no loops."""
    parts = Opened(replace(service, consumers=(), jobs={}, watches={}))
    await parts.open_all()
    try:
        yield service
    finally:
        await parts.close_all()
        if service.close is not None:
            await service.close()
        await service.telemetry.stop()
        await asyncio.sleep(0)

"""A stop reaches every part, whatever others raise or however long they take."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from desk_local.paths import ROOT
from desk_platform.clock import SystemClock
from desk_platform.health import Health
from desk_platform.runtime import Assembled, Opened
from desk_platform.settings import Environment, ServiceSettings
from desk_testing.telemetry import record_telemetry
from fastapi import FastAPI


@dataclass
class Part(AbstractAsyncContextManager[None]):
    """Notes its end, then does what it is told to."""

    name: str
    stopped: list[str]
    error: Exception | None = None
    hangs: bool = False

    async def __aenter__(self) -> None:
        return

    async def __aexit__(self, *failure: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        self.stopped.append(self.name)
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error


def service_of(*parts: Part, close: Part) -> Assembled:
    clock = SystemClock()
    settings = ServiceSettings(
        environment=Environment.LOCAL,
        charter=Path(ROOT / "charter"),
        shutdown_grace=timedelta(seconds=3),
    )
    return Assembled(
        name="any",
        settings=settings,
        clock=clock,
        health=Health(clock),
        telemetry=record_telemetry().telemetry,
        app=FastAPI(),
        lifetimes=[(part.name, part) for part in parts],
        close=close.stop,
    )


async def is_clean(service: Assembled) -> bool:
    """How it ends, once all of it was open."""
    opened = Opened(service)
    await opened.open_all()
    return await opened.close_all()


async def test_one_that_raises_keeps_no_other_from_stopping_and_is_told() -> None:
    stopped: list[str] = []
    errors = (ZeroDivisionError("a bug"), TimeoutError(), ExceptionGroup("two", [OSError()]))
    parts = [Part(f"{n}", stopped, error) for n, error in enumerate((*errors, None))]
    service = service_of(*parts, close=Part("store", stopped, OSError("gone")))
    assert not await is_clean(service)
    assert stopped == ["3", "2", "1", "0", "store"]


async def test_one_that_hangs_leaves_the_others_a_moment() -> None:
    stopped: list[str] = []
    parts = [Part("bus", stopped), Part("first", stopped, hangs=True)]
    service = service_of(*parts, Part("worker", stopped), close=Part("store", stopped))
    assert await is_clean(service)
    assert stopped == ["worker", "first", "bus", "store"]


async def test_a_clean_stop_is_no_failure() -> None:
    stopped: list[str] = []
    assert await is_clean(service_of(Part("bus", stopped), close=Part("store", stopped)))
    assert stopped == ["bus", "store"]


async def test_consumers_open_together_and_close_before_what_they_need() -> None:
    """A broker that lets one wait for its group keeps no other from joining."""
    stopped: list[str] = []
    service = service_of(Part("bus", stopped), close=Part("store", stopped))
    is_joined = asyncio.Event()

    @asynccontextmanager
    async def consumer(joining: Awaitable[object]) -> AsyncIterator[None]:
        await joining
        is_joined.set()
        yield
        stopped.append("consumer")

    first, second = consumer(is_joined.wait()), consumer(asyncio.sleep(0))
    async with asyncio.timeout(10):
        assert await is_clean(replace(service, consumers=[("first", first), ("second", second)]))
    assert stopped == ["consumer", "consumer", "bus", "store"]


async def test_what_was_never_opened_is_not_closed() -> None:
    stopped: list[str] = []
    first, close = Part("bus", stopped), Part("store", stopped)
    service = service_of(first, close=close)
    assert await Opened(service).close_all()
    assert stopped == ["store"]

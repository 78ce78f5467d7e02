"""A stop reaches every part, whatever others raise or however long they take."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from desk_shared.clock import SystemClock
from desk_shared.health import Health
from desk_shared.local.places import ROOT
from desk_shared.service import Service, _drain
from desk_shared.settings import Environment, ServiceSettings
from desk_shared.telemetry.testing import recorded_telemetry
from fastapi import FastAPI


@dataclass
class Part:
    """Notes its stop, then does what it is told to."""

    name: str
    stopped: list[str]
    error: Exception | None = None
    hangs: bool = False

    async def start(self) -> None:
        """It is there."""

    async def stop(self) -> None:
        self.stopped.append(self.name)
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error


async def prepare() -> None:
    """Nothing to prepare."""


def service_of(*parts: Part, close: Part) -> Service:
    clock = SystemClock()
    settings = ServiceSettings(
        environment=Environment.LOCAL,
        charter=Path(ROOT / "charter"),
        shutdown_grace=timedelta(seconds=3),
    )
    return Service(
        name="any",
        settings=settings,
        clock=clock,
        health=Health(clock),
        telemetry=recorded_telemetry().telemetry,
        app=FastAPI(),
        prepare=prepare,
        parts=[(one.name, one) for one in parts],
        close=close.stop,
    )


async def drained(service: Service) -> None:
    work = asyncio.create_task(asyncio.Event().wait())
    await _drain(service, work, [])  # type: ignore[arg-type]  # it only has to end


async def test_one_that_raises_keeps_no_other_from_stopping_and_is_told() -> None:
    stopped: list[str] = []
    errors = (ZeroDivisionError("a bug"), TimeoutError(), ExceptionGroup("two", [OSError()]))
    parts = [Part(f"{n}", stopped, error) for n, error in enumerate((*errors, None))]
    with pytest.raises(SystemExit) as ended:
        await drained(service_of(*parts, close=Part("store", stopped, OSError("gone"))))
    assert stopped == ["3", "2", "1", "0", "store"]
    assert ended.value.code == 1


async def test_one_that_hangs_leaves_the_others_a_moment() -> None:
    stopped: list[str] = []
    parts = [Part("bus", stopped), Part("first", stopped, hangs=True)]
    await drained(service_of(*parts, Part("worker", stopped), close=Part("store", stopped)))
    assert stopped == ["worker", "first", "bus", "store"]


async def test_a_clean_stop_is_no_failure() -> None:
    stopped: list[str] = []
    await drained(service_of(Part("bus", stopped), close=Part("store", stopped)))
    assert stopped == ["bus", "store"]

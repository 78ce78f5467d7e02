"""The clock as an argument: pure code is given the time, it never asks."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Gives the time and waits; aware UTC everywhere."""

    def now(self) -> datetime: ...

    async def sleep(self, pause: timedelta) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, pause: timedelta) -> None:
        await asyncio.sleep(max(0.0, pause.total_seconds()))


class FakeClock:
    """A clock that moves only when told to, for tests and replays in event time."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    async def sleep(self, pause: timedelta) -> None:
        self.advance(pause)
        await asyncio.sleep(0)

    def advance(self, pause: timedelta) -> None:
        self._now += pause

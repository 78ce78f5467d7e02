"""The clock as an argument: pure code is given the time, it never asks."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Protocol

# What waits for a second or more is in no hurry to a quarter of one.
SHARED_SECONDS = 0.5


class Clock(Protocol):
    """Gives the time and waits; aware UTC everywhere."""

    def now(self) -> datetime: ...

    async def sleep(self, pause: timedelta) -> None: ...


class SystemClock:
    """The machine's own clock. Each has moments of its own, so processes do not wake together."""

    def __init__(self) -> None:
        self._phase = random.uniform(0.0, SHARED_SECONDS)  # noqa: S311 (any will do)

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, pause: timedelta) -> None:
        """A pause of a second or more ends at the moment nearest to its end, twice a second, that
        all such pauses share: an idle service wakes once for all its loops."""
        seconds = max(0.0, pause.total_seconds())
        if seconds >= 1.0:
            began = asyncio.get_running_loop().time()
            seconds = share_end(began + seconds - self._phase) + self._phase - began
        await asyncio.sleep(seconds)


def share_end(moment: float) -> float:
    """The shared moment that is nearest, on the clock of the loop."""
    return round(moment / SHARED_SECONDS) * SHARED_SECONDS


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

"""The time that the agent goes by, which is not what the device's clock shows.

The brokers say when they took the agent's record; from there the machine's uninterrupted clock
counts on, also while it sleeps. Somebody who sets the device's clock moves nothing of it. What the
desk signed lies in the past, so no estimate is ever before that.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def read_uninterrupted() -> timedelta:
    """Since the machine began; nobody can set it, and sleep counts where the system says so."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME))
    return timedelta(seconds=time.monotonic())


def read_wall() -> datetime:
    """What the device's own clock shows."""
    return datetime.now(UTC)


class DeviceClock:
    """Two clocks and two facts: what the brokers said last, and the latest that was signed."""

    def __init__(
        self,
        floor: datetime | None = None,
        wall: Callable[[], datetime] = read_wall,
        elapsed: Callable[[], timedelta] = read_uninterrupted,
    ) -> None:
        self._wall, self.elapsed = wall, elapsed
        self._anchor: tuple[datetime, timedelta] | None = None
        self._floor = None if floor is None else (floor, elapsed())

    @property
    def is_trusted(self) -> bool:
        """Whether anybody but the device itself has said what time it is, since the agent began."""
        return self._anchor is not None

    @property
    def offset(self) -> timedelta | None:
        """How far the device's own clock is ahead; None if nobody said what time it is."""
        return self._wall() - self.now() if self.is_trusted else None

    def now(self) -> datetime:
        """The brokers' time counted on, else the device's own; never before what was signed."""
        estimate = self._wall() if self._anchor is None else self._count_on(*self._anchor)
        return estimate if self._floor is None else max(estimate, self._count_on(*self._floor))

    def anchor(self, at: datetime) -> None:
        """The brokers took a record of ours at this moment."""
        self._anchor = (at, self.elapsed())

    def raise_floor(self, signed_at: datetime) -> None:
        """The desk signed something at this moment, so it is over."""
        if self._floor is None or signed_at > self._count_on(*self._floor):
            self._floor = (signed_at, self.elapsed())

    def _count_on(self, at: datetime, when: timedelta) -> datetime:
        return at + (self.elapsed() - when)

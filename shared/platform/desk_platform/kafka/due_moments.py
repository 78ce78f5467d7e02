"""When the timers of one collection are due, as far as this replica knows.

The moments themselves stand in the store; memory only makes their timers punctual.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from desk_platform.clock import Clock

MAX_REMEMBERED = 200_000
# A rule that asks for a moment already past must not spin.
NEVER_SOONER = timedelta(milliseconds=20)
# The documents of a store that are due until a moment, and at most how many.
Ask = Callable[[datetime, int], Awaitable[list[tuple[datetime, str]]]]


class DueMoments:
    """Whoever writes documents notes here when they are due; timers take what is.

    Nothing is kept before the timers have looked into the store for the first time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._soon: list[tuple[datetime, str]] = []
        # What was noted last since the store was read: a timer that was moved on, as most are,
        # needs no look at its document.
        self._latest: dict[str, datetime] = {}
        self._known_until: datetime | None = None
        self._has_earlier = asyncio.Event()

    def remember(self, id: str, due: datetime) -> None:
        """Note when the timer of a document is due."""
        if self._known_until is None:
            return
        due = max(due, self._clock.now() + NEVER_SOONER)
        if id in self._latest or len(self._latest) < MAX_REMEMBERED:
            self._latest[id] = due
        if due <= self._known_until and len(self._soon) < MAX_REMEMBERED:
            heapq.heappush(self._soon, (due, id))
            if self._soon[0] == (due, id):
                self._has_earlier.set()

    async def renew(self, until: datetime, ask: Ask) -> None:
        """Begin anew with what the store has until then."""
        before, self._soon, self._known_until = self._soon, [], until
        try:
            before = await ask(until, MAX_REMEMBERED)
        finally:
            # What was set meanwhile may be missing in the store's answer; twice is harmless.
            self._soon += before
            self._latest.clear()
            heapq.heapify(self._soon)

    def next(self) -> datetime | None:
        """The earliest moment, if there is any."""
        return self._soon[0][0] if self._soon else None

    def take(self, until: datetime, most: int) -> dict[str, datetime]:
        """Those due until then, the earliest first, but for what was moved on."""
        taken: dict[str, datetime] = {}
        while self._soon and self._soon[0][0] <= until and len(taken) < most:
            due, id = heapq.heappop(self._soon)
            if self._latest.get(id, due) <= due:
                taken.setdefault(id, due)
        return taken

    async def wait(self, seconds: float) -> None:
        """Until something is due earlier than all that was known, but no longer than that."""
        self._has_earlier.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._has_earlier.wait()
        except TimeoutError:
            return

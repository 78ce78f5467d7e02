"""How many calls go to one place at once, and who is next."""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import islice

# Whoever comes later is called by the timers, which look into the store every ten seconds.
MOST_BEHIND = 10_000


class Slots:
    """Who waits in line for a slot is no run that is worked on, so a slow place blocks nobody else.

    In line are twice as many as have a slot: enough that none stays empty. Of those that find it
    full only the ids are kept, and they are called as the line grows shorter. Whoever is never
    called is due all the same: timers find the run in the store.
    """

    def __init__(
        self, per_slot: int, free_runs: asyncio.Semaphore, call: Callable[[str], None]
    ) -> None:
        self._per_slot, self._free_runs, self._call = per_slot, free_runs, call
        self._behind: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._in_line: Counter[str] = Counter()
        self._taken: Counter[str] = Counter()
        self._waiting: defaultdict[str, deque[asyncio.Future[None]]] = defaultdict(deque)

    @asynccontextmanager
    async def line_up(self, slot: str | None, run: str) -> AsyncIterator[bool]:
        """Whether there is room in the line; where there is none the run is called later."""
        if slot is None:
            yield True
            return
        self._behind[slot].pop(run, None)
        if self._in_line[slot] >= 2 * self._per_slot:
            if len(self._behind[slot]) < MOST_BEHIND:
                self._behind[slot][run] = None
            yield False
            return
        self._in_line[slot] += 1
        try:
            yield True
        finally:
            self._leave(slot)

    @asynccontextmanager
    async def enter(self, slot: str | None) -> AsyncIterator[None]:
        """A slot, for whoever is in its line."""
        if slot is None:
            yield
            return
        await self._take(slot)
        try:
            yield
        finally:
            self._pass_on(slot)

    async def _take(self, slot: str) -> None:
        if self._taken[slot] < self._per_slot:
            self._taken[slot] += 1
            return
        waiting = self._waiting[slot]
        grant = asyncio.get_running_loop().create_future()
        waiting.append(grant)
        self._free_runs.release()
        try:
            await grant
        except asyncio.CancelledError:
            if grant.done() and not grant.cancelled():
                self._pass_on(slot)
            elif grant in waiting:
                waiting.remove(grant)
            raise
        finally:
            await self._free_runs.acquire()

    def _pass_on(self, slot: str) -> None:
        waiting = self._waiting[slot]
        while waiting:
            grant = waiting.popleft()
            if not grant.done():
                grant.set_result(None)
                return
        del self._waiting[slot]
        self._taken[slot] -= 1
        if not self._taken[slot]:
            del self._taken[slot]

    def _leave(self, slot: str) -> None:
        self._in_line[slot] -= 1
        behind = self._behind[slot]
        # Two where there is room, so that the line grows although those called take a while.
        for run in list(islice(behind, min(2, 2 * self._per_slot - self._in_line[slot]))):
            del behind[run]
            self._call(run)
        if not behind:
            del self._behind[slot]
        if not self._in_line[slot]:
            del self._in_line[slot]

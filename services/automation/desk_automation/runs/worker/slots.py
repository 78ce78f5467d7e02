"""How many calls go to one place at once, and who is next."""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

Line = deque["asyncio.Future[None]"]


class Slots:
    """Who waits in line for a slot is no run that is worked on, so a slow place blocks nobody else.

    A line is no longer than the slots that it is for: enough that none stays empty.
    """

    def __init__(self, per_slot: int, free_runs: asyncio.Semaphore) -> None:
        self._per_slot, self._free_runs = per_slot, free_runs
        self._taken: Counter[str] = Counter()
        self._lines: defaultdict[str, Line] = defaultdict(deque)

    @asynccontextmanager
    async def enter(self, slot: str | None) -> AsyncIterator[bool]:
        """Whether the slot is ours now; not where too many wait for it already."""
        if slot is None:
            yield True
        elif not await self._take(slot):
            yield False
        else:
            try:
                yield True
            finally:
                self._pass_on(slot)

    async def _take(self, slot: str) -> bool:
        if self._taken[slot] < self._per_slot:
            self._taken[slot] += 1
            return True
        line = self._lines[slot]
        if len(line) >= self._per_slot:
            return False
        grant = asyncio.get_running_loop().create_future()
        line.append(grant)
        self._free_runs.release()
        try:
            await grant
        except asyncio.CancelledError:
            if grant.done() and not grant.cancelled():
                self._pass_on(slot)
            elif grant in line:
                line.remove(grant)
            raise
        finally:
            await self._free_runs.acquire()
        return True

    def _pass_on(self, slot: str) -> None:
        line = self._lines[slot]
        while line:
            grant = line.popleft()
            if not grant.done():
                grant.set_result(None)
                return
        del self._lines[slot]
        self._taken[slot] -= 1
        if not self._taken[slot]:
            del self._taken[slot]

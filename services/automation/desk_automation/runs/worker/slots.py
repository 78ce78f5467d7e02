"""How many calls go to one place at once, and who is next."""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import islice

# Whoever comes later is called by the timers, which look into the store every ten seconds.
MOST_BEHIND = 10_000
Line = deque["asyncio.Future[None]"]


class Slots:
    """Who waits in line for a slot is no run that is worked on, so a slow place blocks nobody else.

    A line is no longer than the slots that it is for: enough that none stays empty. Of those that
    find it full only the ids are kept, and they are called as the line grows shorter. Whoever
    is never called is due all the same: timers find the run in the store.
    """

    def __init__(
        self, per_slot: int, free_runs: asyncio.Semaphore, call: Callable[[str], None]
    ) -> None:
        self._per_slot, self._free_runs, self._call = per_slot, free_runs, call
        self._behind: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._taken: Counter[str] = Counter()
        self._lines: defaultdict[str, Line] = defaultdict(deque)

    @asynccontextmanager
    async def enter(self, slot: str | None, run: str) -> AsyncIterator[bool]:
        """Whether the slot is ours now; not where too many wait for it: the run is called then."""
        if slot is None:
            yield True
        elif not await self._take(slot, run):
            yield False
        else:
            try:
                yield True
            finally:
                self._pass_on(slot)

    async def _take(self, slot: str, run: str) -> bool:
        self._behind[slot].pop(run, None)
        if self._taken[slot] < self._per_slot:
            self._taken[slot] += 1
            return True
        line = self._lines[slot]
        if len(line) >= self._per_slot:
            if len(self._behind[slot]) < MOST_BEHIND:
                self._behind[slot][run] = None
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
        line, behind = self._lines[slot], self._behind[slot]
        # Two where the line is short, so that it grows although those called take a while.
        for run in list(islice(behind, 1 if len(line) == self._per_slot else 2)):
            del behind[run]
            self._call(run)
        while line:
            grant = line.popleft()
            if not grant.done():
                grant.set_result(None)
                return
        del self._lines[slot]
        if not behind:
            del self._behind[slot]
        self._taken[slot] -= 1
        if not self._taken[slot]:
            del self._taken[slot]

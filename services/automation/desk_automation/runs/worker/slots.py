"""How much is done at once, how many calls go to one place, and who is next."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from desk_automation.runs.worker.fair_queue import FairQueue, Rank

# Whoever comes later is called by the timers, which look into the store every ten seconds.
MOST_BEHIND = 10_000
# An executor ends a call by the call's own timeout. One that does not, whatever it waits for, is
# left after so much more: time to clean up what it began.
OVERTIME = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Concurrency:
    """How much a worker does at once, and how long it may be silent before it is given up."""

    runs: int = 200
    per_slot: int = 32
    term: timedelta = timedelta(seconds=6)
    overtime: timedelta = OVERTIME


class Slots:
    """Who waits in line for a slot is no run that is worked on, so a slow place blocks nobody else.

    In line are twice as many as have a slot: enough that none stays empty. Of those that find it
    full only the ids are kept, and they are called in a fair order as the line grows shorter. As
    long as some are kept, who was not called gets in only where a slot would stay empty. Whoever is
    never called is due all the same: timers find the run in the store.
    """

    def __init__(
        self, per_slot: int, free_runs: asyncio.Semaphore, call: Callable[[str], None]
    ) -> None:
        self._per_slot, self._free_runs, self._call = per_slot, free_runs, call
        self._behind: defaultdict[str, FairQueue[str]] = defaultdict(
            partial(FairQueue[str], MOST_BEHIND)
        )
        self._called: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._in_line: Counter[str] = Counter()
        self._taken: Counter[str] = Counter()
        self._waiting: defaultdict[str, FairQueue[asyncio.Future[None]]] = defaultdict(FairQueue)

    @asynccontextmanager
    async def line_up(self, slot: str | None, run: str, rank: Rank) -> AsyncIterator[bool]:
        """Whether there is room in the line; where there is none the run is called later."""
        if slot is None:
            yield True
            return
        behind, called = self._behind[slot], self._called[slot]
        is_next = run in called or len(behind) == (run in behind)
        called.pop(run, None)
        if self._in_line[slot] >= (2 if is_next else 1) * self._per_slot:
            behind.add(run, rank)
            yield False
            return
        behind.discard(run)
        self._in_line[slot] += 1
        try:
            yield True
        finally:
            self._leave(slot)

    @asynccontextmanager
    async def enter(self, slot: str | None, rank: Rank) -> AsyncIterator[None]:
        """A slot, for whoever is in its line."""
        if slot is None:
            yield
            return
        await self._take(slot, rank)
        try:
            yield
        finally:
            self._pass_on(slot)

    async def _take(self, slot: str, rank: Rank) -> None:
        if self._taken[slot] < self._per_slot:
            self._taken[slot] += 1
            return
        waiting = self._waiting[slot]
        grant = asyncio.get_running_loop().create_future()
        waiting.add(grant, rank)
        self._free_runs.release()
        try:
            await grant
        except asyncio.CancelledError:
            if grant.done() and not grant.cancelled():
                self._pass_on(slot)
            waiting.discard(grant)
            raise
        finally:
            await self._free_runs.acquire()

    def _pass_on(self, slot: str) -> None:
        waiting = self._waiting[slot]
        while waiting:
            grant = waiting.pop()
            if not grant.done():
                grant.set_result(None)
                return
        del self._waiting[slot]
        self._taken[slot] -= 1
        if not self._taken[slot]:
            del self._taken[slot]

    def _leave(self, slot: str) -> None:
        self._in_line[slot] -= 1
        behind, called = self._behind[slot], self._called[slot]
        # Two where there is room, so that the line grows although those called take a while.
        for _ in range(min(2, 2 * self._per_slot - self._in_line[slot], len(behind))):
            run = behind.pop()
            called[run] = None
            if len(called) > 2 * self._per_slot:
                del called[next(iter(called))]  # it does not come
            self._call(run)
        if not behind:
            del self._behind[slot]
        if not self._in_line[slot]:
            del self._in_line[slot], self._called[slot]

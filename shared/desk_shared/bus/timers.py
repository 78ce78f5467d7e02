"""Durable timers: a document's `due` moment lives in the store, memory only holds the next ones.

Every replica may watch; the document's guard lets one firing win and its events have fixed ids.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from desk_shared.bus.ledger import Task
from desk_shared.bus.retry import backoff
from desk_shared.clock import Clock
from desk_shared.errors import DependencyDown
from desk_shared.store import Documents
from desk_shared.telemetry import Meters, get_logger, names

log = get_logger()

# The store is asked this often for what falls due soon; memory holds no more than the horizon.
REFRESH = timedelta(seconds=10)
HORIZON = timedelta(seconds=30)
MAX_REMEMBERED = 200_000
BATCH = 500
# A rule that asks for a moment already past must not spin.
NEVER_SOONER = timedelta(milliseconds=20)


# The state is nobody's business here, so timers serve documents of any kind.
Report = Callable[[Sequence[tuple[Task[Any], Exception]]], Awaitable[None]]
# Awaited before anything fires, for those who must not act on an outdated state.
Gate = Callable[[], Awaitable[None]]


class Woken(Protocol):
    """What timers fire into: a ledger, or a worker that does effects for due documents."""

    on_due: Callable[[str, datetime], None]

    async def wake(self, ids: Iterable[str], park: Report) -> None: ...


class Timers:
    """Wakes the documents of one collection when they are due."""

    def __init__(
        self,
        name: str,
        ledger: Woken,
        documents: Documents[Any],
        clock: Clock,
        meters: Meters,
        gate: Gate | None = None,
    ) -> None:
        self._name = name
        self._wake = ledger.wake
        self._gate = gate
        self._documents = documents
        self._clock = clock
        self._meters = meters
        self._soon: list[tuple[datetime, str]] = []
        # What this replica was told last since the store was asked: a timer that was moved on, as
        # most are, needs no look at its document.
        self._latest: dict[str, datetime] = {}
        self._moved = asyncio.Event()
        self._seen_until = clock.now()
        ledger.on_due = self.remember

    def remember(self, id: str, due: datetime) -> None:
        """A document says when it wants to be woken."""
        due = max(due, self._clock.now() + NEVER_SOONER)
        if id in self._latest or len(self._latest) < MAX_REMEMBERED:
            self._latest[id] = due
        if due <= self._seen_until and len(self._soon) < MAX_REMEMBERED:
            heapq.heappush(self._soon, (due, id))
            if self._soon[0] == (due, id):
                self._moved.set()

    async def run(self) -> None:
        """Fire timers until cancelled."""
        failures, refreshed = 0, self._clock.now() - REFRESH
        while True:
            try:
                if self._clock.now() - refreshed >= REFRESH:
                    refreshed = self._clock.now()
                    await self._refresh(refreshed)
                await self._fire()
                failures = 0
            except DependencyDown as error:
                failures += 1
                refreshed = self._clock.now() - REFRESH  # what was popped is found again
                log.warning("timers_wait", timers=self._name, reason=str(error))
                await self._clock.sleep(backoff(failures))
            await self._until(refreshed + REFRESH)

    async def _refresh(self, now: datetime) -> None:
        self._seen_until = now + HORIZON
        before, self._soon = self._soon, []
        try:
            before = await self._documents.due(self._seen_until, MAX_REMEMBERED)
        finally:
            # What was set meanwhile may be missing in the store's answer; twice is harmless.
            self._soon += before
            self._latest.clear()
            heapq.heapify(self._soon)

    async def _fire(self) -> None:
        now = self._clock.now()
        if self._gate is not None and self._soon and self._soon[0][0] <= now:
            await self._gate()
        while self._soon and self._soon[0][0] <= now:
            ready: dict[str, datetime] = {}
            while self._soon and self._soon[0][0] <= now and len(ready) < BATCH:
                due, id = heapq.heappop(self._soon)
                if self._latest.get(id, due) <= due:
                    ready.setdefault(id, due)
            for due in ready.values():
                self._meters.timer_lateness.record(
                    (now - due).total_seconds(), {names.TIMER_KIND: self._name}
                )
            if ready:
                await self._wake(ready, self._report)

    async def _report(self, failures: Sequence[tuple[Task[Any], Exception]]) -> None:
        for task, error in failures:
            log.error("timer_failed", timers=self._name, document=task.id, exc_info=error)

    async def _until(self, latest: datetime) -> None:
        moment = min(latest, self._soon[0][0]) if self._soon else latest
        pause = max(0.0, (moment - self._clock.now()).total_seconds())
        self._moved.clear()
        try:
            async with asyncio.timeout(pause):
                await self._moved.wait()
        except TimeoutError:
            return

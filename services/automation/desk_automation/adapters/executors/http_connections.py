"""Connections to targets, kept open for the next call of the same target.

A call looks at the one connection that it takes, whatever number of others stands open: httpcore's
own pool asks each of them, at each call and again at its end, whether the far side closed it.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic

import httpcore

_MOST_AT_WORK = 500
_MOST_IDLE = 100
_KEPT = timedelta(seconds=5)


class Connections:
    """One call at a time on each connection; the newest of those that are idle is taken first."""

    def __init__(self, network: httpcore.AsyncNetworkBackend, kept: timedelta = _KEPT) -> None:
        self._network, self._kept_seconds = network, kept.total_seconds()
        self._may_work = asyncio.Semaphore(_MOST_AT_WORK)
        self._idle: defaultdict[str, list[httpcore.AsyncHTTPConnection]] = defaultdict(list)
        self._idle_count = 0
        self._swept_at = monotonic()

    async def close(self) -> None:
        """Let every idle connection go; one at work is closed with its call."""
        for target in list(self._idle):
            while self._idle[target]:
                await self._take_idle(target).aclose()
            del self._idle[target]

    @asynccontextmanager
    async def use(self, origin: httpcore.Origin) -> AsyncIterator[httpcore.AsyncHTTPConnection]:
        """A connection to this target for one call, open already where one is."""
        target = str(origin)
        async with self._may_work:
            await self._sweep()
            connection = await self._find_open(target)
            if connection is None:
                connection = httpcore.AsyncHTTPConnection(
                    origin, keepalive_expiry=self._kept_seconds, network_backend=self._network
                )
            try:
                yield connection
            finally:
                is_whole = connection.is_idle() and not connection.is_closed()
                if is_whole and self._idle_count < _MOST_IDLE:
                    self._idle[target].append(connection)
                    self._idle_count += 1
                else:
                    await connection.aclose()

    async def _find_open(self, target: str) -> httpcore.AsyncHTTPConnection | None:
        while self._idle.get(target):
            connection = self._take_idle(target)
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    def _take_idle(self, target: str) -> httpcore.AsyncHTTPConnection:
        self._idle_count -= 1
        return self._idle[target].pop()

    async def _sweep(self) -> None:
        """Now and then, those that nobody took for so long that they are of no use any more."""
        if monotonic() < self._swept_at + self._kept_seconds:
            return
        self._swept_at = monotonic()
        for target, idle in list(self._idle.items()):
            expired = [connection for connection in idle if connection.has_expired()]
            self._idle_count -= len(expired)
            self._idle[target] = [item for item in idle if item not in expired]
            if not self._idle[target]:
                del self._idle[target]
            for connection in expired:
                await connection.aclose()

"""Outboxes that are on the bus but still in their documents: emptied many at a time.

Most documents are written again before that, which empties the outbox for nothing. A crash
before it only publishes the same events, with the same ids, once more.
"""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Generic

from desk_platform.clock import Clock
from desk_platform.kafka.retry import attempt_async, backoff
from desk_platform.store import Documents, Stored
from desk_platform.store.document import S
from desk_platform.tasks import cancel_tasks
from desk_platform.telemetry import get_logger

log = get_logger()

# Well below the age at which the relay takes an outbox for forgotten.
CLEAR_EVERY = timedelta(seconds=2)
# No more than this waits in memory: a burst is cleared as it goes.
MOST_WAITING = 2_000


class PublishedOutboxes(Generic[S]):
    """The published versions of one collection that still carry their outbox."""

    def __init__(self, documents: Documents[S], clock: Clock) -> None:
        self._documents, self._clock = documents, clock
        self._published: dict[str, int] = {}
        self._has_some = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "PublishedOutboxes[S]":
        """As long as it is open clear at intervals; before and after that at once."""
        self._running = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *failure: object) -> None:
        """Clear what is left, as far as that goes."""
        if self._running is not None:
            await cancel_tasks(self._running)
            self._running = None
        error = await attempt_async(self.flush())
        if error is not None:
            log.warning("settling_fails", reason=str(error))

    async def add(self, documents: Iterable[Stored[S]]) -> None:
        """The outboxes of these versions are on the bus."""
        self._published |= {document.id: document.version for document in documents}
        self._has_some.set()
        if self._running is None or len(self._published) > MOST_WAITING:
            await self.flush()

    def strip(self, documents: Iterable[Stored[S]]) -> None:
        """Documents as read just now: an outbox known to be on the bus is not for publishing."""
        if self._published:
            for document in documents:
                if self._published.get(document.id) == document.version:
                    document.outbox, document.waits_since = (), None

    async def flush(self) -> None:
        """Empty them in the store, now."""
        waiting = dict(self._published)
        if not waiting:
            return
        await self._documents.clear_outboxes(
            [Stored(id, version) for id, version in waiting.items()]
        )
        for id, version in waiting.items():
            if self._published.get(id) == version:
                del self._published[id]

    async def _run(self) -> None:
        failures = 0
        while True:
            await self._has_some.wait()
            await self._clock.sleep(backoff(failures) if failures else CLEAR_EVERY)
            self._has_some.clear()
            error = await attempt_async(self.flush())  # the relay does again what failed
            failures = 0 if error is None else failures + 1
            if failures:
                self._has_some.set()
            if failures == 1:
                log.warning("settling_fails", reason=str(error))

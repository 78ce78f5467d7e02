"""Publishes what a crash or a dead broker left in outboxes; every replica may run one."""

from datetime import timedelta

from desk_shared.bus.producer import Publisher
from desk_shared.bus.retry import backoff
from desk_shared.clock import Clock
from desk_shared.errors import DependencyDown
from desk_shared.store import Documents
from desk_shared.store.document import S
from desk_shared.telemetry import Meters, get_logger, names

log = get_logger()

# Older than this, the writer is not going to publish it any more (its patience is 3 s).
OVERDUE = timedelta(seconds=5)
EVERY = timedelta(seconds=5)
BATCH = 200


class Relay:
    """Sweeps one collection for outboxes that nobody published."""

    def __init__(
        self, name: str, documents: Documents[S], publisher: Publisher, clock: Clock, meters: Meters
    ) -> None:
        self._name = name
        self._documents = documents
        self._publisher = publisher
        self._clock = clock
        self._meters = meters

    async def run(self) -> None:
        """Sweep until cancelled; a store or broker that is away only delays the next sweep."""
        failures = 0
        while True:
            try:
                has_more = await self.sweep() == BATCH
            except DependencyDown as error:
                failures, has_more = failures + 1, False
                log.warning("relay_waits", collection=self._name, reason=str(error))
            else:
                failures = 0
            await self._clock.sleep(backoff(0) if has_more else EVERY + backoff(failures))

    async def sweep(self) -> int:
        """Publish one batch of overdue outboxes, each whole and in order; how many there were."""
        overdue = await self._documents.pending(self._clock.now() - OVERDUE, BATCH)
        self._meters.outbox_pending.set(len(overdue), {names.COLLECTION: self._name})
        if overdue:
            log.info("relay_publishes", collection=self._name, documents=len(overdue))
            await self._publisher.publish([m for one in overdue for m in one.outbox])
            await self._documents.settle(overdue)
        return len(overdue)

"""Publishes what a crash or a dead broker left in outboxes; every replica may run one."""

from datetime import datetime, timedelta
from typing import Any

from desk_contracts.errors import DependencyDown
from desk_kernel import Backoff

from desk_platform.clock import Clock
from desk_platform.health import Health
from desk_platform.heartbeat import beat
from desk_platform.kafka.adaptive_pause import QueryThrottle
from desk_platform.kafka.document_failures import Troubles
from desk_platform.kafka.outboxes import Sending, send_outboxes
from desk_platform.kafka.producer import Publisher
from desk_platform.kafka.retry import backoff
from desk_platform.store import Documents, Stored
from desk_platform.store.document import S
from desk_platform.telemetry import Meters, get_logger, names

log = get_logger()

# Older than this, the writer is not going to publish it any more (its timeout is 3 s).
OVERDUE = timedelta(seconds=5)
EVERY = timedelta(seconds=5)
BATCH = 200


# An outbox that cannot be sent is tried after 5, 10, 20, 40 s, then once a minute.
_PAUSES = Backoff(EVERY, timedelta(minutes=1))


class Relay:
    """Sweeps one collection for outboxes that nobody published."""

    def __init__(
        self,
        name: str,
        documents: Documents[S],
        publisher: Publisher,
        clock: Clock,
        meters: Meters,
        health: Health | None = None,
    ) -> None:
        self._name = name
        self._documents = documents
        self._publisher = publisher
        self._clock = clock
        self._throttle = QueryThrottle(clock)
        self._meters = meters
        self._troubles = Troubles(f"relay {name}", clock, meters, health)

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            has_more = await self.sweep() == BATCH
            beat()
            pause = min(_PAUSES.longest, self._throttle.pause(EVERY))
            await self._clock.sleep(backoff(0) if has_more else pause)

    async def sweep(self) -> int:
        """Publish one batch of overdue outboxes, each in order; how many there were.

        What cannot be sent waits longer each time, behind what can.
        """
        with self._throttle.measure():
            overdue = await self._documents.pending(self._clock.now() - OVERDUE, BATCH)
        now, collection = self._clock.now(), {names.COLLECTION: self._name}
        since = min((item.waits_since or now for item in overdue), default=now)
        self._meters.outbox_pending.set(len(overdue), collection)
        self._meters.outbox_age.set((now - since).total_seconds(), collection)
        if overdue:
            log.info("relay_publishes", collection=self._name, documents=len(overdue))
            sending = await send_outboxes(self._publisher, overdue)
            await self._documents.clear_outboxes(sending.whole)
            for document in sending.whole:
                self._troubles.end(document.id)
            await self._postpone(sending)
            if sending.away is not None:
                raise sending.away
        self._troubles.show()
        return len(overdue)

    async def _postpone(self, sending: Sending[Any]) -> None:
        now = self._clock.now()
        later: dict[datetime, list[Stored[Any]]] = {}
        for document, error in sending.unsent:
            if isinstance(error, DependencyDown):
                if document in sending.reduced:
                    later.setdefault(now - OVERDUE, []).append(document)
                continue
            failures = self._troubles.failures(document.id) + 1
            until = now + _PAUSES.after(failures) - OVERDUE
            self._troubles.note(document.id, error, until + OVERDUE)
            later.setdefault(until, []).append(document)
        for until, documents in later.items():
            await self._documents.postpone(documents, until)

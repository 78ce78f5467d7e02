"""Many running clocks, a tenth of which break within a minute: how late each breach is told."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from desk_metrics.domain.tickets import TicketRecord
from desk_metrics.handlers import tickets_fold
from desk_shared.bus import KafkaPublisher, Ledger
from desk_shared.bus.timers import Timers
from desk_shared.clock import SystemClock
from desk_shared.events import Message
from desk_shared.events.people import Priority
from desk_shared.events.promises import PromiseBreached
from desk_shared.settings import KafkaSettings, StoreSettings
from desk_shared.store import MongoDocuments, Store, Stored
from desk_shared.telemetry.testing import recorded_telemetry

from desk_bench.folding import prepared
from desk_bench.lives import Life, book
from desk_bench.ready import ready
from desk_bench.rows import Row

# All of them break within this time; the first of `PARTS` is waited for, the others keep running.
SPREAD, PARTS = timedelta(minutes=10), 10
# The first one is due so long after the start.
NOTICE = timedelta(seconds=5)
BEGIN = datetime.fromisoformat("2026-03-02T09:00:00Z")
ANSWER_WITHIN = timedelta(minutes=15)
PATIENCE = 240
_BULK = 500
_BREACHED = ("ce_type", PromiseBreached.TYPE.encode())


class Moved:
    """The machine's clock, moved so that the clocks of tickets can be wound up beforehand."""

    def __init__(self) -> None:
        self._away = BEGIN - SystemClock().now()

    def now(self) -> datetime:
        return SystemClock().now() + self._away

    async def sleep(self, pause: timedelta) -> None:
        await SystemClock().sleep(pause)


class Listening:
    """Publishes, and notes how late each breach was when the bus had it."""

    def __init__(self, publisher: KafkaPublisher, wanted: int) -> None:
        self._publisher, self._wanted = publisher, wanted
        self.done = asyncio.Event()
        self.clock: Moved | None = None
        self.late: list[float] = []

    async def publish(self, messages: Sequence[Message]) -> None:
        await self._publisher.publish(messages)
        assert self.clock is not None
        now = self.clock.now()
        for message in messages:
            if _BREACHED in message.headers:
                due = datetime.fromisoformat(dict(message.headers)["ce_time"].decode())
                self.late.append((now - due).total_seconds())
        if len(self.late) >= self._wanted:
            self.done.set()


async def run(kafka: str, mongo: str, clocks: int) -> list[Row]:
    """Through the store, the ledger and the timers of the service."""
    store = Store(StoreSettings(url=mongo), "bench-timers")
    documents = await prepared(store.database)
    for part in _in_bulks(clocks):
        await documents.write(part)
    publisher = KafkaPublisher(KafkaSettings(bootstrap=kafka), "bench")
    await publisher.start()
    listening = Listening(publisher, wanted := clocks // PARTS)
    try:
        await _fire(documents, listening)
    finally:
        await publisher.stop()
        await store.drop()
        await store.stop()
    late = sorted(listening.late[:wanted])
    within = (SPREAD / PARTS).seconds
    name = f"{clocks:,} clocks run, {wanted:,} break within {within} s, told late by"
    return [
        Row(f"{name}, p50", round(late[len(late) // 2], 3), "s"),
        Row(f"{name}, p99", round(late[int(len(late) * 0.99)], 3), "s", bar="≤ 1 s"),
        Row(f"{name}, most", round(late[-1], 3), "s"),
    ]


async def _fire(documents: MongoDocuments[TicketRecord], listening: Listening) -> None:
    """The service's own timers until every breach is told."""
    listening.clock = clock = Moved()
    meters, policies = recorded_telemetry().telemetry.meters, book()
    ledger = Ledger(
        tickets_fold(documents, lambda: policies), listening, clock, meters, name="tickets"
    )
    await ledger.settling.start()
    timers = Timers("tickets", ledger, documents, clock, meters)
    running = asyncio.create_task(timers.run())
    try:
        async with asyncio.timeout(PATIENCE):
            await listening.done.wait()
    finally:
        running.cancel()
        await ledger.settling.stop()


def _in_bulks(clocks: int) -> Iterator[list[Stored[TicketRecord]]]:
    """Tickets that nobody answers, evenly spread; all else is promised for later."""
    policies, urgent = book(), Priority("P1")
    first = BEGIN + NOTICE - ANSWER_WITHIN
    bulk = []
    for number in range(clocks):
        life = Life(number, first + SPREAD * number / clocks).begin(urgent)
        bulk.append(ready(life.events[:3], policies, BEGIN))
        if len(bulk) == _BULK or number == clocks - 1:
            yield bulk
            bulk = []

"""A topic read to its end through the one consumer rule, timed from its first batch to its last."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from time import perf_counter
from typing import Any, Protocol

from desk_contracts.names import TICKETS
from desk_platform.clock import SystemClock
from desk_platform.health import Health
from desk_platform.kafka import BatchProcessor, KafkaPublisher, UnitOfWork
from desk_platform.kafka.batch_processor import OnFailedRecords
from desk_platform.kafka.consumer import Consumer
from desk_platform.kafka.records import Received
from desk_platform.kafka.subscription import Reading
from desk_platform.lifetimes import Lifetime
from desk_platform.settings import KafkaSettings
from desk_testing.telemetry import record_telemetry

LONGEST = 300


@dataclass
class Drained:
    """Counts what arrives and remembers when the first and the last came."""

    wanted: int
    seen: int = 0
    started: float = 0.0
    finished: float = 0.0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> None:
        self.started = self.started or perf_counter()

    def count(self, records: int) -> None:
        self.seen += records
        self.finished = perf_counter()
        if self.seen >= self.wanted:
            self.done.set()

    @property
    def rate(self) -> float:
        return self.wanted / (self.finished - self.started)


class Handler(Protocol):
    """What is done with each batch, and what is open around all of them."""

    @property
    def around(self) -> Lifetime: ...
    async def handle(self, batch: Sequence[Received], on_failed: OnFailedRecords) -> None: ...
    def forget(self) -> None: ...


class Timed(BatchProcessor):
    """Folding through a unit of work that settles as in a service."""

    def __init__(self, drained: Drained, unit_of_work: UnitOfWork[Any]) -> None:
        super().__init__(unit_of_work)
        self._drained, self.around = drained, unit_of_work.published_outboxes

    async def handle(self, batch: Sequence[Received], on_failed: OnFailedRecords) -> None:
        self._drained.begin()
        await super().handle(batch, on_failed)
        self._drained.count(len(batch))


async def consumed(  # noqa: PLR0913 (what a consumer stands between)
    kafka: KafkaSettings,
    group: str,
    drained: Drained,
    handler: Callable[[KafkaPublisher], Handler],
    *,
    topic: str = TICKETS,
    prefix: str = "",
    linger: timedelta = timedelta(0),
) -> float:
    """Events a second; `SystemExit` if a record could not be handled."""
    clock = SystemClock()
    publisher = KafkaPublisher(kafka, "bench", prefix)
    chosen = handler(publisher)
    consumer = Consumer(
        kafka,
        group=group,
        topics=[topic],
        handler=chosen,
        publisher=publisher,
        clock=clock,
        health=Health(clock),
        telemetry=record_telemetry().telemetry,
        topic_prefix=prefix,
        reading=Reading.at(linger),
    )
    async with publisher, chosen.around, consumer, asyncio.timeout(LONGEST):
        await drained.done.wait()
    return drained.rate

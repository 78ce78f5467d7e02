"""Metrics made again from the log: the same projections on other collections, in event time.

What is told is not told again: SLAs go nowhere, measures go straight to their buckets.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from desk_contracts import Codec, Message
from desk_contracts.names import CONTRIBUTIONS
from desk_platform.clock import Clock
from desk_platform.kafka import Projection, Publisher, Received, UnitOfWork
from desk_platform.kafka.batch_processor import BatchProcessor
from desk_platform.kafka.records import Failure
from desk_platform.kafka.work_items import WorkItem
from desk_platform.telemetry import Meters, get_logger

from desk_metrics.measures.worker import (
    Reevaluation,
    buckets_projection,
    detections_projection,
    outages_projection,
    repairs_projection,
    responses_projection,
    returns_projection,
    tickets_projection,
)
from desk_metrics.rebuild.store import Collections
from desk_metrics.reports.worker import changes_projection
from desk_metrics.sla.policies import PolicyBook

log = get_logger()

BATCH = 1_000
_PAGE = 500


@dataclass(slots=True)  # not frozen: one for every record
class _LoopedRecord:
    """What comes back from ourselves, as if the bus had carried it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class _Loopback:
    """A publisher that keeps what metrics tells itself and hands on the rest."""

    def __init__(self, elsewhere: Publisher) -> None:
        self.messages: list[Message] = []
        self.count = 0
        self._elsewhere = elsewhere

    async def publish(self, messages: Sequence[Message]) -> None:
        self.messages += (message for message in messages if message.topic == CONTRIBUTIONS)
        await self._elsewhere.publish(
            [message for message in messages if message.topic != CONTRIBUTIONS]
        )

    def take(self, codec: Codec) -> list[Received]:
        taken, self.messages = self.messages, []
        received = []
        for item in taken:
            record = _LoopedRecord(item.topic, 0, self.count, item.key, item.value, item.headers)
            self.count += 1
            received.append(Received(codec.decode(item.key, item.value, item.headers), record))
        return received


class Nowhere:
    """What is told in a rebuild was told before."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Nobody listens."""


class RebuildRunner:
    """Feeds events to the projections, batch by batch, and their measures back to the buckets."""

    def __init__(
        self,
        collections: Collections,
        book: Callable[[], PolicyBook],
        clock: Clock,
        meters: Meters,
        elsewhere: Publisher | None = None,
    ) -> None:
        self.collections = collections
        self.failures: list[str] = []
        self._clock = clock
        self._loop = _Loopback(elsewhere or Nowhere())
        self._codec = Codec()
        self._meters = meters
        self._projection = tickets_projection(collections.tickets, book)
        self._tickets = self._unit_of_work("tickets", self._projection)
        self._buckets = self._unit_of_work(
            "buckets", buckets_projection(collections.buckets), cached=64
        )
        self._returns = self._unit_of_work("returns", returns_projection(collections.returns))
        self._others = (
            self._unit_of_work("repairs", repairs_projection(collections.repairs)),
            self._unit_of_work("detections", detections_projection(collections.detections)),
            self._unit_of_work("changes", changes_projection(collections.changes)),
            self._unit_of_work("outages", outages_projection(collections.outages)),
            self._unit_of_work("survey_responses", responses_projection(collections.responses)),
        )
        self.reevaluation = Reevaluation(self._tickets, self._projection, book, clock)

    async def read(self, log_: AsyncIterator[Received]) -> int:
        """Everything the log has; how many events that were."""
        count, batch = 0, list[Received]()
        async for received in log_:
            batch.append(received)
            if len(batch) >= BATCH:
                await self.take(batch)
                count, batch = count + len(batch), []
        await self.take(batch)
        return count + len(batch)

    async def take(self, batch: Sequence[Received]) -> None:
        """One batch, measures included."""
        processor = BatchProcessor(self._tickets, *self._others)
        await processor.handle(batch, self._on_failed)
        await self._carry()

    async def catch_up(self) -> None:
        """Bring every ticket to the present, as timers and editions do for the living."""
        await self.reevaluation.look()
        # Who asked again makes an earlier ticket due, at the moment in which that is read.
        while due := await self.collections.tickets.due(self._clock.now(), _PAGE):
            await self._tickets.on_timer([id for _, id in due], self._report)
            await self._carry()

    async def _carry(self) -> None:
        figures = BatchProcessor(self._buckets, self._returns, self._tickets)
        while batch := self._loop.take(self._codec):
            await figures.handle(batch, self._on_failed)

    def _unit_of_work(
        self, name: str, projection: Projection[Any], cached: int = 2_000
    ) -> UnitOfWork[Any]:
        return UnitOfWork(
            projection, self._loop, self._clock, self._meters, cached=cached, name=name
        )

    async def _on_failed(self, failures: Iterable[Failure]) -> None:
        for failure in failures:
            where = f"{failure.raw.topic}/{failure.raw.partition}/{failure.raw.offset}"
            self.failures.append(f"{where}: {failure.error}")

    async def _report(self, failures: Sequence[tuple[WorkItem[Any], Exception]]) -> None:
        self.failures += [f"ticket {task.id}: {error}" for task, error in failures]

"""Metrics without servers: its folds by real units of work on fakes, its own topic looped back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from desk_contracts import AnyEvent, Codec
from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.store import (
    BUCKETS,
    DETECTIONS,
    OUTAGES,
    REPAIRS,
    RESPONSES,
    RETURNS,
    SUMS,
    TICKETS,
)
from desk_metrics.rebuild.store import Collections
from desk_metrics.rebuild.worker import RebuildRunner
from desk_metrics.reports.store import CHANGES
from desk_metrics.sla.policies import PolicyBook
from desk_platform.clock import FakeClock
from desk_platform.kafka import Received
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.telemetry import unread_meters


@dataclass
class Record:
    """A record as Kafka gives it."""

    topic: str
    key: bytes | None
    value: bytes | None
    offset: int
    partition: int = 0
    headers: Sequence[tuple[str, bytes | None]] = ()


def received(event: AnyEvent, offset: int) -> Received:
    """The event as it comes from the bus."""
    message = Codec().encode(event)
    record = Record(message.topic, message.key, message.value, offset, headers=message.headers)
    return Received(event, record)


@dataclass
class Desk:
    """Metrics at a moment, with the collections it fills."""

    now: datetime
    book: PolicyBook
    clock: FakeClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = clock = FakeClock(self.now)
        self.collections = Collections(
            FakeDocuments(TICKETS, clock),
            FakeDocuments(BUCKETS, clock),
            FakeDocuments(REPAIRS, clock),
            FakeDocuments(DETECTIONS, clock),
            FakeDocuments(CHANGES, clock),
            FakeDocuments(OUTAGES, clock),
            FakeDocuments(RESPONSES, clock),
            FakeDocuments(RETURNS, clock),
        )
        self.sums = FakeDocuments(SUMS, clock)
        self._offsets = count()
        self.runner = self.restarted()

    def restarted(self) -> RebuildRunner:
        """The same documents, nothing remembered."""
        meters = unread_meters()
        self.published = FakePublisher()
        self.runner = RebuildRunner(
            self.collections, lambda: self.book, self.clock, meters, self.published
        )
        return self.runner

    @property
    def emitted(self) -> list[AnyEvent]:
        """What was said of SLAs since the (re)start."""
        return self.published.events()

    async def tell(self, events: Iterable[AnyEvent]) -> None:
        batch = [received(event, next(self._offsets)) for event in events]
        await self.runner.take(batch)
        assert self.runner.failures == [], self.runner.failures

    async def at(self, moment: datetime) -> None:
        self.clock.advance(max(moment - self.clock.now(), timedelta(0)))
        await self.runner.catch_up()

    async def buckets(self) -> list[Bucket]:
        stored = await self.collections.buckets.find({}, limit=10_000)
        return [item.state for item in stored if item.state is not None]

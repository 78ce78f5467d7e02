"""Shared by tests: notify, handlers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from desk_contracts import AnyEvent, Codec
from desk_contracts.events.notifications import MessageKind, Notified
from desk_notify.adapters.channels.log import LogChannel
from desk_notify.deliveries.store import DELIVERIES, delivery_projection
from desk_notify.rules.store import (
    PEOPLE,
    TEAM_TOPICS,
    TICKETS,
    person_projection,
    team_topic_projection,
    ticket_projection,
)
from desk_platform.clock import FakeClock
from desk_platform.kafka import BatchProcessor, Received, UnitOfWork
from desk_platform.kafka.records import Failure
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.telemetry import record_telemetry

from tests.support.notify_desk import NOON, directory

# Made once: it takes longer than all the projections of a test.
METERS = record_telemetry().telemetry.meters


@dataclass
class Record:
    """One record of Kafka."""

    topic: str
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    partition: int = 0


async def nothing_fails(failures: Sequence[Failure]) -> None:
    for failure in failures:
        raise failure.error


class Bus:
    """All folds of notify on fakes, and what they published."""

    def __init__(self, *, has_mail: bool = True) -> None:
        self.clock = FakeClock(NOON)
        self.published = FakePublisher()
        meters = METERS
        self.tickets = FakeDocuments(TICKETS, self.clock)
        self.dispatches = FakeDocuments(DELIVERIES, self.clock)
        projections: list[Any] = [
            ticket_projection(self.tickets, directory),
            person_projection(FakeDocuments(PEOPLE, self.clock), directory),
            team_topic_projection(FakeDocuments(TEAM_TOPICS, self.clock), directory),
        ]
        units_of_work = [
            UnitOfWork(item, self.published, self.clock, meters) for item in projections
        ]
        self._processor = BatchProcessor(*units_of_work)
        deliveries = delivery_projection(self.dispatches, directory, ["mailto"] if has_mail else [])
        delivering = UnitOfWork(deliveries, self.published, self.clock, meters, cached=0)
        self._channels = LogChannel(BatchProcessor(delivering), directory)
        self._offset = 0

    async def reads(self, *events: AnyEvent) -> None:
        await self._processor.handle(self._received(events), nothing_fails)

    async def carries(self, *events: AnyEvent) -> None:
        await self._channels.handle(self._received(events), nothing_fails)

    def recipients(self) -> list[tuple[str, MessageKind]]:
        pairs = []
        for event in self.published.events():
            assert isinstance(event.data, Notified)
            pairs.append((event.data.recipient, event.data.kind))
        return pairs

    def _received(self, events: Sequence[AnyEvent]) -> list[Received]:
        batch = []
        for event in events:
            message = Codec().encode(event)
            self._offset += 1
            record = Record(
                message.topic, self._offset, message.key, message.value, message.headers
            )
            batch.append(Received(event, record))
        return batch

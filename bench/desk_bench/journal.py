"""What a fold wrote and published, batch by batch, so that it can be done again and nothing else.

What ran side by side is a lane of its own and runs side by side again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from desk_contracts import Message
from desk_platform.kafka import KafkaPublisher, Publisher
from desk_platform.kafka.batch_processor import OnFailedRecords
from desk_platform.kafka.records import Received
from desk_platform.store.mongo.driver import Collection, Database, Operation, WriteResult

from desk_bench.through import Timed

Step = Sequence[Operation] | Sequence[Message]


@dataclass
class Batch:
    """The records of one batch and what each of its lanes did, in its order."""

    records: int
    tasks: dict[int, list[Step]] = field(default_factory=dict)


@dataclass
class Journal:
    """Everything that left the process."""

    batches: list[Batch] = field(default_factory=list)

    def note(self, step: Step) -> None:
        task = id(asyncio.current_task())
        if step:
            self.batches[-1].tasks.setdefault(task, []).append(step)

    async def repeat(self, number: int, collection: Collection, publisher: Publisher) -> None:
        """One batch again."""
        async with asyncio.TaskGroup() as group:
            for steps in self.batches[number].tasks.values():
                group.create_task(_again(steps, collection, publisher))


async def _again(steps: Sequence[Step], collection: Collection, publisher: Publisher) -> None:
    for step in steps:
        if isinstance(step[0], Message):
            await publisher.publish(cast(Sequence[Message], step))
        else:
            await collection.bulk_write(cast(Sequence[Operation], step), ordered=False)


class NotingDatabase:
    """A database whose collections keep the journal of their bulk writes."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal

    def __getitem__(self, name: str) -> Collection:
        return cast(Collection, _NotingCollection(self._database[name], self._journal))

    async def list_collection_names(self) -> list[str]:
        return await self._database.list_collection_names()


class _NotingCollection:
    def __init__(self, collection: Collection, journal: Journal) -> None:
        self._collection, self._journal = collection, journal

    def __getattr__(self, name: str) -> object:
        return getattr(self._collection, name)

    async def bulk_write(self, requests: Sequence[Operation], ordered: bool = True) -> WriteResult:
        self._journal.note(requests)
        return await self._collection.bulk_write(requests, ordered)


class NotingPublisher:
    """Publishes, and keeps the journal of it."""

    def __init__(self, publisher: KafkaPublisher, journal: Journal) -> None:
        self._publisher, self._journal = publisher, journal

    async def publish(self, messages: Sequence[Message]) -> None:
        self._journal.note(messages)
        await self._publisher.publish(messages)


class CommitNotes(Timed):
    """Begins a page of the journal for each batch."""

    journal: Journal

    async def handle(self, batch: Sequence[Received], on_failed: OnFailedRecords) -> None:
        self.journal.batches.append(Batch(len(batch)))
        await super().handle(batch, on_failed)

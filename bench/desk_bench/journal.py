"""What a fold wrote and published, batch by batch, so that it can be done again and nothing else.

What ran side by side is a lane of its own and runs side by side again, as many at a time as then.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from desk_contracts import Message
from desk_platform.kafka import KafkaPublisher, Publisher
from desk_platform.kafka.batch_processor import OnFailedRecords
from desk_platform.kafka.records import Received
from desk_platform.store.mongo.driver import Collection, Database, Operation, WriteResult
from desk_platform.store.sqlite.file import Ask, SqliteFile, T

from desk_bench.through import Timed

# Two slices, and the clearing of outboxes.
AT_ONCE = 3
# Messages, or a write: operations of MongoDB, or a change of a file.
Step = Sequence[Message] | Sequence[Operation] | Ask[Any]


@dataclass
class Batch:
    """The records of one batch and what each of its lanes did, in its order."""

    records: int
    tasks: dict[object, list[Step]] = field(default_factory=dict)


@dataclass
class Journal:
    """Everything that left the process."""

    batches: list[Batch] = field(default_factory=list)

    def note(self, step: Step) -> None:
        if callable(step) or step:
            self.batches[-1].tasks.setdefault(asyncio.current_task(), []).append(step)

    async def repeat(self, number: int, target: "Collection | SqliteFile", to: Publisher) -> None:
        """One batch again."""
        room = asyncio.Semaphore(AT_ONCE)

        async def again(steps: Sequence[Step]) -> None:
            async with room:
                for step in steps:
                    await _repeat(step, target, to)

        async with asyncio.TaskGroup() as group:
            for steps in self.batches[number].tasks.values():
                group.create_task(again(steps))


async def _repeat(step: Step, target: "Collection | SqliteFile", publisher: Publisher) -> None:
    if callable(step):
        await cast(SqliteFile, target).write(step)
    elif isinstance(step[0], Message):
        await publisher.publish(cast(Sequence[Message], step))
    else:
        operations = cast(Sequence[Operation], step)
        await cast(Collection, target).bulk_write(operations, ordered=False)


class NotingFile(SqliteFile):
    """A file that keeps the journal of its changes."""

    def __init__(self, file: SqliteFile, journal: Journal) -> None:
        super().__init__(file.path)
        self._journal = journal

    async def write(self, change: Ask[T]) -> T:
        if self._journal.batches:
            self._journal.note(change)
        return await super().write(change)


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

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
from desk_platform.store.mongo.driver import Collection, Database, Operation, Row, WriteResult
from desk_platform.store.sqlite.file import Ask, SqliteFile, T

from desk_bench.through import Timed

# Two slices, and the clearing of outboxes.
AT_ONCE = 3


@dataclass(frozen=True)
class Bulk:
    """Operations on a collection of a MongoDB-wire server."""

    collection: str
    operations: Sequence[Operation]


# Messages, or a write: a bulk, a command, or a change of a file.
Step = Sequence[Message] | Bulk | Row | Ask[Any]


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

    async def repeat(self, number: int, target: Database | SqliteFile, to: Publisher) -> None:
        """One batch again."""
        room = asyncio.Semaphore(AT_ONCE)

        async def again(steps: Sequence[Step]) -> None:
            async with room:
                for step in steps:
                    await _repeat(step, target, to)

        async with asyncio.TaskGroup() as group:
            for steps in self.batches[number].tasks.values():
                group.create_task(again(steps))


async def _repeat(step: Step, target: Database | SqliteFile, publisher: Publisher) -> None:
    if isinstance(target, SqliteFile) and callable(step):
        await target.write(step)
    elif isinstance(step, Bulk):
        await cast(Database, target)[step.collection].bulk_write(step.operations, ordered=False)
    elif isinstance(step, dict):
        await cast(Database, target).command(step)
    else:
        await publisher.publish(cast(Sequence[Message], step))


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
    """A database that keeps the journal of what is written to it."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal

    def __getitem__(self, name: str) -> Collection:
        return cast(Collection, _NotingCollection(self._database[name], name, self._journal))

    async def list_collection_names(self) -> list[str]:
        return await self._database.list_collection_names()

    async def command(self, command: Row) -> Row:
        self._journal.note(command)
        return await self._database.command(command)


class _NotingCollection:
    def __init__(self, collection: Collection, name: str, journal: Journal) -> None:
        self._collection, self._name, self._journal = collection, name, journal

    def __getattr__(self, name: str) -> object:
        return getattr(self._collection, name)

    async def bulk_write(self, requests: Sequence[Operation], ordered: bool = True) -> WriteResult:
        self._journal.note(Bulk(self._name, requests))
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

"""From a batch of events to the units of work of a service."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import islice
from typing import Any, Protocol

from desk_contracts.topics import RETRY

from desk_platform.kafka.records import Failure, Received, read_target
from desk_platform.kafka.unit_of_work import (
    OnFailed,
    UnitOfWork,
    Waiting,
    WorkItem,
    group_by_document,
)
from desk_platform.precedence import SLICE, SMALLEST_SLICE, Precedence
from desk_platform.store.document import S

# While the store writes one slice the next is decided; no document is in both. Where somebody calls
# the store is left to them in between.
SLICES_AT_ONCE = 2

OnFailedRecords = Callable[[Sequence[Failure]], Awaitable[None]]


class BatchHandler(Protocol):
    """What a service does with a batch. Raises only if the whole batch must be read again."""

    async def handle(self, batch: Sequence[Received], on_failed: OnFailedRecords) -> None: ...

    def forget(self) -> None: ...


class BatchProcessor:
    """Gives every event of a batch to each unit of work whose projection wants it."""

    def __init__(self, *units_of_work: UnitOfWork[Any]) -> None:
        self._units_of_work = units_of_work

    async def handle(self, batch: Sequence[Received], on_failed: OnFailedRecords) -> None:
        """One read, write and publish for each unit of work; in slices while somebody calls."""
        async with asyncio.TaskGroup() as group:
            for unit_of_work in self._units_of_work:
                tasks = (task for received in batch for task in _tasks(unit_of_work, received))
                # Nothing, for most batches of some units of work.
                if waiting := group_by_document(tasks):
                    group.create_task(_run(unit_of_work, waiting, on_failed))

    def forget(self) -> None:
        """Partitions moved: somebody else may write these documents now."""
        for unit_of_work in self._units_of_work:
            unit_of_work.forget()


async def _run(
    unit_of_work: UnitOfWork[S], waiting: Waiting[S], on_failed: OnFailedRecords
) -> None:
    async def report(failures: Sequence[tuple[WorkItem[S], Exception]]) -> None:
        await on_failed(
            [
                Failure(task.cause.raw, error, unit_of_work.name, task.id)
                for task, error in failures
                if isinstance(task.cause, Received)
            ]
        )

    precedence = unit_of_work.precedence

    async def work(part: Waiting[S]) -> None:
        with precedence.slice(len(part)):
            await unit_of_work.run_grouped(part, report)

    if len(waiting) <= SMALLEST_SLICE:
        await work(waiting)
        return
    under_way: set[asyncio.Task[None]] = set()
    async with asyncio.TaskGroup() as group:
        async for part in _slices(precedence, waiting):
            under_way.add(group.create_task(work(part)))
            while len(under_way) >= (SLICES_AT_ONCE if precedence.is_calm else 1):
                _, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)


async def _slices(precedence: Precedence, waiting: Waiting[S]) -> AsyncIterator[Waiting[S]]:
    """In slices that the store has done quickly."""
    documents = iter(waiting.items())
    left = len(waiting)
    while left:
        if left > SLICE:
            await precedence.let_pass()
        part = dict(islice(documents, precedence.slice_size()))
        left -= len(part)
        yield part


def _tasks(unit_of_work: UnitOfWork[S], received: Received) -> list[WorkItem[S]]:
    """What failed in one projection is not given again to those that handled it."""
    tasks = unit_of_work.work_items_of(received)
    if not received.raw.topic.endswith(RETRY):
        return tasks
    projection, document = read_target(received.raw)
    if projection and projection != unit_of_work.name:
        return []
    return [task for task in tasks if task.id == document] or tasks


__all__ = ["BatchHandler", "BatchProcessor", "OnFailed", "OnFailedRecords"]

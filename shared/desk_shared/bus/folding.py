"""From a batch of events to the ledgers of a service."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import chain
from typing import Any, Protocol

from desk_shared.bus.ledger import Ledger, Park, Task
from desk_shared.bus.records import Failure, Received, meant_for
from desk_shared.events.topics import RETRY
from desk_shared.precedence import SLICE, Precedence
from desk_shared.store.document import S

ParkRecords = Callable[[Sequence[Failure]], Awaitable[None]]


class BatchHandler(Protocol):
    """What a service does with a batch. Raises only if the whole batch must be read again."""

    async def handle(self, batch: Sequence[Received], park: ParkRecords) -> None: ...

    def forget(self) -> None: ...


class Folding:
    """Gives every event of a batch to each ledger whose fold wants it."""

    def __init__(self, *ledgers: Ledger[Any]) -> None:
        self._ledgers = ledgers

    async def handle(self, batch: Sequence[Received], park: ParkRecords) -> None:
        """One read, one write and one publish for each ledger; in slices while somebody calls."""
        async with asyncio.TaskGroup() as group:
            for ledger in self._ledgers:
                group.create_task(_run(ledger, batch, park))

    def forget(self) -> None:
        """Partitions moved: somebody else may write these documents now."""
        for ledger in self._ledgers:
            ledger.forget()


async def _run(ledger: Ledger[S], batch: Sequence[Received], park: ParkRecords) -> None:
    tasks = [task for received in batch for task in _tasks(ledger, received)]

    async def park_causes(failures: Sequence[tuple[Task[S], Exception]]) -> None:
        await park(
            [
                Failure(task.cause.raw, error, ledger.name, task.id)
                for task, error in failures
                if isinstance(task.cause, Received)
            ]
        )

    async for part in _in_turn(ledger.precedence, tasks):
        await ledger.run(part, park_causes)


async def _in_turn(
    precedence: Precedence, tasks: Sequence[Task[S]]
) -> AsyncIterator[Sequence[Task[S]]]:
    """In slices that the store has done quickly, each document's tasks in one."""
    by_document: dict[str, list[Task[S]]] = {}
    for task in tasks:
        by_document.setdefault(task.id, []).append(task)
    waiting = list(by_document.values())
    while waiting:
        if len(waiting) > SLICE:
            await precedence.let_pass()
        part = waiting[: precedence.slice_size()]
        with precedence.slice(len(part)):
            yield list(chain.from_iterable(part))
        waiting = waiting[len(part) :]


def _tasks(ledger: Ledger[S], received: Received) -> list[Task[S]]:
    """What failed in one fold is not told again to those that handled it, however long ago."""
    tasks = ledger.tasks_of(received)
    if not received.raw.topic.endswith(RETRY):
        return tasks
    fold, document = meant_for(received.raw)
    if fold and fold != ledger.name:
        return []
    return [task for task in tasks if task.id == document] or tasks


__all__ = ["BatchHandler", "Folding", "Park", "ParkRecords"]

"""From a batch of events to the ledgers of a service."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from desk_shared.bus.ledger import Cause, Ledger, Park, Task
from desk_shared.bus.records import Failure, Received
from desk_shared.events import AnyEvent, Message
from desk_shared.store.document import S

ParkRecords = Callable[[Sequence[Failure]], Awaitable[None]]


class BatchHandler(Protocol):
    """What a service does with a batch. Raises only if the whole batch must be read again."""

    async def handle(self, batch: Sequence[Received], park: ParkRecords) -> None: ...

    def forget(self) -> None: ...


class Folding:
    """Gives every event of a batch to each ledger whose fold wants it."""

    def __init__(self, *ledgers: Ledger[S]) -> None:
        self._ledgers = ledgers

    async def handle(self, batch: Sequence[Received], park: ParkRecords) -> None:
        """One read, one write and one publish per ledger, whatever the size of the batch."""
        async with asyncio.TaskGroup() as group:
            for ledger in self._ledgers:
                group.create_task(_run(ledger, batch, park))

    def forget(self) -> None:
        """Partitions moved: somebody else may write these documents now."""
        for ledger in self._ledgers:
            ledger.forget()


async def _run(ledger: Ledger[S], batch: Sequence[Received], park: ParkRecords) -> None:
    sources: dict[int, Received] = {}
    tasks: list[Task[S]] = []
    for received in batch:
        cause = cause_of(received)
        for task in ledger.tasks_of(received.event, cause):
            tasks.append(task)
            sources[id(task)] = received

    async def park_sources(failures: Sequence[tuple[Task[S], Exception]]) -> None:
        failed = {id(sources[id(task)]): Failure(sources[id(task)].raw, e) for task, e in failures}
        await park(list(failed.values()))

    if tasks:
        await ledger.run(tasks, park_sources)


def cause_of(received: Received) -> Cause:
    """What makes handling this record twice harmless."""
    event: AnyEvent = received.event
    if event.sequence is None:
        return Cause(event.id, received.origin)
    raw = received.raw
    headers = tuple((name, text) for name, text in raw.headers if text is not None)
    message = Message(raw.topic, raw.key or b"", raw.value or b"", headers)
    return Cause(event.id, received.origin, event.sequence, message)


__all__ = ["BatchHandler", "Folding", "Park", "ParkRecords", "cause_of"]

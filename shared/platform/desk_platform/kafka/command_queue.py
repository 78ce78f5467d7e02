"""Changes asked for one by one (HTTP, workers), written together: a group commit.

While bulks are under way the next requests gather, so a busy service makes few round trips and an
idle one answers at once. A caller is answered when its document is safe in the store; if the
bus is away the relay publishes later.
"""

import asyncio
import contextvars
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic

from desk_contracts.errors import DependencyDown, Transient

from desk_platform.kafka.retry import attempt_async
from desk_platform.kafka.unit_of_work import Cause, Rule, UnitOfWork, WorkItem
from desk_platform.store import Stored
from desk_platform.store.document import S
from desk_platform.telemetry import get_logger

log = get_logger()

MAX_WAITING = 5_000
MAX_BULK = 500
# While the store writes one group, we work on another. With three, groups are too small.
MAX_WRITING = 2
# Groups that are written but not yet published: enough to hide the bus, few enough to feel it.
MAX_PUBLISHING = 4
# A request is answered before its events are on the bus; one slow publish must not hold the next.
PUBLISH_TIMEOUT = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class _Change(Generic[S]):
    task: WorkItem[S]
    answer: "asyncio.Future[Stored[S]]"
    # The trace and the log keys of whoever asks.
    context: contextvars.Context


class CommandQueue(Generic[S]):
    """The way to change one document of a unit of work from outside the event stream."""

    def __init__(self, unit_of_work: UnitOfWork[S]) -> None:
        self._unit_of_work = unit_of_work
        self._waiting: list[_Change[S]] = []
        self._runner: asyncio.Task[None] | None = None
        # Groups that the store has not written yet, with the documents that they change.
        self._writing: dict[asyncio.Task[object], frozenset[str]] = {}
        self._publishing: set[asyncio.Task[None]] = set()
        # Several callers share a write, and none of their names belongs on all of it.
        self._nobodys = contextvars.copy_context()

    async def change(
        self, id: str, rule: Rule[S], cause: Cause | None = None, *, is_first: bool = False
    ) -> Stored[S]:
        """The document after `rule`; raises what the rule raises, `Transient` if overloaded.

        `is_first` saves the read where the document should not exist yet.
        """
        if len(self._waiting) >= MAX_WAITING:
            raise Transient("too many changes are waiting; try again soon", code="overloaded")
        change = _Change(
            WorkItem(id, rule, cause, is_first),
            asyncio.get_running_loop().create_future(),
            contextvars.copy_context(),
        )
        self._waiting.append(change)
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._drain(), context=self._nobodys.copy())
        return await change.answer

    async def finish(self) -> None:
        """Wait until everything asked for is answered and published, as far as that goes."""
        if self._runner is not None:
            await self._runner
        if self._publishing:
            await asyncio.wait(self._publishing)

    async def _drain(self) -> None:
        """The next group is written while the one before is still being published.

        Harmless for a document in both: its outbox is published whole and in order each time. Of
        two groups that are being written none changes a document of the other.
        """
        while self._waiting:
            await _wait_for_room(self._writing, MAX_WRITING)
            await _wait_for_room(self._publishing, MAX_PUBLISHING)
            group, self._waiting = self._waiting[:MAX_BULK], self._waiting[MAX_BULK:]
            ids = frozenset(change.task.id for change in group)
            if not all(map(ids.isdisjoint, self._writing.values())):
                await asyncio.wait(self._writing)
            self._begin(group, ids)

    def _begin(self, group: Sequence[_Change[S]], ids: frozenset[str]) -> None:
        context = group[0].context if len(group) == 1 else self._nobodys.copy()
        work = asyncio.create_task(self._answer(group), context=context)
        self._publishing.add(work)
        work.add_done_callback(self._publishing.discard)
        written = asyncio.create_task(asyncio.wait([change.answer for change in group]))
        self._writing[written] = ids
        written.add_done_callback(self._writing.pop)

    async def _answer(self, group: Sequence[_Change[S]]) -> None:
        by_task = {change.task: change.answer for change in group}

        async def refuse(failures: Sequence[tuple[WorkItem[S], Exception]]) -> None:
            for task, error in failures:
                _settle(by_task[task], error)

        def answer(written: dict[str, Stored[S]]) -> None:
            for change in group:
                if change.task.id in written:
                    _settle(change.answer, written[change.task.id])

        async def write() -> None:
            async with asyncio.timeout(PUBLISH_TIMEOUT.total_seconds()):
                await self._unit_of_work.run(tasks, refuse, answer)

        tasks = list(by_task)
        late = Transient("the change was interrupted; ask again with the same key")
        try:
            error = await attempt_async(write())
            if error is not None:
                self._report(error, len(tasks))
            reason = late if error is None or isinstance(error, TimeoutError) else error
            await refuse([(task, reason) for task in tasks])
        finally:
            await refuse([(task, late) for task in tasks])

    @staticmethod
    def _report(error: Exception, documents: int) -> None:
        """Those answered before are safe in the store; the relay publishes what they wrote."""
        if isinstance(error, TimeoutError | DependencyDown):
            log.warning("change_interrupted", documents=documents, reason=str(error) or "too slow")
        else:
            log.error("change_failed", documents=documents, exc_info=error)


async def _wait_for_room(tasks: Collection["asyncio.Task[Any]"], most: int) -> None:
    while len(tasks) >= most:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


def _settle(answer: "asyncio.Future[Stored[S]]", outcome: Stored[S] | Exception) -> None:
    if answer.done():
        return
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)

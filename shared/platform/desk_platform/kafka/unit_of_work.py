"""Load, decide, write once, publish: the part of the consumer rule that touches documents.

Consumer, HTTP and timers all go through here. A document write carries the state, the events it
gives rise to and the mark of what was handled; only then are the events published, and a version
whose events are on the bus has its outbox cleared. A crash anywhere is repaired by doing it again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Generic

from desk_contracts import Codec, Event
from desk_contracts.errors import DependencyDown, Transient
from desk_contracts.message import message
from desk_kernel import Context, Decision

from desk_platform.clock import Clock
from desk_platform.kafka.decision_log import report_decision
from desk_platform.kafka.document_cache import DocumentCache
from desk_platform.kafka.due_moments import DueMoments
from desk_platform.kafka.handled_identities import Memory
from desk_platform.kafka.open_moments import OpenMoments
from desk_platform.kafka.outbox_clearance import PublishedOutboxes
from desk_platform.kafka.outboxes import send_outboxes
from desk_platform.kafka.producer import Publisher
from desk_platform.kafka.records import Received
from desk_platform.kafka.retry import attempt_value
from desk_platform.kafka.work_items import BatchResult, Cause, Projection, Rule, WorkItem
from desk_platform.kafka.working_copy import Decider
from desk_platform.precedence import Precedence
from desk_platform.store import Documents, Stored, Unreadable, readable
from desk_platform.store.document import S
from desk_platform.telemetry import Meters, get_logger

__all__ = [
    "CACHED_DOCUMENTS",
    "Cause",
    "OnFailed",
    "OnWritten",
    "Projection",
    "Rule",
    "UnitOfWork",
    "WorkItem",
]

log = get_logger()

MAX_ROUNDS = 8
# So many documents go into one bulk; a batch of several bulks keeps us and the store busy at once.
SLICE = 500
CACHED_DOCUMENTS = 2_000
_CODEC = Codec()


OnFailed = Callable[[Sequence[tuple[WorkItem[S], Exception]]], Awaitable[None]]
OnWritten = Callable[[dict[str, Stored[S]]], None]


# Each document with all that is to be done to it, in its order.
Waiting = dict[str, list[WorkItem[S]]]


def group_by_document(tasks: Iterable[WorkItem[S]]) -> Waiting[S]:
    """By the documents that they are for."""
    waiting: Waiting[S] = {}
    for task in tasks:
        waiting.setdefault(task.id, []).append(task)
    return waiting


def _nobody(_written: dict[str, Stored[S]]) -> None:
    """Nobody needs to know."""


class UnitOfWork(Generic[S]):
    """Runs tasks against one collection. Safe to call from several coroutines at once."""

    def __init__(  # noqa: PLR0913 (what it stands between)
        self,
        projection: Projection[S],
        publisher: Publisher,
        clock: Clock,
        meters: Meters,
        *,
        codec: Codec | None = None,
        cached: int = CACHED_DOCUMENTS,
        name: str = "",
        precedence: Precedence | None = None,
    ) -> None:
        self.name = name
        self._projection = projection
        self._documents = projection.documents
        self._memory = Memory(projection)
        self._publisher = publisher
        self._clock = clock
        self._meters = meters
        self._decider = Decider(projection, codec or _CODEC)
        self._cache: DocumentCache[S] = DocumentCache(cached)
        self.published_outboxes = PublishedOutboxes(projection.documents, clock)
        # One for the whole process where there are calls; without any it is always calm.
        self.precedence = precedence or Precedence()
        self.open_moments = OpenMoments()
        self.due = DueMoments(clock)
        meters.guard_conflicts.add(0)
        meters.integrity_gaps.add(0)

    @property
    def documents(self) -> Documents[S]:
        """Where its documents are kept."""
        return self._documents

    def work_items_of(self, received: Received) -> list[WorkItem[S]]:
        """What the projection wants done for one event."""
        event, projection = received.event, self._projection
        is_first = projection.ordered and event.sequence == 1
        return [WorkItem(key, event, received, is_first) for key in projection.keys(event)]

    async def on_timer(
        self, ids: Iterable[str], on_failed: OnFailed[S], at: datetime | None = None
    ) -> None:
        """Fire the timers of those that are due; a rule that says nothing clears its timer.

        `at` is the moment for which they are decided, if that is not now.
        """
        rule = self._projection.on_timer
        if rule is None:
            return

        def fire(state: S | None, context: Context) -> Decision[S] | None:
            decision = rule(state, context)
            return Decision(state) if decision is None and state is not None else decision

        await self.run([WorkItem(id, fire, is_timer=True) for id in ids], on_failed, at=at)

    def forget(self) -> None:
        """Drop what is cached, since somebody else may write these documents now."""
        self._cache.clear()

    async def run(
        self,
        tasks: Sequence[WorkItem[S]],
        on_failed: OnFailed[S],
        on_written: OnWritten[S] = _nobody,
        *,
        at: datetime | None = None,
    ) -> None:
        """Do every task once: documents written, events published, or the failure reported.

        `on_written` gets documents as soon as they are safe in the store. The rules get the time
        `at`, or what the clock says.
        """
        await self.run_grouped(group_by_document(tasks), on_failed, on_written, at=at)

    async def run_grouped(
        self,
        waiting: Waiting[S],
        on_failed: OnFailed[S],
        on_written: OnWritten[S] = _nobody,
        *,
        at: datetime | None = None,
    ) -> None:
        """The same for tasks that are grouped already; from now on the groups are its own."""
        if prepare := self._projection.prepare:
            tasks = (task for group in waiting.values() for task in group)
            await prepare([task.rule for task in tasks if isinstance(task.rule, Event)])
        if len(waiting) <= SLICE:
            await self._run_rounds(waiting, on_failed, on_written, at)
            return
        # While the store writes one slice, we work on the next.
        items = list(waiting.items())
        async with asyncio.TaskGroup() as group:
            for first in range(0, len(items), SLICE):
                part = dict(items[first : first + SLICE])
                group.create_task(self._run_rounds(part, on_failed, on_written, at))

    async def _run_rounds(
        self,
        waiting: Waiting[S],
        on_failed: OnFailed[S],
        on_written: OnWritten[S],
        at: datetime | None,
    ) -> None:
        for number in range(MAX_ROUNDS):
            began = self._clock.now()
            self._check_may_record(began)
            context = Context(at or began, number, began=began)
            with self.open_moments.keep_open(context.now):
                refused = await self._round(waiting, context, on_failed, on_written)
            if not refused:
                return
            self._meters.guard_conflicts.add(len(refused))
            waiting = {id: waiting[id] for id in refused}
            # Two members on one key: let the other one finish before looking again.
            await asyncio.sleep(0.005 * number)
        lost = Transient("the document changes faster than it can be written", code="contended")
        await on_failed([(task, lost) for left in waiting.values() for task in left])

    async def _round(
        self,
        waiting: Waiting[S],
        context: Context,
        on_failed: OnFailed[S],
        on_written: OnWritten[S],
    ) -> frozenset[str]:
        documents, loaded = await self._load(waiting, context)
        stored = await self._memory.recall(documents, waiting)
        result: BatchResult[S] = BatchResult()
        ids = self._apply(documents, waiting, context, result)
        if unproven := result.find_unproven(ids) - loaded:
            # Concluded from a copy in memory, which another member may have made outdated.
            result.drop(unproven)
            again = await self._load_all(unproven)
            stored |= await self._memory.recall(again, waiting)
            documents |= again
            ids = [id for id in ids if id not in unproven]
            ids += self._apply(documents, {id: waiting[id] for id in unproven}, context, result)
        failures = result.failures
        records = [failure for failure in failures if isinstance(failure[0].cause, Received)]
        calls = [failure for failure in failures if not isinstance(failure[0].cause, Received)]
        # Before the write: its marks would hide a failed record from the next reading.
        await _report_failed(records, waiting, on_failed)
        changed = [documents[id] for id in ids]
        await self._memory.hand_over(changed, stored, context.now)
        self._check_may_record(context.began or context.now)
        refused, failed = await self._write(changed)
        # After it: what a call was refused for may be what another member has decided otherwise.
        certain = [failure for failure in calls if failure[0].id not in {*refused, *failed}]
        await _report_failed(certain, waiting, on_failed)
        for id in (*refused, *failed):
            documents.pop(id)
        self._note_written([document for document in changed if document.id in documents], result)
        on_written(documents)
        if not await self._publish(documents.values()):
            self.open_moments.mark_uncertain(context.now)
        if failed:
            await self._retry_alone(waiting, failed, on_failed, on_written, context)
        return refused

    def _check_may_record(self, moment: datetime) -> None:
        """Others may have published that nothing of this time is still to come from here."""
        if not self.open_moments.may_record(moment, self._clock.now()):
            raise DependencyDown(
                message("request.not-recording"), dependency="kafka", code="not-recording"
            )

    async def _retry_alone(
        self,
        waiting: Waiting[S],
        failed: Mapping[str, Exception],
        on_failed: OnFailed[S],
        on_written: OnWritten[S],
        context: Context,
    ) -> None:
        """The store would not take these documents: of several tasks one may be the reason."""
        for id, error in failed.items():
            tasks = waiting[id]
            if len(tasks) == 1:
                await on_failed([(tasks[0], error)])
                continue
            for task in tasks:
                await self._run_rounds({id: [task]}, on_failed, on_written, context.now)

    def _apply(
        self,
        documents: dict[str, Stored[S]],
        waiting: Waiting[S],
        context: Context,
        result: BatchResult[S],
    ) -> list[str]:
        """The ids of those that must be written."""
        apply = self._decider.apply
        return [id for id, tasks in waiting.items() if apply(documents[id], tasks, context, result)]

    async def _write(
        self, changed: Sequence[Stored[S]]
    ) -> tuple[frozenset[str], dict[str, Exception]]:
        """Those that somebody else was faster with, and those that cannot be written at all."""
        for document in changed:  # until it is certain that it is written and its outbox out
            self._cache.drop(document.id)
        refused = await attempt_value(self._documents.write(changed))
        if not isinstance(refused, Exception):
            for document in changed:
                document.version += 1
            return refused, {}
        if isinstance(refused, Transient):
            raise refused
        if len(changed) == 1:
            return frozenset(), {changed[0].id: refused}
        half = len(changed) // 2
        (some, bad), (more, worse) = (
            await self._write(changed[:half]),
            await self._write(changed[half:]),
        )
        return some | more, bad | worse

    def _note_written(self, written: Collection[Stored[S]], result: BatchResult[S]) -> None:
        """What is certain now that it is written: timers that were set, gaps that were met."""
        ids = {document.id for document in written}
        for document in written:
            if document.due is not None:
                self.due.remember(document.id, document.due)
        for id, events in result.decided:
            if id in ids:
                report_decision(self.name, id, events)
        for document, number in result.gaps:
            if document.id in ids:
                self._meters.integrity_gaps.add(1)
                log.error(
                    "sequence_gap_found",
                    document=document.id,
                    expected=document.sequence + 1,
                    found=number,
                )

    async def _load(
        self, waiting: Waiting[S], context: Context
    ) -> tuple[dict[str, Stored[S]], set[str]]:
        """Each document, and the ids of those that were looked for in the store just now."""
        documents: dict[str, Stored[S]] = {}
        missing: set[str] = set()
        for id, tasks in waiting.items():
            if (cached_copy := self._cache.get(id)) is not None:
                documents[id] = cached_copy
            elif context.round > 0 or not tasks or not tasks[0].is_first:
                missing.add(id)
            else:
                documents[id] = Stored(id=id)
        if missing:
            documents |= await self._load_all(missing)
        return documents, missing

    async def _load_all(self, ids: Collection[str]) -> dict[str, Stored[S]]:
        """Of one that cannot be read only that is known: its tasks fail, and no other's."""
        stored, damaged = await readable(self._documents, list(ids))
        broken: dict[str, Stored[S]] = {
            id: Stored(id, unreadable=Unreadable({id: why})) for id, why in damaged.items()
        }
        self.published_outboxes.strip(stored.values())
        documents = stored | broken
        return {id: documents[id] if id in documents else Stored(id=id) for id in ids}

    async def _publish(self, documents: Collection[Stored[S]]) -> bool:
        """Publish every outbox; what cannot be sent stays with its document, for the relay.

        True if all of them are out.
        """
        full = [document for document in documents if document.outbox]
        if full:
            sending = await send_outboxes(self._publisher, full)
            await self.published_outboxes.add(sending.whole)
            await self._documents.postpone(sending.reduced, self._clock.now())
            if sending.away is not None:
                raise sending.away
        for document in documents:
            if not document.outbox:
                self._cache.keep(document)
        return not any(document.outbox for document in full)


async def _report_failed(
    failures: Sequence[tuple[WorkItem[S], Exception]],
    waiting: Waiting[S],
    on_failed: OnFailed[S],
) -> None:
    """What is reported is not tried again when a write is refused."""
    if not failures:
        return
    await on_failed(failures)
    reroute = {task for task, _ in failures}
    for id, tasks in waiting.items():
        waiting[id] = [task for task in tasks if task not in reroute]

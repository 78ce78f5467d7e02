"""Load, decide, write once, publish: the part of the consumer rule that touches documents.

Consumer, HTTP and timers all go through here. A document write carries the state, the events it
gives rise to and the mark of what was handled; only then are the events published, and a version
whose events are on the bus is settled. A crash anywhere is repaired by doing it again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic

from desk_shared.bus.producer import Publisher
from desk_shared.bus.records import Received, held_message, is_same, record_of
from desk_shared.bus.remembered import Remembered
from desk_shared.bus.retry import attempt
from desk_shared.clock import Clock
from desk_shared.errors import Transient
from desk_shared.events import AnyEvent, Codec, Event, Message
from desk_shared.store import Documents, Origin, Stored
from desk_shared.store.document import S
from desk_shared.telemetry import Meters, get_logger

log = get_logger()

MAX_ROUNDS = 8
MAX_HELD = 200
CACHED_DOCUMENTS = 20_000


@dataclass(frozen=True, slots=True)
class Turn:
    """What a rule is told beside its input: the time, lost races, the document it decides for."""

    now: datetime
    round: int = 0
    id: str = ""


@dataclass(frozen=True, slots=True)
class Reacted(Generic[S]):
    """What a rule concludes: the new state, the events that follow, when it wants to be woken."""

    state: S
    events: tuple[AnyEvent, ...] = ()
    due: datetime | None = None


Rule = Callable[[S | None, Turn], Reacted[S] | None]


@dataclass(slots=True, eq=False)  # not frozen: one for every record
class Task(Generic[S]):
    """One rule for one document. `cause` makes doing it twice harmless.

    `is_first` says that the document should not exist yet: no read, its insert is the guard.
    `is_timer`: do it only if the document is due, since timers are moved and fire on old news.
    """

    id: str
    rule: Rule[S] | AnyEvent
    cause: "Received | Cause | None" = None
    is_first: bool = False
    is_timer: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is asked for beside the event stream: an id that is the same when repeated."""

    event_id: str
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Fold(Generic[S]):
    """How a stream of events becomes the documents of one collection.

    `keys` names the documents that an event concerns, `react` decides for one of them, `wake` is
    what happens when a document's due moment comes. With `ordered`, events that carry a sequence
    and are keyed by the document are applied in its order, held while one is missing.
    """

    documents: Documents[S]
    keys: Callable[[AnyEvent], Iterable[str]]
    react: Callable[[S | None, AnyEvent, Turn], Reacted[S] | None]
    wake: Rule[S] | None = None
    ordered: bool = False


Park = Callable[[Sequence[tuple[Task[S], Exception]]], Awaitable[None]]
OnWritten = Callable[[dict[str, Stored[S]]], None]


def _nobody(_written: dict[str, Stored[S]]) -> None:
    """Nobody needs to know."""


@dataclass(slots=True)  # not frozen: it is filled while the tasks are done
class _Findings(Generic[S]):
    """What comes to light while tasks are done: failures, and gaps as (document, held event)."""

    failures: list[tuple[Task[S], Exception]] = field(default_factory=list)
    gaps: list[tuple[Stored[S], int]] = field(default_factory=list)


class Ledger(Generic[S]):
    """Runs tasks against one collection. Safe to call from several coroutines at once."""

    def __init__(  # noqa: PLR0913 (what it stands between)
        self,
        fold: Fold[S],
        publisher: Publisher,
        clock: Clock,
        meters: Meters,
        *,
        codec: Codec | None = None,
        cached: int = CACHED_DOCUMENTS,
        name: str = "",
    ) -> None:
        self.name = name
        self._fold = fold
        self._documents = fold.documents
        self._publisher = publisher
        self._clock = clock
        self._meters = meters
        self._codec = codec or Codec()
        self._remembered: Remembered[S] = Remembered(cached)
        self.on_due: Callable[[str, datetime], None] = lambda _id, _due: None

    def tasks_of(self, received: Received) -> list[Task[S]]:
        """What the fold wants done for one event."""
        event, fold = received.event, self._fold
        is_first = fold.ordered and event.sequence == 1
        return [Task(key, event, received, is_first) for key in fold.keys(event)]

    async def wake(self, ids: Iterable[str], park: Park[S]) -> None:
        """Fire the timers of those that are due; a rule that says nothing clears its timer."""
        rule = self._fold.wake
        if rule is None:
            return

        def fire(state: S | None, turn: Turn) -> Reacted[S] | None:
            reacted = rule(state, turn)
            return Reacted(state) if reacted is None and state is not None else reacted

        await self.run([Task(id, fire, is_timer=True) for id in ids], park)

    def forget(self) -> None:
        """Drop what is remembered, since somebody else may write these documents now."""
        self._remembered.clear()

    async def run(
        self, tasks: Sequence[Task[S]], park: Park[S], on_written: OnWritten[S] = _nobody
    ) -> None:
        """Do every task once: documents written, events published, or the failure parked.

        `on_written` is told of documents as soon as they are safe in the store.
        """
        waiting: dict[str, list[Task[S]]] = {}
        for task in tasks:
            waiting.setdefault(task.id, []).append(task)
        for number in range(MAX_ROUNDS):
            turn = Turn(self._clock.now(), number)
            refused = await self._round(waiting, turn, park, on_written)
            if not refused:
                return
            self._meters.guard_conflicts.add(len(refused))
            waiting = {id: waiting[id] for id in refused}
            # Two members on one key: let the other one finish before looking again.
            await asyncio.sleep(0.005 * number)
        lost = Transient("the document changes faster than it can be written", code="contended")
        await park([(task, lost) for left in waiting.values() for task in left])

    async def _round(
        self, waiting: dict[str, list[Task[S]]], turn: Turn, park: Park[S], on_written: OnWritten[S]
    ) -> frozenset[str]:
        stamp = self._remembered.stamp()
        documents = await self._load(waiting, turn)
        found: _Findings[S] = _Findings()
        changed = [
            documents[id]
            for id, tasks in waiting.items()
            if self._apply(documents[id], tasks, turn, found)
        ]
        if found.failures:
            # Before the write: its marks would hide a failed record from the next reading.
            await park(found.failures)
            parked = {task for task, _ in found.failures}
            for id, tasks in waiting.items():
                waiting[id] = [task for task in tasks if task not in parked]
        refused = await self._write(changed)
        written_at = self._remembered.stamp()
        for id in refused:
            documents.pop(id)
        self._tell(changed, found, refused)
        on_written(documents)
        await self._publish(documents.values())
        for document in changed:
            if document.id not in refused:
                documents.pop(document.id)
                self._remembered.keep(document, written_at)
        for document in documents.values():
            if document.version:
                self._remembered.keep(document, stamp)
        return refused

    async def _write(self, changed: Sequence[Stored[S]]) -> frozenset[str]:
        """Write, and forget: only what is certain to be in the store, published, is remembered."""
        ids = [document.id for document in changed]
        self._remembered.touch(ids)
        try:
            refused = await self._documents.write(changed)
        finally:
            self._remembered.touch(ids)
        for document in changed:
            document.version += 1
        return refused

    def _tell(
        self, changed: Iterable[Stored[S]], found: _Findings[S], refused: frozenset[str]
    ) -> None:
        """What is certain now that it is written: timers that were set, gaps that were met."""
        for document in changed:
            if document.due is not None and document.id not in refused:
                self.on_due(document.id, document.due)
        for document, number in found.gaps:
            if document.id not in refused:
                self._meters.integrity_gaps.add(1)
                log.error(
                    "sequence_gap_found",
                    document=document.id,
                    expected=document.sequence + 1,
                    found=number,
                )

    async def _load(self, waiting: dict[str, list[Task[S]]], turn: Turn) -> dict[str, Stored[S]]:
        found: dict[str, Stored[S]] = {}
        missing: list[str] = []
        for id, tasks in waiting.items():
            if (remembered := self._remembered.get(id)) is not None:
                found[id] = remembered
            elif turn.round > 0 or not tasks or not tasks[0].is_first:
                missing.append(id)
        if missing:
            found |= await self._documents.load(missing)
        return {id: found[id] if id in found else Stored(id=id) for id in waiting}

    def _apply(
        self, document: Stored[S], tasks: Iterable[Task[S]], turn: Turn, found: _Findings[S]
    ) -> bool:
        """Do the tasks on the working copy; true if it must be written."""
        turn = Turn(turn.now, turn.round, document.id)
        is_changed = False
        for task in tasks:
            step = self._step(document, task, turn, found)
            if isinstance(step, Exception):
                found.failures.append((task, step))
            else:
                is_changed |= step
        return is_changed

    def _step(
        self, document: Stored[S], task: Task[S], turn: Turn, found: _Findings[S]
    ) -> bool | Exception:
        cause = task.cause
        if cause is None:
            if task.is_timer and (document.due is None or document.due > turn.now):
                return False
            return self._react(document, task.rule, turn)
        if self._fold.ordered and isinstance(cause, Received) and cause.sequence is not None:
            return self._in_sequence(document, cause, turn, found)
        event_id, origin = cause.event_id, cause.origin
        if document.has_handled(event_id, origin):
            return False
        step = self._react(document, task.rule, turn)
        if step is True:
            document.mark(event_id, origin)
        return step

    def _in_sequence(
        self, document: Stored[S], cause: Received, turn: Turn, found: _Findings[S]
    ) -> bool | Exception:
        number = cause.sequence or 0
        if number <= document.sequence:
            return False
        if number > document.sequence + 1:
            return self._hold(document, cause, found)
        step = self._react(document, cause.event, turn)
        if isinstance(step, Exception):
            return step
        document.sequence = number
        if document.held:
            self._release(document, turn, found)
        return True

    def _hold(self, document: Stored[S], cause: Received, found: _Findings[S]) -> bool | Exception:
        message = held_message(cause.raw)
        if any(is_same(message, one) for one in document.held):
            return False
        if len(document.held) >= MAX_HELD:
            return Transient("too many events wait for a missing one", code="sequence-gap")
        found.gaps.append((document, cause.sequence or 0))
        document.held = (*document.held, message)
        return True

    def _release(self, document: Stored[S], turn: Turn, found: _Findings[S]) -> None:
        """Apply held events as far as they follow; one that fails is parked, the rest wait on."""
        decode = self._codec.decode
        events = [(decode(one.key, one.value, one.headers), one) for one in document.held]
        for event, message in sorted(events, key=lambda pair: pair[0].sequence or 0):
            number = event.sequence or 0
            if number > document.sequence + 1:
                break
            document.held = tuple(one for one in document.held if one is not message)
            if number <= document.sequence:
                continue
            step = self._react(document, event, turn)
            if isinstance(step, Exception):
                cause = Received(event, record_of(message))
                found.failures.append((Task(document.id, event, cause), step))
                break
            document.sequence = number

    def _react(self, document: Stored[S], rule: Rule[S] | AnyEvent, turn: Turn) -> bool | Exception:
        decided = attempt(lambda: self._decided(document.state, rule, turn))
        if isinstance(decided, Exception):
            return decided
        if decided is None:
            return False
        reacted, messages = decided
        document.state = reacted.state
        document.due = reacted.due
        if messages:
            document.outbox = (*document.outbox, *messages)
        return True

    def _decided(
        self, state: S | None, rule: Rule[S] | AnyEvent, turn: Turn
    ) -> tuple[Reacted[S], list[Message]] | None:
        if isinstance(rule, Event):
            reacted = self._fold.react(state, rule, turn)
        else:
            reacted = rule(state, turn)
        if reacted is None:
            return None
        return reacted, [self._codec.encode(event) for event in reacted.events]

    async def _publish(self, documents: Iterable[Stored[S]]) -> None:
        """Publish every outbox; with the broker away the documents keep them for next time."""
        full = [document for document in documents if document.outbox]
        if full:
            await self._publisher.publish([message for one in full for message in one.outbox])
            await self._documents.settle(full)
            for document in full:
                document.outbox = ()

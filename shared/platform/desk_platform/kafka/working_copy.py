"""Does tasks on the working copy of a document. Pure: no read, no write, no publish.

What was handled before changes nothing; what is ordered is done in order, buffered while one is
missing; what raises becomes a failure of that one task.
"""

from collections.abc import Sequence
from typing import Generic

from desk_contracts import AnyEvent, Codec, Event, Message
from desk_contracts.digest import id_reused
from desk_contracts.errors import KeyReused, Transient
from desk_contracts.message import message as say
from desk_kernel import Context, Decision

from desk_platform.kafka.records import (
    Received,
    buffer_record,
    find_arrival,
    is_same,
    restore_record,
)
from desk_platform.kafka.retry import attempt
from desk_platform.kafka.work_items import BatchResult, Cause, Projection, Rule, WorkItem
from desk_platform.store import Stored
from desk_platform.store.document import S

MAX_BUFFERED = 200
# With the bus away a document's events gather in it; past this it would outgrow the store's 16 MB.
MAX_WAITING_BYTES = 8 * 1024 * 1024
_FEW = 64


class Decider(Generic[S]):
    """One projection's decisions, document by document."""

    def __init__(self, projection: Projection[S], codec: Codec) -> None:
        self._projection, self._codec = projection, codec

    def apply(
        self,
        document: Stored[S],
        tasks: Sequence[WorkItem[S]],
        context: Context,
        result: BatchResult[S],
    ) -> bool:
        """Do the tasks on the working copy; true if it must be written."""
        last = Context(context.now, context.round, document.id)
        earlier = last._replace(more=True) if len(tasks) > 1 else last
        is_changed = False
        if document.unreadable is not None:
            result.failures += [(task, document.unreadable) for task in tasks]
            return False
        for place, task in enumerate(tasks, start=1):
            step = self._step(document, task, last if place == len(tasks) else earlier, result)
            if isinstance(step, Exception):
                result.failures.append((task, step))
            else:
                is_changed |= step
        return is_changed

    def _step(
        self, document: Stored[S], task: WorkItem[S], context: Context, result: BatchResult[S]
    ) -> bool | Exception:
        cause = task.cause
        if cause is None:
            if task.is_timer and (document.due is None or document.due > context.now):
                result.idle.add(document.id)
                return False
            return self._react(document, task.rule, context, result)
        if self._projection.ordered and isinstance(cause, Received) and cause.sequence is not None:
            return self._apply_in_sequence(document, cause, context, result)
        return self._apply_once(document, task, cause, context, result)

    def _apply_once(
        self,
        document: Stored[S],
        task: WorkItem[S],
        cause: Received | Cause,
        context: Context,
        result: BatchResult[S],
    ) -> bool | Exception:
        if document.has_handled(cause.identity, cause.origin):
            return _check_repeat(document, cause, result)
        if self._projection.needs_arrival and isinstance(cause, Received):
            context = context._replace(arrived=find_arrival(cause.raw))
        step = self._react(document, task.rule, context, result)
        if step is False and isinstance(cause, Received):
            # What did nothing is handled too: delivered again, it would find another state. Where
            # there is no document yet none is made for it, and none is written for measurements
            # that nobody waits for: there are too many, and they say themselves how old they are.
            exists = document.version > 0 or document.state is not None
            step = exists and not self._projection.is_exact and self._projection.known_for is None
        if step is True:
            document.mark(cause.identity, cause.origin, cause.content)
        return step

    def _apply_in_sequence(
        self, document: Stored[S], cause: Received, context: Context, result: BatchResult[S]
    ) -> bool | Exception:
        number = cause.sequence or 0
        if number <= document.sequence:
            return False
        if number > document.sequence + 1:
            return self._buffer(document, cause, result)
        step = self._react(document, cause.event, context, result)
        if isinstance(step, Exception):
            return step
        document.sequence = number
        if document.buffered:
            self._release(document, context, result)
        return True

    def _buffer(
        self, document: Stored[S], cause: Received, result: BatchResult[S]
    ) -> bool | Exception:
        buffered = buffer_record(cause.raw)
        if any(is_same(buffered, other) for other in document.buffered):
            result.idle.add(document.id)
            return False
        if len(document.buffered) >= MAX_BUFFERED:
            return Transient("too many events wait for a missing one", code="sequence-gap")
        result.gaps.append((document, cause.sequence or 0))
        document.buffered = (*document.buffered, buffered)
        return True

    def _release(self, document: Stored[S], context: Context, result: BatchResult[S]) -> None:
        """Apply buffered events as far as they follow; one that fails is reported, others wait."""
        for event, buffered in self._decode_buffered(document):
            number = event.sequence or 0
            if number > document.sequence + 1:
                break
            document.buffered = tuple(other for other in document.buffered if other is not buffered)
            if number <= document.sequence:
                continue
            step = self._react(document, event, context, result)
            if isinstance(step, Exception):
                cause = Received(event, restore_record(buffered))
                result.failures.append((WorkItem(document.id, event, cause), step))
                break
            document.sequence = number

    def _decode_buffered(self, document: Stored[S]) -> list[tuple[AnyEvent, Message]]:
        """In their order. One that is none, or was kept from a topic that is not its own before
        anybody looked, stays where it is: an audit finds it.
        """
        decode, events = self._codec.decode, []
        for buffered in document.buffered:
            event = attempt(decode, buffered.key, buffered.value, buffered.headers)
            if not isinstance(event, Exception) and event.topic in buffered.topic:
                events.append((event, buffered))
        return sorted(events, key=lambda pair: pair[0].sequence or 0)

    def _react(
        self,
        document: Stored[S],
        rule: Rule[S] | AnyEvent,
        context: Context,
        result: BatchResult[S],
    ) -> bool | Exception:
        decided = attempt(self._decide, document, rule, context)
        if isinstance(decided, Exception):
            return decided
        if decided is None:
            result.idle.add(document.id)
            return False
        decision, messages = decided
        waiting = document.outbox
        # Few messages are never too much: those are not counted.
        if (
            messages
            and len(waiting) > _FEW
            and sum(len(message.value) for message in waiting) > MAX_WAITING_BYTES
        ):
            return Transient(
                "too many events of this document wait for the bus", code="too-much-unpublished"
            )
        document.state = decision.state
        document.due = decision.due
        if messages:
            document.outbox = (*waiting, *messages)
            result.decided.append((document.id, decision.events))
        return True

    def _decide(
        self, document: Stored[S], rule: Rule[S] | AnyEvent, context: Context
    ) -> tuple[Decision[S], Sequence[Message]] | None:
        state, seal = document.state, self._projection.seal
        if isinstance(rule, Event):
            decision = self._projection.react(state, rule, context)
        else:
            decision = rule(state, context)
        if decision is None:
            return None
        messages = [self._codec.encode(event) for event in decision.events]
        return (
            (decision, messages) if seal is None else seal(document.id, state, decision, messages)
        )


def _check_repeat(
    document: Stored[S], cause: Received | Cause, result: BatchResult[S]
) -> bool | Exception:
    """A copy changes nothing; another content under a known identity is an error."""
    if isinstance(cause, Cause):
        if document.has_other(cause.identity, cause.content):
            return KeyReused(say("request.key-reused"))
        result.idle.add(document.id)  # somebody waits for the document as it is now
        return False
    if document.has_read(cause.origin):
        return False
    is_other = document.has_other(cause.identity, cause.content)
    return id_reused(cause.event) if is_other else False

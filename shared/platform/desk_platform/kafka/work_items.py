"""The types of the consumer rule: what a projection is, what it is given, and what it returns."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic

from desk_contracts import AnyEvent, Message
from desk_kernel import Context, Decision

from desk_platform.kafka.records import Received
from desk_platform.store import Documents, Origin, Stored
from desk_platform.store.document import S

Rule = Callable[[S | None, Context], Decision[S] | None]
# Given a document's id, its state before, what was decided, and that as messages.
Sealer = Callable[
    [str, S | None, Decision[S], Sequence[Message]], tuple[Decision[S], Sequence[Message]]
]


@dataclass(slots=True, eq=False)  # not frozen: one for every record
class WorkItem(Generic[S]):
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
    """Why something is asked for beside the event stream: the same identity when repeated.

    `content` is the digest of what is asked, where the caller chose the identity.
    """

    identity: str
    origin: Origin | None = None
    content: str = ""


def _concern_none(_event: AnyEvent) -> Iterable[str]:
    return ()


def _ignore(_state: S | None, _event: AnyEvent, _context: Context) -> Decision[S] | None:
    return None


@dataclass(frozen=True, slots=True)
class Projection(Generic[S]):
    """How a stream of events becomes the documents of one collection.

    `keys` names the documents that an event concerns, `react` decides for one of them, `on_timer`
    is what happens when a document's due moment comes. With `ordered`, events that carry a sequence
    and are keyed by the document are applied in its order, buffered while one is missing.
    What a document handled is known for `known_for`, or for ever as the topics of record are kept.
    With `is_exact` the state itself shows what is a repeat, whatever came in between.
    `seal` has the last word on state and messages, in the same write: chains are made there.
    With `needs_arrival` the context says when an event came into the log: the same at each reading.
    `prepare` is awaited before events are decided, for what takes long and is the same at each
    reading; what is decided must not depend on whether it was.
    With documents alone it is of a collection that only commands change.
    """

    documents: Documents[S]
    keys: Callable[[AnyEvent], Iterable[str]] = _concern_none
    react: Callable[[S | None, AnyEvent, Context], Decision[S] | None] = _ignore
    on_timer: Rule[S] | None = None
    ordered: bool = False
    known_for: timedelta | None = None
    is_exact: bool = False
    seal: Sealer[S] | None = None
    needs_arrival: bool = False
    prepare: Callable[[Sequence[AnyEvent]], Awaitable[None]] | None = None


@dataclass(slots=True)  # not frozen: it is filled while the tasks are done
class BatchResult(Generic[S]):
    """What comes to light while tasks are done: failures, gaps as (document, held event), events
    that were decided by document, and documents for which there was nothing to do, though not
    because it was done already."""

    failures: list[tuple[WorkItem[S], Exception]] = field(default_factory=list)
    gaps: list[tuple[Stored[S], int]] = field(default_factory=list)
    decided: list[tuple[str, tuple[AnyEvent, ...]]] = field(default_factory=list)
    idle: set[str] = field(default_factory=set)

    def find_unproven(self, changed: Iterable[str]) -> set[str]:
        """Documents whose outcome no guarded write will confirm."""
        return self.idle.difference(changed).union(task.id for task, _ in self.failures)

    def drop(self, ids: set[str]) -> None:
        self.failures = [(task, error) for task, error in self.failures if task.id not in ids]
        self.decided = [(id, events) for id, events in self.decided if id not in ids]
        self.gaps = [(document, number) for document, number in self.gaps if document.id not in ids]

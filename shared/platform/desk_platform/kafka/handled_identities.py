"""What documents handled, kept for a time and not by number.

A document has its newest identities in itself, where they change in its own write: a crash cannot
part an event from what it did. The older ones are kept beside it *before* a write lets them go, so
an identity is in the document, or beside it, or was never handled. Whoever looks beside a document
that is outdated by then loses the write, by its guard, and looks again.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Generic

from desk_contracts.ids import identity

from desk_platform.kafka.records import Received
from desk_platform.kafka.work_items import Projection, WorkItem
from desk_platform.store import Stored
from desk_platform.store.document import S
from desk_platform.store.idempotency import KeptCall

# For what is known as long as a topic of record is kept; the last year that every store can write.
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


class Memory(Generic[S]):
    """The identities of one collection: one read for a batch, one write when some must leave."""

    def __init__(self, projection: Projection[S]) -> None:
        self._projection = projection
        self._kept = projection.documents.identities

    async def recall(
        self, documents: Mapping[str, Stored[S]], waiting: Mapping[str, Sequence[WorkItem[S]]]
    ) -> dict[str, int]:
        """Give documents the identities that they handled long ago; how many each has of its own.

        Nothing is read for those that never had to let one go.
        """
        older: dict[str, tuple[Stored[S], str]] = {}
        for id, document in documents.items():
            document.recalled = {}
            if document.has_all or self._projection.is_exact:
                continue
            for name in self._find_unknown(document, waiting[id]):
                older[identity(id, name)] = document, name
        contents = await self._kept.find_all(older) if older else {}
        for key, content in contents.items():
            document, name = older[key]
            document.recalled[name] = content
        return {id: len(document.recent) for id, document in documents.items()}

    async def hand_over(
        self, changed: Sequence[Stored[S]], stored: Mapping[str, int], now: datetime
    ) -> None:
        """Keep beside documents that are about to be written what they have no room for."""
        leaving: list[KeptCall] = []
        known_for = self._projection.known_for
        until = FOR_EVER if known_for is None else now + known_for
        for document in changed:
            old = document.older(stored[document.id])
            if not self._projection.is_exact:
                leaving += (KeptCall(document.id, name, old[name], until) for name in old)
            if old:
                document.drop(old)
        if leaving:
            await self._kept.keep(leaving)

    def _find_unknown(self, document: Stored[S], tasks: Sequence[WorkItem[S]]) -> Iterable[str]:
        """Identities that the document does not have itself; a sequence covers all before it."""
        for task in tasks:
            cause = task.cause
            if cause is None:
                continue
            if (
                self._projection.ordered
                and isinstance(cause, Received)
                and cause.sequence is not None
            ):
                continue
            if not document.has_handled(cause.identity, cause.origin):
                yield cause.identity

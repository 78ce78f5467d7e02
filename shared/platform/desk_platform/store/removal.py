"""Removes documents that were over for long enough, a few at a time.

What is over is found by an index on the moment since which nothing needs it, so a look costs what
it removes and not what there is. Replicas may look at once: a document goes by the version that was
read, so none goes that somebody wrote meanwhile, and one that is gone already is nobody's fault.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Generic

from desk_kernel.retention import find_horizon

from desk_platform.clock import Clock
from desk_platform.heartbeat import beat
from desk_platform.store.document import S, Stored
from desk_platform.store.documents import OVER_SINCE, Documents, Schema
from desk_platform.store.pages import readable
from desk_platform.telemetry import get_logger

log = get_logger()

EVERY = timedelta(hours=1)
# Between two pages others have their turn.
PAUSE = timedelta(milliseconds=100)
PAGE = 200
# Before every moment.
_FIRST: tuple[object, str] = (0, "")


class Removal(Generic[S]):
    """Of one collection, whose schema says since when a document is over."""

    def __init__(
        self,
        schema: Schema[S],
        documents: Documents[S],
        kept: Callable[[], timedelta],
        clock: Clock,
    ) -> None:
        if schema.over is None:
            raise ValueError(f"nothing says when a document of {schema.collection} is over")
        self._schema, self._over, self._documents = schema, schema.over, documents
        self._kept, self._clock = kept, clock

    async def run(self) -> None:
        """Again and again, until cancelled."""
        while True:
            await self.look()
            beat()
            await self._clock.sleep(EVERY)

    async def look(self) -> int:
        """Remove all that was over for long enough; how many there were."""
        horizon = find_horizon(self._kept(), self._clock.now())
        until, after, removed = int(horizon.timestamp() * 1000), _FIRST, 0
        while True:
            page = await self._documents.find_facets({}, order=OVER_SINCE, after=after, limit=PAGE)
            old = [(facets[OVER_SINCE], id) for id, facets in page]
            old = [(since, id) for since, id in old if isinstance(since, int) and since <= until]
            removed += await self._remove([id for _, id in old], horizon) if old else 0
            if len(old) < PAGE:
                break
            after = old[-1]
            beat()
            await self._clock.sleep(PAUSE)
        if removed:
            log.info("records_removed", collection=self._schema.collection, count=removed)
        return removed

    async def _remove(self, ids: Sequence[str], horizon: datetime) -> int:
        """Of these what is over as it stands now. One that cannot be read stays: nobody knows."""
        removable: list[Stored[S]] = []
        stored, _ = await readable(self._documents, ids)
        for document in stored.values():
            since = None if document.state is None else self._over(document.state)
            if since is not None and since <= horizon and document.is_at_rest:
                removable.append(document)
        return await self._documents.remove(removable)

"""Documents kept in memory to save reads: never older than what this process itself wrote.

Several coroutines share one ledger, so a copy may be outdated while it is in somebody's hands. A
copy is kept only if nobody began or ended a write of that document since the copy was taken.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Generic

from desk_shared.store import Stored
from desk_shared.store.document import S


class Remembered(Generic[S]):
    """The documents used last, up to a number; with 0 nothing is kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._documents: OrderedDict[str, Stored[S]] = OrderedDict()
        self._now = 0
        self._floor = 0
        self._touched: OrderedDict[str, int] = OrderedDict()

    def stamp(self) -> int:
        """A moment, to be given back to `keep` with the copies taken after it."""
        return self._now

    def get(self, id: str) -> Stored[S] | None:
        """A working copy."""
        document = self._documents.get(id)
        return None if document is None else document.copy()

    def touch(self, ids: Iterable[str]) -> None:
        """A write of these documents begins or ends: older copies are worth nothing."""
        if self._most == 0:
            return
        self._now += 1
        for id in ids:
            self._documents.pop(id, None)
            self._touched[id] = self._now
            self._touched.move_to_end(id)
        while len(self._touched) > 2 * self._most:
            self._floor = self._touched.popitem(last=False)[1]

    def keep(self, document: Stored[S], stamp: int) -> None:
        """Keep what was loaded, or written, after `stamp`."""
        id = document.id
        if self._most == 0 or stamp < max(self._floor, self._touched.get(id, 0)):
            return
        self._documents[id] = document
        self._documents.move_to_end(id)
        while len(self._documents) > self._most:
            self._documents.popitem(last=False)

    def clear(self) -> None:
        """Somebody else may write these documents from now on; copies in hand are not kept."""
        self._now += 1
        self._floor = self._now
        self._documents.clear()
        self._touched.clear()

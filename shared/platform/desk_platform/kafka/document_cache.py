"""Documents kept in memory to save reads. A copy may be outdated at any time.

That is harmless: a write is guarded by its version, and what no write confirms is looked up.
"""

from collections import OrderedDict
from typing import Generic

from desk_platform.store import Stored
from desk_platform.store.document import S


class DocumentCache(Generic[S]):
    """The documents used last, up to a number; with 0 nothing is kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._documents: OrderedDict[str, Stored[S]] = OrderedDict()

    def get(self, id: str) -> Stored[S] | None:
        """A working copy."""
        document = self._documents.get(id)
        return None if document is None else document.copy()

    def drop(self, id: str) -> None:
        self._documents.pop(id, None)

    def keep(self, document: Stored[S]) -> None:
        """Keep what is certain to be in the store, its events on the bus."""
        if document.version == 0 or self._most == 0:
            return
        self._documents[document.id] = document
        self._documents.move_to_end(document.id)
        while len(self._documents) > self._most:
            self._documents.popitem(last=False)

    def clear(self) -> None:
        self._documents.clear()

"""A whole collection, or what of it has certain facets, in pages."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

from desk_shared.store.document import Stored
from desk_shared.store.documents import Documents

P = TypeVar("P")
S = TypeVar("S")
# The value by which a page is sorted, and the id of its last document.
After = tuple[object, str]


async def pages(
    ask: Callable[[After | None], Awaitable[Sequence[P]]],
    place: Callable[[P], After],
    after: After | None = None,
) -> AsyncIterator[Sequence[P]]:
    """Page after page until one is empty; `place` says where an item stands in the order."""
    while page := await ask(after):
        yield page
        after = place(page[-1])


def by_id(
    documents: Documents[S], facets: dict[str, Any] | None = None, *, limit: int
) -> AsyncIterator[Sequence[Stored[S]]]:
    """All documents with these facets, so many at a time."""
    chosen = facets or {}
    return pages(
        lambda after: documents.find(chosen, after=after, limit=limit), lambda one: (one.id, one.id)
    )

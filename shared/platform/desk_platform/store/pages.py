"""Many documents of a collection: in pages, and as far as they can be read."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from desk_platform.store.document import Stored, Unreadable
from desk_platform.store.documents import Documents

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
        lambda after: documents.find(chosen, after=after, limit=limit),
        lambda document: (document.id, document.id),
    )


async def readable(
    documents: Documents[S], ids: Sequence[str]
) -> tuple[dict[str, Stored[S]], Mapping[str, str]]:
    """Of these documents those that can be read, and why the others cannot: one hides no other."""
    try:
        return await documents.load(ids), {}
    except Unreadable as error:
        return await documents.load([id for id in ids if id not in error.reasons]), error.reasons

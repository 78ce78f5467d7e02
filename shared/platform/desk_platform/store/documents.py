"""The port of a collection of versioned documents, and what describes one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from desk_platform.store.document import S, Stored, Unreadable
from desk_platform.store.idempotency import KeptCalls
from desk_platform.store.listings import Facets, Listed

M = TypeVar("M")
# The facet by which what is over is found, in milliseconds.
OVER_SINCE = "over_since"
# To write so few characters a second time costs more than a listing saves by reading less.
_SHORT = 2_000


@dataclass(frozen=True, slots=True)
class Schema(Generic[M]):
    """How one collection stores its states: model, the facets that can be searched, unique ones.

    The model is anything that pydantic can write and read: a model, a dataclass, a named tuple.
    The state itself is kept as JSON text: exact to the microsecond and read by one call; what a
    query needs is copied into `facets` (strings, numbers, booleans, datetimes).
    """

    collection: str
    model: type[M]
    facets: Callable[[M], Facets] = lambda _: {}
    searched: tuple[tuple[str, ...], ...] = ()
    unique: tuple[str, ...] = ()
    # A state without what listings do not show; kept beside it, if that is long.
    brief: Callable[[M], M] | None = None
    # Of so many documents the state is kept beside its text. Each is read from the store all the
    # same; if the text is the one that is known, it is not parsed again.
    remembered: int = 0
    # Large models in a state that last from write to write: the text of each is made once.
    lasting: tuple[str, ...] = ()
    # How long a document is kept, and what removes it: for operators.
    kept: str = ""
    # Since when nothing needs a document any more; None while something does.
    over: Callable[[M], datetime | None] | None = None

    @property
    def searches(self) -> tuple[tuple[str, ...], ...]:
        """All that is searched, also by whoever removes what is over."""
        return self.searched if self.over is None else (*self.searched, (OVER_SINCE,))

    def facets_of(self, state: M) -> Facets:
        """All of its facets, as they are kept beside the state."""
        since = None if self.over is None else self.over(state)
        if since is None:
            return self.facets(state)
        return {**self.facets(state), OVER_SINCE: int(since.timestamp() * 1000)}

    def shown(self, state: M, text: str) -> M:
        """The state as listings show it, of which `text` is the whole: a short one as it is."""
        return state if self.brief is None or len(text) <= _SHORT else self.brief(state)

    def check_query(self, facets: Facets, order: str) -> None:
        """Raise `ValueError` unless an index serves it: without one it would read everything.

        A search in `searched` is an index on its facets in that order, then the id. It serves what
        is equal in all of them; or equal in all but the last and sorted by that one.
        """
        if not facets and order == "_id":
            return
        for search in (*self.searches, *((name,) for name in self.unique)):
            equal = search if order == "_id" else search[:-1]
            if facets.keys() >= set(equal) and (order == "_id" or search[-1] == order):
                return
        raise ValueError(
            f"no search of {self.collection} serves {sorted(facets)} by {order}; add it to the"
            " schema's `searched`"
        )


class Documents(Protocol[S]):
    """What services need of a collection; `FakeDocuments` passes the same contract suite."""

    @property
    def identities(self) -> KeptCalls: ...
    async def prepare(self) -> None: ...
    async def load(self, ids: Iterable[str]) -> dict[str, Stored[S]]: ...
    async def states(self, ids: Iterable[str]) -> dict[str, S | Unreadable | None]: ...
    async def write(self, documents: Sequence[Stored[S]]) -> frozenset[str]: ...
    async def clear_outboxes(self, published: Sequence[Stored[S]]) -> None: ...
    async def postpone(self, documents: Sequence[Stored[S]], until: datetime) -> None: ...
    async def pending(self, older_than: datetime, limit: int) -> list[Stored[S]]: ...
    async def has_unpublished(self, recorded_by: datetime) -> bool: ...
    async def due(self, until: datetime, limit: int) -> list[tuple[datetime, str]]: ...
    async def put_off(self, id: str, now: datetime, until: datetime) -> None: ...
    async def take_up(self, since: datetime, now: datetime) -> int: ...
    async def find(
        self,
        facets: Facets,
        *,
        order: str = "_id",
        after: tuple[object, str] | None = None,
        limit: int = 100,
    ) -> list[Stored[S]]: ...
    async def find_facets(
        self,
        facets: Facets,
        *,
        order: str = "_id",
        after: tuple[object, str] | None = None,
        limit: int = 100,
    ) -> list[tuple[str, Facets]]: ...
    async def find_brief(
        self,
        facets: Facets,
        *,
        order: str = "_id",
        after: tuple[object, str] | None = None,
        limit: int = 100,
    ) -> list[Listed[S]]: ...
    async def remove(self, documents: Sequence[Stored[S]]) -> int: ...
    async def versions(self, ids: Iterable[str]) -> dict[str, int]: ...
    async def count(self) -> int: ...

"""Documents whose every operation is timed, and is a span in a trace that is kept."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from time import perf_counter
from typing import Generic

from desk_contracts.errors import DeskError
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from opentelemetry.util.types import AttributeValue

from desk_platform.store.document import S, Stored, Unreadable
from desk_platform.store.documents import Documents
from desk_platform.store.idempotency import KeptCalls
from desk_platform.store.listings import Facets, Listed
from desk_platform.telemetry import Telemetry, names
from desk_platform.telemetry.traces import open_span


class MeasuredDocuments(Generic[S]):
    """Another collection, measured."""

    def __init__(
        self, documents: Documents[S], telemetry: Telemetry, collection: str, system: str
    ) -> None:
        self._documents, self._collection = documents, collection
        self._given = {names.DB_SYSTEM: system, names.DB_COLLECTION: collection}
        self._tracer, self._duration = telemetry.tracer, telemetry.meters.store_duration

    @property
    def identities(self) -> KeptCalls:
        return self._documents.identities

    async def prepare(self) -> None:
        with self._measure("prepare"):
            await self._documents.prepare()

    async def load(self, ids: Iterable[str]) -> dict[str, Stored[S]]:
        with self._measure("load"):
            return await self._documents.load(ids)

    async def states(self, ids: Iterable[str]) -> dict[str, S | Unreadable | None]:
        with self._measure("states"):
            return await self._documents.states(ids)

    async def write(self, documents: Sequence[Stored[S]]) -> frozenset[str]:
        if not documents:
            return frozenset()
        with self._measure("write"):
            return await self._documents.write(documents)

    async def clear_outboxes(self, published: Sequence[Stored[S]]) -> None:
        if published:
            with self._measure("clear_outboxes"):
                await self._documents.clear_outboxes(published)

    async def postpone(self, documents: Sequence[Stored[S]], until: datetime) -> None:
        if documents:
            with self._measure("postpone"):
                await self._documents.postpone(documents, until)

    async def pending(self, older_than: datetime, limit: int) -> list[Stored[S]]:
        with self._measure("pending"):
            return await self._documents.pending(older_than, limit)

    async def has_unpublished(self, recorded_by: datetime) -> bool:
        with self._measure("has_unpublished"):
            return await self._documents.has_unpublished(recorded_by)

    async def due(self, until: datetime, limit: int) -> list[tuple[datetime, str]]:
        with self._measure("due"):
            return await self._documents.due(until, limit)

    async def put_off(self, id: str, now: datetime, until: datetime) -> None:
        with self._measure("put_off"):
            await self._documents.put_off(id, now, until)

    async def take_up(self, since: datetime, now: datetime) -> int:
        with self._measure("take_up"):
            return await self._documents.take_up(since, now)

    async def find(
        self,
        facets: Facets,
        *,
        order: str = "_id",
        after: tuple[object, str] | None = None,
        limit: int = 100,
    ) -> list[Stored[S]]:
        with self._measure("find"):
            return await self._documents.find(facets, order=order, after=after, limit=limit)

    async def find_facets(
        self,
        facets: Facets,
        *,
        order: str = "_id",
        after: tuple[object, str] | None = None,
        limit: int = 100,
    ) -> list[tuple[str, Facets]]:
        with self._measure("find_facets"):
            return await self._documents.find_facets(facets, order=order, after=after, limit=limit)

    async def find_brief(
        self,
        facets: Facets,
        *,
        order: str = "_id",
        after: tuple[object, str] | None = None,
        limit: int = 100,
    ) -> list[Listed[S]]:
        with self._measure("find_brief"):
            return await self._documents.find_brief(facets, order=order, after=after, limit=limit)

    async def remove(self, documents: Sequence[Stored[S]]) -> int:
        with self._measure("remove"):
            return await self._documents.remove(documents)

    async def versions(self, ids: Iterable[str]) -> dict[str, int]:
        with self._measure("versions"):
            return await self._documents.versions(ids)

    async def count(self) -> int:
        with self._measure("count"):
            return await self._documents.count()

    @contextmanager
    def _measure(self, operation: str) -> Iterator[None]:
        attributes: dict[str, AttributeValue] = {**self._given, names.DB_OPERATION: operation}
        began = perf_counter()
        try:
            # Loops of ours ask all the time, and nobody would look at a trace of such a question.
            if trace.get_current_span().is_recording():
                name = f"{operation} {self._collection}"
                with open_span(self._tracer, name, SpanKind.CLIENT, attributes):
                    yield
            else:
                yield
        except Exception as error:
            kind = error.kind if isinstance(error, DeskError) else type(error).__qualname__
            attributes[names.ERROR_TYPE] = kind
            raise
        finally:
            self._duration.record(perf_counter() - began, attributes)

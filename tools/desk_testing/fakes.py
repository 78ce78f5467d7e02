"""Fakes that give the same guarantees as the real things; the contract suites run on both."""

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Generic, cast

from desk_contracts import AnyEvent, Codec, Message
from desk_contracts.errors import DependencyDown, DeskError
from desk_contracts.ids import identity
from desk_platform.clock import Clock
from desk_platform.kafka.producer import Unpublished
from desk_platform.store import Listed, Schema, Stored, Unreadable, readable
from desk_platform.store.document import S
from desk_platform.store.files import CHUNK, check_id
from desk_platform.store.idempotency import KeptCall, KeptCalls
from desk_platform.store.leases import Lease
from pydantic import TypeAdapter


@cache
def _adapt(model: type[S]) -> TypeAdapter[S]:
    """Every test makes its collections anew; how a model is read and written is the same."""
    return TypeAdapter(model)


class FakePublisher:
    """Keeps what was published; `is_down` makes it refuse, `refused` says for which message."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.is_down = False
        self.refused: Callable[[Message], DeskError | None] = lambda _: None

    async def publish(self, messages: Sequence[Message]) -> None:
        if self.is_down:
            raise DependencyDown("the bus is away", dependency="kafka")
        reasons: dict[int, DeskError] = {}
        stopped: dict[tuple[str, bytes], DeskError] = {}
        for place, message in enumerate(messages):
            stream = (message.topic, message.key)
            error = stopped.get(stream) or self.refused(message)
            if error is None:
                self.messages.append(message)
            else:
                reasons[place] = stopped[stream] = error
        if reasons:
            raise Unpublished(reasons)

    def events(self, codec: Codec | None = None, *, since: int = 0) -> list[AnyEvent]:
        """What was published, decoded; without the first ones, where so many are known."""
        decode, messages = (codec or Codec()).decode, self.messages[since:]
        return [decode(message.key, message.value, message.headers) for message in messages]


class FakeDocuments(Generic[S]):
    """`Documents` in memory, states kept as JSON text like in the real store."""

    def __init__(self, schema: Schema[S], clock: Clock) -> None:
        self._schema = schema
        self._states = _adapt(schema.model)  # type: ignore[arg-type]  # a class has a hash
        self._clock = clock
        self.identities: KeptCalls = FakeKeptCalls(clock)
        self._rows: dict[str, tuple[Stored[S], str | None]] = {}
        self._pending: dict[str, datetime] = {}
        # The facets of what `damage` made unreadable: they stand beside the state.
        self._damaged: dict[str, Mapping[str, object]] = {}
        self.is_down = False

    async def prepare(self) -> None:
        self._answer()

    async def count(self) -> int:
        self._answer()
        return len(self._rows)

    async def load(self, ids: Iterable[str]) -> dict[str, Stored[S]]:
        self._answer()
        documents = {id: self._read(id) for id in ids if id in self._rows}
        broken = [
            document.unreadable
            for document in documents.values()
            if document.unreadable is not None
        ]
        if broken:
            raise Unreadable({id: why for error in broken for id, why in error.reasons.items()})
        return documents

    async def states(self, ids: Iterable[str]) -> dict[str, S | Unreadable | None]:
        stored, damaged = await readable(self, list(ids))
        states: dict[str, S | Unreadable | None] = {id: item.state for id, item in stored.items()}
        return states | {id: Unreadable({id: why}) for id, why in damaged.items()}

    async def write(self, documents: Sequence[Stored[S]]) -> frozenset[str]:
        self._answer()
        return frozenset(document.id for document in documents if not self._wrote(document))

    async def clear_outboxes(self, published: Sequence[Stored[S]]) -> None:
        self._answer()
        for document in published:
            row = self._rows.get(document.id)
            if row is not None and row[0].version == document.version:
                self._rows[document.id] = (replace(row[0], outbox=(), waits_since=None), row[1])
                self._pending.pop(document.id, None)

    async def remove(self, documents: Sequence[Stored[S]]) -> int:
        self._answer()
        before = await self.versions(item.id for item in documents)
        gone = [item.id for item in documents if before.get(item.id) == item.version]
        for id in gone:
            del self._rows[id]
            self._pending.pop(id, None)
        return len(gone)

    async def postpone(self, documents: Sequence[Stored[S]], until: datetime) -> None:
        self._answer()
        for document in documents:
            row = self._rows.get(document.id)
            if row is not None and row[0].version == document.version:
                self._rows[document.id] = (replace(row[0], outbox=document.outbox), row[1])
                self._pending[document.id] = until

    async def put_off(self, id: str, now: datetime, until: datetime) -> None:
        self._answer()
        row = self._rows.get(id)
        if row is not None and row[0].due is not None and row[0].due <= now:
            self._rows[id] = (replace(row[0], due=until), row[1])

    async def take_up(self, since: datetime, now: datetime) -> int:
        self._answer()
        moved = [row for row, _ in self._rows.values() if row.due is not None and row.due >= since]
        for row in moved:
            self._rows[row.id] = (replace(row, due=now), self._rows[row.id][1])
        return len(moved)

    async def pending(self, older_than: datetime, limit: int) -> list[Stored[S]]:
        self._answer()
        waiting = sorted((since, id) for id, since in self._pending.items() if since <= older_than)
        return [self._read(id) for _, id in waiting[:limit]]

    async def has_unpublished(self, recorded_by: datetime) -> bool:
        self._answer()
        waits_since = (self._rows[id][0].waits_since for id in self._pending)
        return any(since is not None and since <= recorded_by for since in waits_since)

    async def due(self, until: datetime, limit: int) -> list[tuple[datetime, str]]:
        self._answer()
        timers = [(row.due, row.id) for row, _ in self._rows.values() if row.due is not None]
        return sorted(timer for timer in timers if timer[0] <= until)[:limit]

    async def find(
        self,
        facets: Mapping[str, object],
        *,
        order: str = "_id",
        after: tuple[object, str] | None = None,
        limit: int = 100,
    ) -> list[Stored[S]]:
        self._answer()
        self._schema.check_query(facets, order)
        matching: list[tuple[tuple[str, str], Stored[S]]] = []
        for document in map(self._read, self._rows):
            own = self._facets(document)
            place = (document.id if order == "_id" else own.get(order), document.id)
            # What has nothing to be sorted by stands before all places.
            is_behind = after is None or (place[0] is not None and place > after)
            if is_behind and all(own.get(name) == value for name, value in facets.items()):
                matching.append((cast("tuple[str, str]", place), document))
        matching.sort(key=lambda pair: (pair[0][0] is not None, pair[0]))
        return [document for _, document in matching[:limit]]

    async def find_facets(
        self,
        facets: Mapping[str, object],
        *,
        order: str = "_id",
        after: tuple[object, str] | None = None,
        limit: int = 100,
    ) -> list[tuple[str, Mapping[str, object]]]:
        documents = await self.find(facets, order=order, after=after, limit=limit)
        return [(document.id, self._facets(document)) for document in documents]

    async def find_brief(
        self,
        facets: Mapping[str, object],
        *,
        order: str = "_id",
        after: tuple[object, str] | None = None,
        limit: int = 100,
    ) -> list[Listed[S]]:
        documents = await self.find(facets, order=order, after=after, limit=limit)
        return [
            Listed(
                document.id,
                document.id if order == "_id" else self._facets(document)[order],
                None
                if document.state is None
                else self._schema.shown(document.state, self._rows[document.id][1] or ""),
            )
            for document in documents
        ]

    async def versions(self, ids: Iterable[str]) -> dict[str, int]:
        self._answer()
        return {id: self._rows[id][0].version for id in ids if id in self._rows}

    def _answer(self) -> None:
        if self.is_down:
            raise DependencyDown("the store is away", dependency="store")

    def _wrote(self, document: Stored[S]) -> bool:
        before = self._rows.get(document.id)
        if document.version != (before[0].version if before else 0) or self._is_taken(document):
            return False
        text = None if document.state is None else self._states.dump_json(document.state).decode()
        due = document.due
        if due is not None:
            due += timedelta(microseconds=-due.microsecond % 1000)
        since = (document.waits_since or self._clock.now()) if document.outbox else None
        version = document.version + 1
        row = replace(
            document, version=version, state=None, due=due, waits_since=since, recalled={}
        )
        self._rows[document.id] = (row, text)
        if document.outbox:
            self._pending[document.id] = self._clock.now()
        else:
            self._pending.pop(document.id, None)
        return True

    def _is_taken(self, document: Stored[S]) -> bool:
        return any(
            other != document.id and self._facets(self._read(other)).get(name) == value
            for name in self._schema.unique
            for value in [self._facets(document).get(name)]
            for other in self._rows
        )

    def _read(self, id: str) -> Stored[S]:
        row, text = self._rows[id]
        try:
            state = None if text is None else self._states.validate_json(text, extra="ignore")
        except ValueError as error:
            return replace(row, unreadable=Unreadable({id: str(error)}))
        return replace(row, state=state)

    def damage(self, id: str, text: str = "{") -> None:
        """Let the state be what nobody can read; it is found by its facets all the same."""
        self._damaged[id] = self._facets(self._read(id))
        self._rows[id] = (self._rows[id][0], text)

    def _facets(self, document: Stored[S]) -> Mapping[str, object]:
        if document.unreadable is not None:
            return self._damaged.get(document.id, {})
        return {} if document.state is None else self._schema.facets_of(document.state)


class FakeKeptCalls:
    """`KeptCalls` in memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.calls: dict[str, KeptCall] = {}
        self.is_down = False

    async def prepare(self) -> None:
        self._answer()

    async def keep(self, calls: Sequence[KeptCall]) -> None:
        self._answer()
        for call in calls:
            self.calls.setdefault(call.id, call)

    async def find(self, document: str, key: str) -> str | None:
        self._answer()
        call = self.calls.get(identity(document, key))
        return None if call is None else call.fingerprint

    async def find_all(self, ids: Collection[str]) -> dict[str, str]:
        self._answer()
        return {id: self.calls[id].fingerprint for id in ids if id in self.calls}

    async def sweep(self, limit: int) -> int:
        self._answer()
        now = self._clock.now()
        over = [id for id, call in self.calls.items() if call.until <= now][:limit]
        for id in over:
            del self.calls[id]
        return len(over)

    def _answer(self) -> None:
        if self.is_down:
            raise DependencyDown("the store is away", dependency="store")


class FakeLeases:
    """`Leases` in memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._leases: dict[str, Lease] = {}
        self.is_down = False

    async def prepare(self) -> None:
        self._answer()

    async def acquire(self, name: str, holder: str, term: timedelta) -> Lease | None:
        self._answer()
        held = self._leases.get(name)
        now = self._clock.now()
        if held is not None and held.expires > now and held.holder != holder:
            return None
        lease = Lease(name, holder, held.token + 1 if held else 1, now + term)
        self._leases[name] = lease
        return lease

    async def renew(self, lease: Lease, term: timedelta) -> Lease | None:
        self._answer()
        return self._replace(
            lease, replace(lease, token=lease.token + 1, expires=self._clock.now() + term)
        )

    async def release(self, lease: Lease) -> None:
        self._answer()
        free = replace(lease, holder="", token=lease.token + 1, expires=self._clock.now())
        self._replace(lease, free)

    async def forget(self, lease: Lease) -> None:
        self._answer()
        held = self._leases.get(lease.name)
        if held is not None and held.token == lease.token:
            del self._leases[lease.name]

    def _answer(self) -> None:
        if self.is_down:
            raise DependencyDown("the store is away", dependency="store")

    def _replace(self, lease: Lease, newer: Lease) -> Lease | None:
        held = self._leases.get(lease.name)
        if held is None or held.token != lease.token:
            return None
        self._leases[lease.name] = newer
        return newer


class FakeFiles:
    """`Files` in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.is_down = False

    async def put(self, id: str, content: AsyncIterable[bytes]) -> None:
        self._answer()
        check_id(id)
        whole = b"".join([piece async for piece in content])
        self.kept.setdefault(id, whole)

    async def open(self, id: str) -> AsyncIterator[bytes] | None:
        self._answer()
        whole = self.kept.get(check_id(id))
        return None if whole is None else _pieces_of(whole)

    async def delete(self, id: str) -> None:
        self._answer()
        self.kept.pop(check_id(id), None)

    async def list_ids(self) -> list[str]:
        self._answer()
        return sorted(self.kept)

    def _answer(self) -> None:
        if self.is_down:
            raise DependencyDown("the store is away", dependency="store")


async def _pieces_of(whole: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(whole), CHUNK):
        yield whole[begin : begin + CHUNK]

"""The consumer loop against bare aiokafka + pydantic, and its guarded writes against the store."""

import sqlite3
import statistics
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter

from aiokafka import AIOKafkaConsumer
from desk_contracts import AnyEvent, Codec, Event
from desk_contracts.events.tickets import Role, TicketCommented
from desk_contracts.ids import derive_id
from desk_contracts.names import TICKETS
from desk_contracts.topics import BY_NAME
from desk_kernel import Context, Decision
from desk_platform.clock import SystemClock
from desk_platform.kafka import KafkaPublisher, Projection, UnitOfWork
from desk_platform.kafka.admin import apply_topics
from desk_platform.kafka.batch_processor import OnFailedRecords
from desk_platform.kafka.records import Received
from desk_platform.settings import KafkaSettings, StoreDriver, StoreSettings
from desk_platform.store import Schema, open_store
from desk_platform.store.sqlite.documents import table_of
from desk_platform.store.sqlite.file import SETTINGS
from desk_platform.store.sqlite.store import SCHEME, SqliteStore
from desk_testing.telemetry import record_telemetry
from pydantic import BaseModel, ConfigDict
from pymongo import AsyncMongoClient, InsertOne

from desk_bench.rows import Row, compared
from desk_bench.through import Drained, Timed, consumed

ROUNDS = 3
BATCH = 1_000
PARTITIONS = 6


class Seen(BaseModel):
    """The state that the benchmark folds: small, but a real document."""

    model_config = ConfigDict(frozen=True)

    notes: int = 0
    last: str = ""


SEEN = Schema("seen", Seen)
_STATE = Seen(notes=1, last="The VPN does not con").model_dump_json()


class Counting:
    """A handler that folds in memory, no store: what the loop itself costs."""

    def __init__(self, drained: Drained) -> None:
        self._drained = drained
        self._states: dict[str, Seen] = {}
        self.around = nullcontext()

    async def handle(self, batch: Sequence[Received], on_failed: OnFailedRecords) -> None:  # noqa: ARG002
        self._drained.begin()
        for received in batch:
            event = received.event
            self._states[event.subject] = _folded(self._states.get(event.subject), event)
        self._drained.count(len(batch))

    def forget(self) -> None: ...


def _folded(state: Seen | None, event: AnyEvent) -> Seen:
    text = event.data.text if isinstance(event.data, TicketCommented) else ""
    return Seen(notes=(state.notes if state else 0) + 1, last=text[:20])


async def fill(kafka: KafkaSettings, events: int, prefix: str) -> None:
    """A topic full of ticket notes of about 400 bytes, each of its own ticket: one write each."""
    await apply_topics(kafka, [BY_NAME[TICKETS]], prefix=prefix, partitions=PARTITIONS)
    codec, clock = Codec(), SystemClock()
    async with KafkaPublisher(kafka, "bench", prefix) as publisher:
        for first in range(0, events, BATCH):
            numbers = range(first, first + BATCH)
            await publisher.publish([codec.encode(_note(number, clock)) for number in numbers])


def _note(number: int, clock: SystemClock) -> Event[TicketCommented]:
    return Event(
        id=derive_id("bench", "note", number),
        source="/desk/intake",
        subject=derive_id("bench", "ticket", number),
        time=clock.now(),
        data=TicketCommented(
            by="bench", role=Role.EMPLOYEE, text="The VPN does not connect. " * 12
        ),
        sequence=1,
        correlation_id=derive_id("bench", "ticket", number),
    )


async def bare_loop(kafka: KafkaSettings, events: int, prefix: str, group: str) -> float:
    """What anybody would write: getmany, pydantic, a dictionary."""
    consumer = AIOKafkaConsumer(
        prefix + TICKETS,
        bootstrap_servers=kafka.bootstrap,
        group_id=prefix + group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    drained = Drained(events)
    states: dict[str, Seen] = {}
    await consumer.start()
    try:
        while drained.seen < events:
            batches = await consumer.getmany(timeout_ms=100, max_records=BATCH)
            if batches:
                drained.begin()
            for records in batches.values():
                for record in records:
                    note = TicketCommented.model_validate_json(record.value)
                    state = states.get(record.key)
                    states[record.key] = Seen(
                        notes=(state.notes if state else 0) + 1, last=note.text[:20]
                    )
                drained.count(len(records))
    finally:
        await consumer.stop()
    return drained.rate


async def desk_loop(kafka: KafkaSettings, events: int, prefix: str, group: str) -> float:
    """The same through the one consumer rule, with a handler that only folds."""
    drained = Drained(events)
    return await consumed(kafka, group, drained, lambda _: Counting(drained), prefix=prefix)


async def desk_stored(
    kafka: KafkaSettings, store_url: str, events: int, prefix: str, group: str
) -> float:
    """The same with a document per ticket, guarded, marked, in bulk."""
    clock, telemetry = SystemClock(), record_telemetry().telemetry
    store = open_store(StoreSettings(url=store_url, driver=StoreDriver.MOTOR), "bench_" + group)
    documents = store.documents(SEEN, clock.now)
    await documents.prepare()
    drained = Drained(events)

    def react(state: Seen | None, event: AnyEvent, context: Context) -> Decision[Seen]:  # noqa: ARG001
        return Decision(_folded(state, event))

    def handler(publisher: KafkaPublisher) -> Timed:
        projection = Projection(documents, lambda event: (event.subject,), react, ordered=True)
        return Timed(drained, UnitOfWork(projection, publisher, clock, telemetry.meters))

    try:
        return await consumed(kafka, group, drained, handler, prefix=prefix)
    finally:
        await store.drop()
        await store.stop()


async def store_ceiling(store_url: str, events: int, prefix: str) -> float:
    """The store's own rate for the same documents: the same collection with the same indexes, as
    durable, in bulks that are no smaller than ours; nothing else."""
    clock = SystemClock()
    store = open_store(StoreSettings(url=store_url), f"bench_{prefix}ceiling")
    await store.documents(SEEN, clock.now).prepare()
    try:
        if isinstance(store, SqliteStore):
            return _bare_sqlite(store.file.path, events)
        return await _bare_mongo(store_url, store.name, events)
    finally:
        await store.drop()
        await store.stop()


async def _bare_mongo(url: str, database: str, events: int) -> float:
    """Unordered bulks, one after the other."""
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(url)
    collection = client[database][SEEN.collection]
    document = {"version": 1, "writer": derive_id("bench", "writer"), "state": _STATE}
    document |= {"sequence": 1}
    started = perf_counter()
    for ids in _bulks(events):
        await collection.bulk_write(
            [InsertOne({"_id": id, **document}) for id in ids], ordered=False
        )
    seconds = perf_counter() - started
    await client.close()
    return events / seconds


def _bare_sqlite(path: Path, events: int) -> float:
    """A commit for each bulk, under the settings of ours: it waits for the disk as ours does."""
    connection = sqlite3.connect(path, isolation_level=None)
    for setting in SETTINGS:
        connection.execute(setting)
    table = table_of(SEEN.collection)
    insert = f"INSERT INTO {table} (id, version, sequence, state) VALUES (?, 1, 1, ?)"  # noqa: S608
    started = perf_counter()
    for ids in _bulks(events):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(insert, [(id, _STATE) for id in ids])
        connection.execute("COMMIT")
    seconds = perf_counter() - started
    connection.close()
    return events / seconds


def _bulks(events: int) -> Iterator[list[str]]:
    for first in range(0, events, BATCH):
        yield [derive_id("bench", "ticket", number) for number in range(first, first + BATCH)]


async def run(kafka: KafkaSettings, store_url: str, events: int) -> list[Row]:
    """The loop alone, then `run_guarded`; baseline and desk in turn."""
    prefix = f"bench{int(perf_counter())}."
    await fill(kafka, events, prefix)
    bare: list[float] = []
    desk: list[float] = []
    for number in range(ROUNDS):
        bare.append(await bare_loop(kafka, events, prefix, f"bare{number}"))
        desk.append(await desk_loop(kafka, events, prefix, f"desk{number}"))
    middle = statistics.median
    row = compared("consumer loop, no store", middle(desk), middle(bare), "events/s", "≥ 0.6")
    return [row, *await run_guarded(kafka, store_url, events, prefix)]


async def run_guarded(
    kafka: KafkaSettings, store_url: str, events: int, prefix: str = ""
) -> list[Row]:
    """The loop with a document per ticket against the store alone, in turn."""
    if not prefix:
        prefix = f"guarded{int(perf_counter())}."
        await fill(kafka, events, prefix)
    stored: list[float] = []
    ceiling: list[float] = []
    for number in range(ROUNDS):
        ceiling.append(await store_ceiling(store_url, events, f"c{number}"))
        stored.append(await desk_stored(kafka, store_url, events, prefix, f"stored{number}"))
    middle, name = statistics.median, "consumer loop, guarded bulk writes"
    if store_url.startswith(SCHEME):
        name += ", embedded store"
    return [compared(name, middle(stored), middle(ceiling), "events/s", "≥ 0.6")]

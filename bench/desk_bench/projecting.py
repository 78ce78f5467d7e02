"""Metrics' fold of ticket events through the store, against its own writes and publishes alone."""

import statistics

from aiokafka import AIOKafkaConsumer
from desk_contracts.names import TICKETS
from desk_metrics.measures.model import TicketRecord
from desk_metrics.measures.store import TICKETS as TICKET_RECORDS
from desk_metrics.measures.worker import tickets_projection
from desk_metrics.service import LINGER
from desk_metrics.sla.policies import PolicyBook
from desk_platform.clock import SystemClock
from desk_platform.kafka import KafkaPublisher, Publisher, UnitOfWork
from desk_platform.kafka.subscription import MAX_RECORDS
from desk_platform.settings import KafkaSettings, StoreSettings
from desk_platform.store import Documents, open_store
from desk_platform.store.mongo.documents import MongoDocuments
from desk_platform.store.mongo.driver import Database
from desk_platform.store.mongo.store import MongoStore
from desk_platform.store.sqlite.store import SqliteStore
from desk_testing.telemetry import record_telemetry

from desk_bench.journal import CommitNotes, Journal, NotingDatabase, NotingFile, NotingPublisher
from desk_bench.lives import book, lives, publish
from desk_bench.rows import Row, compared
from desk_bench.through import Drained, Timed, consumed

ROUNDS = 3


async def run(kafka: str, store_url: str, tickets: int) -> list[Row]:
    """A first pass is noted, then its bare repetition and the fold in turn."""
    settings, events = KafkaSettings(bootstrap=kafka), lives(range(tickets))
    await publish(settings, events)
    bench = Bench(settings, store_url, len(events))
    journal = Journal()
    await bench.project("noted", journal)
    bare: list[float] = []
    desk: list[float] = []
    for number in range(ROUNDS):
        bare.append(await bench.repeat(f"bare{number}", journal))
        desk.append(await bench.project(f"desk{number}"))
    middle, bar = statistics.median, "≥ 6,000/s and ≥ 0.6"
    each = f"{len(events) / tickets:.1f} a ticket"
    return [compared(f"metrics fold, {each}", middle(desk), middle(bare), "events/s", bar)]


class Bench:
    """One log of tickets, read as often as wanted, each time into a database of its own."""

    def __init__(self, kafka: KafkaSettings, store_url: str, events: int, prefix: str = "") -> None:
        self._kafka, self._url, self._prefix = kafka, store_url, prefix
        self._events = events
        self._book = book()

    async def project(self, name: str, journal: Journal | None = None) -> float:
        """Events a second as the service does it."""
        store = self._open(name)
        if journal is not None and isinstance(store, SqliteStore):
            store.file = NotingFile(store.file, journal)
        try:
            if isinstance(store, MongoStore):
                return await self.project_into(store.database, name, journal)
            documents = store.documents(TICKET_RECORDS, SystemClock().now)
            await documents.prepare()
            return await self._project(documents, name, journal)
        finally:
            await store.drop()
            await store.stop()

    def _open(self, name: str) -> MongoStore | SqliteStore:
        store = open_store(StoreSettings(url=self._url), f"bench-{name}")
        assert isinstance(store, MongoStore | SqliteStore)
        return store

    async def project_into(
        self, database: Database, name: str, journal: Journal | None = None
    ) -> float:
        """The same, into a database that may hold tickets already."""
        if journal is not None:
            database = NotingDatabase(database, journal)
        return await self._project(await prepared(database), name, journal)

    async def _project(
        self, documents: Documents[TicketRecord], name: str, journal: Journal | None
    ) -> float:
        drained = Drained(self._events)

        def handler(publisher: KafkaPublisher) -> Timed:
            if journal is None:
                return Timed(drained, ticket_unit_of_work(documents, self._book, publisher))
            noting = NotingPublisher(publisher, journal)
            timed = CommitNotes(drained, ticket_unit_of_work(documents, self._book, noting))
            timed.journal = journal
            return timed

        return await consumed(
            self._kafka, name, drained, handler, prefix=self._prefix, linger=LINGER
        )

    async def repeat(self, name: str, journal: Journal) -> float:
        """Events a second of the same records read, documents written and messages sent.

        Our own publisher sends: it adds nothing, and one without its settings would be slower.
        """
        store = self._open(name)
        await store.documents(TICKET_RECORDS, SystemClock().now).prepare()
        target = store.file if isinstance(store, SqliteStore) else store.database
        publisher = KafkaPublisher(self._kafka, "bench", self._prefix)
        consumer = _reader(self._kafka, self._prefix, name)
        drained, wanted = Drained(self._events), 0
        async with publisher, consumer:
            for number, batch in enumerate(journal.batches):
                wanted += batch.records
                while drained.seen < wanted:
                    batches = await consumer.getmany(timeout_ms=100, max_records=MAX_RECORDS)
                    if batches:
                        drained.begin()
                        drained.count(sum(map(len, batches.values())))
                await journal.repeat(number, target, publisher)
            drained.count(0)
        await store.drop()
        await store.stop()
        return drained.rate


async def prepared(database: Database) -> Documents[TicketRecord]:
    """The tickets' collection with its indexes."""
    documents = MongoDocuments(database, TICKET_RECORDS, SystemClock().now)
    await documents.prepare()
    return documents


def ticket_unit_of_work(
    documents: Documents[TicketRecord], policies: PolicyBook, publisher: Publisher
) -> UnitOfWork[TicketRecord]:
    """As the service's `main` makes it."""
    meters = record_telemetry().telemetry.meters
    projection = tickets_projection(documents, lambda: policies)
    return UnitOfWork(projection, publisher, SystemClock(), meters, name="tickets")


def _reader(kafka: KafkaSettings, prefix: str, group: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        prefix + TICKETS,
        bootstrap_servers=kafka.bootstrap,
        group_id=prefix + group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )

"""What every service is put together from, so that a `main` lists only what is its own."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Generic, TypeVar, assert_never

import httpx
from desk_contracts.names import TICKETS, TITLE
from desk_contracts.topics import OPEN_TOPICS, retry_topic

from desk_platform.clock import Clock, SystemClock
from desk_platform.dependencies import Ask, DependencyWatch
from desk_platform.erasure import ERASED_HERE, ErasedStore, Erasures, ErasureWorker
from desk_platform.health import Health, observe_health
from desk_platform.http import AppParts, authenticator_from, cursors_from, make_app
from desk_platform.http.client import MeasuredTransport
from desk_platform.http.gate import Gate as Admission
from desk_platform.kafka.agreement import Agreement, SequenceOf
from desk_platform.kafka.batch_processor import BatchHandler, BatchProcessor
from desk_platform.kafka.command_queue import CommandQueue
from desk_platform.kafka.consumer import Consumer
from desk_platform.kafka.decoded_records import DecodedRecords
from desk_platform.kafka.group_progress import GroupReading
from desk_platform.kafka.producer import KafkaPublisher, Publisher
from desk_platform.kafka.readers import Readers
from desk_platform.kafka.relay import Relay
from desk_platform.kafka.retry_progress import RetriedReading
from desk_platform.kafka.subscription import Reading
from desk_platform.kafka.timer_stops import AllPartitions, NothingUnread, OwnPartition, Stops
from desk_platform.kafka.timers import OnTimer, ReadinessGate, Silence, Timers
from desk_platform.kafka.topic_progress import TopicReading
from desk_platform.kafka.topic_tail import TopicTail
from desk_platform.kafka.traced_publisher import TracedPublisher
from desk_platform.kafka.unit_of_work import CACHED_DOCUMENTS, Projection, UnitOfWork
from desk_platform.kafka.watermarks import Watermarks
from desk_platform.kafka.writers import Writers, WritersReader, WriterWatermark
from desk_platform.lifetimes import Beginning, Ending, Lifetime
from desk_platform.precedence import Precedence
from desk_platform.runtime import Assembled
from desk_platform.service import Group, O, Service, Subscription, Web
from desk_platform.settings import ServiceSettings
from desk_platform.store import Documents, Schema, open_store
from desk_platform.store.document import S
from desk_platform.store.idempotency import KeptCalls, Sweeper
from desk_platform.store.leases import Leases
from desk_platform.store.measured import MeasuredDocuments
from desk_platform.supervision import Loop, Supervisor, loop_component
from desk_platform.telemetry import Telemetry, get_logger, start

SettingsT = TypeVar("SettingsT", bound=ServiceSettings)

log = get_logger()


def assemble(
    service: Service[SettingsT, O], settings: SettingsT, clock: Clock | None = None
) -> Assembled:
    """The table put to work with these settings; nothing connects yet."""
    builder = ServiceBuilder(service, settings, clock or SystemClock())
    documents = builder.documents(ERASED_HERE)
    marks = builder.commands(builder.unit_of_work("erasures", Projection(documents), cached=0))
    kept = ErasedStore(builder.name, builder.store, documents, marks, builder.leases())
    builder.job("erasures", builder.erasures.run)
    builder.job("erasing", ErasureWorker(kept, builder.erasures, builder.clock).run)
    return builder.assemble(service.compose(builder, settings))


class ServiceBuilder(Generic[O]):
    """What every service is made of, and the parts of one, collected while it is composed."""

    def __init__(
        self,
        service: Service[SettingsT, O],
        settings: SettingsT,
        clock: Clock,
        telemetry: Telemetry | None = None,
    ) -> None:
        """Nothing connects yet; that is `desk_platform.runtime.run`'s work."""
        self.name, self.settings, self.clock = service.name, settings, clock
        # First what may refuse: nothing is left behind then.
        self.charter = service.organisation(settings, clock)
        self.telemetry = telemetry or start(service.name, settings)
        client = httpx.AsyncClient(transport=MeasuredTransport(self.telemetry.meters))
        self.authenticator = authenticator_from(settings, client, clock)
        self.cursors = cursors_from(settings)
        self.health = Health(clock, lambda: self.charter.status)
        observe_health(self.telemetry.meter, self.health)
        self.store = open_store(settings.store, settings.store.database_prefix + service.name)
        self._bus = KafkaPublisher(settings.kafka, f"desk-{service.name}", settings.topic_prefix)
        self.publisher: Publisher = TracedPublisher(self._bus, self.telemetry)
        self.precedence, self._readers = Precedence(), Readers()
        self._decoded: DecodedRecords | None = None
        self._groups = tuple(service.groups())
        self._prepared: list[Callable[[], Awaitable[None]]] = []
        self._lifetimes: list[tuple[str, Lifetime]] = [("sign-in client", Ending(client.aclose))]
        self._jobs: dict[str, Loop] = {"charter": self.charter.run}
        self._units_of_work: dict[str, UnitOfWork[Any]] = {}
        self._receivers: dict[str, BatchHandler] = {}
        self._group_readings: list[GroupReading] = []
        self._writers_of: dict[str, Writers] = {}
        self._writes: dict[str, SequenceOf] = {}
        self._watches: dict[str, Loop] = {}
        self._watch("store", self.store.ping)
        self._watch("kafka", self._bus.ping)
        self._milestones = self.store.milestones()
        self._documents = {
            schema.collection: self._open_collection(schema)
            for schema in (*service.collections, ERASED_HERE)
        }
        self.erasures = Erasures(settings, self.health)

    def _watch(self, name: str, ask: Ask) -> None:
        """Ask it on a clock whether it answers, from the start of the process on."""
        watch = DependencyWatch(self.health.dependency(name), ask, self.clock)
        self._watches[f"asking {name}"] = watch.run

    def documents(self, schema: Schema[S]) -> Documents[S]:
        """A collection of this service, as its table lists it."""
        if schema.collection not in self._documents:
            raise ValueError(f"the table of {self.name} has no collection {schema.collection}")
        return self._documents[schema.collection]

    def _open_collection(self, schema: Schema[S]) -> Documents[S]:
        """With its indexes, and a relay for its outboxes."""
        kept: Documents[S] = self.store.documents(schema, self.clock.now)
        documents = MeasuredDocuments(kept, self.telemetry, schema.collection, self.store.system)
        self._prepared.append(documents.prepare)
        meters, name = self.telemetry.meters, schema.collection
        relay = Relay(name, documents, self.publisher, self.clock, meters, self.health)
        self.job(f"relay {name}", relay.run)
        return documents

    def unit_of_work(
        self,
        name: str,
        projection: Projection[S],
        *,
        cached: int = CACHED_DOCUMENTS,
        stops: Stops | None = None,
        readiness_gate: ReadinessGate | None = None,
    ) -> UnitOfWork[S]:
        """A projection at work, with its timers. `cached=0` where other replicas write too.

        Subscriptions find it by its name.

        One with timers says in `stops` what could still stop them: they wait until that is read.
        They also wait for the `readiness_gate`.
        """
        unit_of_work = UnitOfWork(
            projection,
            self.publisher,
            self.clock,
            self.telemetry.meters,
            cached=cached,
            name=name,
            precedence=self.precedence,
        )
        self._units_of_work[name] = unit_of_work
        self.part(f"published outboxes {name}", unit_of_work.published_outboxes)
        if projection.known_for is not None:
            self.job(f"handled {name}", Sweeper(projection.documents.identities, self.clock).run)
        if projection.on_timer is not None:
            stops_known = self._resolve_stops(name, stops, unit_of_work)
            self.timers(name, unit_of_work, unit_of_work.on_timer, stops_known, readiness_gate)
        return unit_of_work

    def commands(self, unit_of_work: UnitOfWork[S]) -> CommandQueue[S]:
        """The way to change its documents one by one; all that was asked for is answered before
        the service ends."""
        commands = CommandQueue(unit_of_work)
        self.part(f"commands {unit_of_work.name}", Ending(commands.finish))
        return commands

    def receiver(self, name: str, handler: BatchHandler) -> None:
        """Gets whole batches of the subscriptions that name it."""
        self._receivers[name] = handler

    def watermarks(self, topic: str) -> Watermarks:
        """How far this replica has read a topic, and its only writer has published it.

        What the group has put off for a later try is awaited, too.

        Outside systems publish no watermarks: what they will send is not awaited.
        """
        prefixed = self.settings.topic_prefix + topic
        waiting = self.settings.topic_prefix + retry_topic(topic, self.name)
        retries = GroupReading((waiting,), self._readers, self.clock)
        self._group_readings.append(retries)
        reading = RetriedReading(TopicReading(prefixed, self._readers), retries)
        if topic in OPEN_TOPICS:
            return Watermarks(reading, self.clock)
        return Watermarks(reading, self.clock, self._writers(topic).until)

    def watermarks_of_all(self, topics: Collection[str]) -> Watermarks:
        """How far all replicas together have read these topics, with what they put off."""
        prefix = self.settings.topic_prefix
        waiting = [retry_topic(topic, self.name) for topic in topics]
        waited_for = (prefix + topic for topic in (*topics, *waiting))
        reading = GroupReading(waited_for, self._readers, self.clock)
        self._group_readings.append(reading)
        if TICKETS in topics:
            return Watermarks(reading, self.clock, self._writers(TICKETS).until)
        return Watermarks(reading, self.clock)

    def _resolve_stops(
        self, name: str, stops: Stops | None, unit_of_work: UnitOfWork[S]
    ) -> Silence | NothingUnread:
        match stops:
            case OwnPartition(topic):
                return Silence(self.watermarks(topic), unit_of_work.on_timer)
            case AllPartitions(topics):
                return Silence(self.watermarks_of_all(topics), unit_of_work.on_timer)
            case NothingUnread():
                return stops
            case None:
                raise ValueError(f"the timers of {name} do not say what could still stop them")
            case _:
                assert_never(stops)

    def _writers(self, topic: str) -> Writers:
        """The watermarks of the replicas that write a topic; read once, whoever asks."""
        if (writers_known := self._writers_of.get(topic)) is not None:
            return writers_known
        writers = self._writers_of[topic] = Writers(topic)
        reader = WritersReader(self.settings.kafka, writers, prefix=self.settings.topic_prefix)
        self.job(f"writers of {topic}", reader.run)
        return writers

    def share_decoded(self) -> DecodedRecords:
        """For a reader of its own of what this service consumes as well."""
        self._decoded = self._decoded or DecodedRecords()
        return self._decoded

    def tail(self, topic: str) -> TopicTail:
        """The end of a topic, which every replica reads for itself."""
        settings, prefix = self.settings.kafka, self.settings.topic_prefix
        tail = TopicTail(settings, topic, self.clock, self.health, prefix=prefix)
        self.job(f"end of {topic}", tail.run, required=False)
        return tail

    def tells_how_far(self, topic: str, unit_of_work: UnitOfWork[S], collection: str) -> None:
        """This service is the only writer of the topic: readers' deadlines wait for its watermark.

        What the topic has and the collection does not know of is noticed at the next start.
        To be called before what changes its documents is made, so that it stops later.
        """
        watermark = WriterWatermark(
            topic,
            f"/desk/{self.name}",
            unit_of_work,
            self.publisher,
            self.clock,
            self._writers(topic),
            self.leases(),
        )

        async def sequence_of(id: str) -> int:
            return (await self.store.entry_of(collection, id)).sequence

        self._writes[topic] = sequence_of
        self.part(f"watermark of {topic}", watermark)
        # From now on: the parts that follow may take longer than others wait for who is silent.
        loops = {"published": watermark.run, "uncertain": watermark.look, "lease": watermark.hold}
        named = {f"watermark of {topic}, {name}": loop for name, loop in loops.items()}
        supervisor = Supervisor(self.clock, self.health, self.telemetry.meters)
        self.part(f"keeping the watermark of {topic}", supervisor.keep_all(named))

    def timers(
        self,
        name: str,
        unit_of_work: UnitOfWork[Any],
        on_timer: OnTimer,
        stops: Silence | NothingUnread,
        readiness_gate: ReadinessGate | None = None,
    ) -> None:
        """Fire the timers of its documents when they are due, and nothing unread stops them."""
        meters, documents = self.telemetry.meters, unit_of_work.documents
        silence = stops if isinstance(stops, Silence) else None
        timers = Timers(
            name,
            on_timer,
            unit_of_work.due,
            documents,
            self.clock,
            meters,
            readiness_gate,
            self.health,
            silence,
        )
        self.job(f"timers {name}", timers.run)

    def keep_calls(self) -> KeptCalls:
        """Calls of this service's HTTP side, kept for their time."""
        calls = self.store.calls(self.clock.now)
        self._prepared.append(calls.prepare)
        self.job("kept calls", Sweeper(calls, self.clock).run)
        return calls

    def leases(self) -> Leases:
        """The right to do something alone, among all replicas."""
        leases = self.store.leases(self.clock.now)
        self._prepared.append(leases.prepare)
        return leases

    def part(self, name: str, lifetime: Lifetime) -> None:
        """Something to open after what stands before it, and to close before it."""
        self._lifetimes.append((name, lifetime))

    def job(self, name: str, loop: Loop, *, required: bool = True) -> None:
        """Runs until the service stops, which is ready without it if it is not required."""
        if not required:
            self.health.expect(loop_component(name), required=False)
        self._jobs[name] = loop

    def assemble(self, web: Web) -> Assembled:
        """The whole, ready for `desk_platform.runtime.run`."""
        app = make_app(f"{TITLE}: {self.name}", web.routers, self._app_parts(web))
        consumers = []
        for group in self._groups:
            consumers.append(consumer := self._consumer(group))
            prefixed = [self.settings.topic_prefix + topic for topic in group.topics]
            self._readers.add(prefixed, consumer.current_consumer)
        for reading in self._group_readings:
            if unread := reading.unread_topics():
                raise ValueError(f"timers wait for topics that nobody reads: {sorted(unread)}")
        callers: Admission = app.state.gate
        agreement = Agreement(
            self.settings.kafka,
            self._milestones,
            self.settings.topic_prefix,
            [consumer.group for consumer in consumers],
            self._writes,
            callers.hold,
        )
        return Assembled(
            name=self.name,
            settings=self.settings,
            clock=self.clock,
            health=self.health,
            telemetry=self.telemetry,
            app=app,
            lifetimes=(
                ("store", Beginning(self._prepare)),
                ("store as new as the brokers", Beginning(agreement.check)),
                ("bus", self._bus),
                *self._lifetimes,
            ),
            consumers=[(f"consumer {consumer.group}", consumer) for consumer in consumers],
            jobs=self._jobs,
            close=self.store.stop,
            watches=self._watches,
        )

    def _handler(self, subscription: Subscription) -> BatchHandler:
        if unknown := set(subscription.to) - self._units_of_work.keys() - self._receivers.keys():
            raise ValueError(f"nothing in {self.name} is called {', '.join(sorted(unknown))}")
        match subscription.to:
            case (name,) if name in self._receivers:
                return self._receivers[name]
            case names:
                return BatchProcessor(*(self._units_of_work[name] for name in names))

    def _app_parts(self, web: Web) -> AppParts:
        return AppParts(
            self.health,
            self.telemetry,
            self.authenticator,
            self.clock,
            bounds=self.settings.http,
            precedence=self.precedence,
            uploads=web.uploads,
            organisation=lambda: self.charter.current,
        )

    async def _prepare(self) -> None:
        """All at once, as soon as the store answers: a file of SQLite makes one write of it."""
        await self.store.ping()
        await asyncio.gather(*(step() for step in self._prepared))

    def _consumer(self, group: Group) -> Consumer:
        return Consumer(
            self.settings.kafka,
            group=group.name,
            owner=self.name,
            topics=group.topics,
            pattern=group.pattern,
            handler=self._handler(group.subscription),
            publisher=self.publisher,
            clock=self.clock,
            health=self.health,
            telemetry=self.telemetry,
            topic_prefix=self.settings.topic_prefix,
            reading=Reading.at(
                group.subscription.linger, self.settings.shutdown_grace, self.precedence
            ),
            admits=self.charter.admit,
            positions=self.store.positions(),
            milestones=self._milestones,
            decoded=self._decoded,
        )

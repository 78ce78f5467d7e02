"""What every service is put together from, so that a `main` lists only what is its own."""

import re
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, assert_never

from fastapi import FastAPI

from desk_shared.bus.agreement import Agreement
from desk_shared.bus.batch_processor import BatchHandler, BatchProcessor
from desk_shared.bus.consumer import Consumer, everything
from desk_shared.bus.group_reading import GroupReading
from desk_shared.bus.handing_out import TopicReading
from desk_shared.bus.producer import KafkaPublisher
from desk_shared.bus.relay import Relay
from desk_shared.bus.retried_reading import RetriedReading
from desk_shared.bus.stops import AllPartitions, NothingUnread, OwnPartition, Stops
from desk_shared.bus.subscribing import Reading
from desk_shared.bus.timers import Gate, Silence, Timers, Woken
from desk_shared.bus.unit_of_work import CACHED_DOCUMENTS, Projection, UnitOfWork
from desk_shared.bus.watermarks import Watermarks
from desk_shared.bus.writers import Writers, WritersReader, WriterWatermark
from desk_shared.charter.admission import Admission
from desk_shared.charter.model import Charter
from desk_shared.charter.problems import Check
from desk_shared.charter.watch import CharterSource
from desk_shared.clock import Clock, SystemClock
from desk_shared.events.names import TICKETS
from desk_shared.events.topics import OPEN_TOPICS, retry_topic
from desk_shared.health import Health
from desk_shared.http import AppParts, Authenticator
from desk_shared.http import gate as callers
from desk_shared.precedence import Precedence
from desk_shared.service import Part, Service
from desk_shared.settings import ServiceSettings
from desk_shared.store import Documents, MongoDocuments, Schema, Store
from desk_shared.store.census import entry_of
from desk_shared.store.document import S
from desk_shared.store.kept_calls import MongoKeptCalls, Sweeping
from desk_shared.store.leases import MongoLeases
from desk_shared.store.milestones import MongoMilestones
from desk_shared.store.positions import MongoPositions
from desk_shared.supervision import KeptLoops, Supervisor
from desk_shared.telemetry import Telemetry, get_logger, start

log = get_logger()

Loop = tuple[str, Callable[[], Coroutine[None, None, None]]]


@dataclass
class ServiceBuilder:
    """The parts of one service, collected while its `main` asks for them."""

    name: str
    settings: ServiceSettings
    clock: Clock
    health: Health
    telemetry: Telemetry
    store: Store
    publisher: KafkaPublisher
    precedence: Precedence = field(default_factory=Precedence)
    _prepared: list[Callable[[], Coroutine[None, None, None]]] = field(default_factory=list)
    _parts: list[tuple[str, Part]] = field(default_factory=list)
    _loops: list[Loop] = field(default_factory=list)
    _units_of_work: list[UnitOfWork[Any]] = field(default_factory=list)
    _readings: dict[str, TopicReading] = field(default_factory=dict)
    _group_readings: list[GroupReading] = field(default_factory=list)
    _writers_of: dict[str, Writers] = field(default_factory=dict)
    _groups: list[str] = field(default_factory=list)
    _agreement: Agreement | None = None
    _admission: Admission | None = None
    _charter: Callable[[], Charter] | None = None

    @classmethod
    def open(
        cls, name: str, settings: ServiceSettings, clock: Clock | None = None
    ) -> "ServiceBuilder":
        """Nothing connects yet; that is `desk_shared.service.run`'s work."""
        clock = clock or SystemClock()
        publisher = KafkaPublisher(settings.kafka, f"desk-{name}", settings.topic_prefix)
        builder = cls(
            name=name,
            settings=settings,
            clock=clock,
            health=Health(clock),
            telemetry=start(name, settings),
            store=Store(settings.store, settings.store.database_prefix + name),
            publisher=publisher,
        )
        builder._prepared.append(builder.store.ping)
        builder._agreement = Agreement(settings.kafka, builder._milestones(), settings.topic_prefix)
        builder.part("store as new as the brokers", builder._agreement)
        builder.part("bus", publisher)
        return builder

    def documents(self, schema: Schema[S]) -> MongoDocuments[S]:
        """A collection of this service, with its indexes and a relay for its outboxes."""
        documents = MongoDocuments(self.store.database, schema, self.clock.now)
        self._prepared.append(documents.prepare)
        meters, name = self.telemetry.meters, schema.collection
        relay = Relay(name, documents, self.publisher, self.clock, meters, self.health)
        self.loop(f"relay {name}", relay.run)
        return documents

    def unit_of_work(
        self,
        name: str,
        fold: Projection[S],
        *,
        reads_bus: bool = True,
        cached: int = CACHED_DOCUMENTS,
        stops: Stops | None = None,
        gate: Gate | None = None,
    ) -> UnitOfWork[S]:
        """A fold at work, woken by its timers. `cached=0` where other replicas write too.

        A fold with timers says in `stops` what could still stop them: they wait until that is read.
        They also wait for the `gate`.
        """
        meters = self.telemetry.meters
        unit_of_work = UnitOfWork(
            fold, self.publisher, self.clock, meters, cached=cached, name=name
        )
        unit_of_work.precedence = self.precedence
        self.part(f"settling {name}", unit_of_work.settling)
        if reads_bus:
            self._units_of_work.append(unit_of_work)
        if fold.known_for is not None:
            forgetting = Sweeping(fold.documents.identities, self.clock)
            self.loop(f"handled {name}", forgetting.run)
        if fold.wake is not None:
            awaited = self._awaited(name, stops, unit_of_work)
            self.timers(name, unit_of_work, fold.documents, awaited, gate)
        return unit_of_work

    def watermarks(self, topic: str) -> Watermarks:
        """How far this replica has heard a topic that it reads, and its only writer has told.

        What the group has put off for a later try is awaited, too.

        Outside systems tell nothing: what they sent is heard, what they will send is not awaited.
        """
        prefixed = self.settings.topic_prefix + topic
        waiting = self.settings.topic_prefix + retry_topic(topic, self.name)
        retries = GroupReading((waiting,), self.clock)
        self._group_readings.append(retries)
        own = self._readings.setdefault(topic, TopicReading(prefixed))
        reading = RetriedReading(own, retries)
        if topic in OPEN_TOPICS:
            return Watermarks(reading, self.clock)
        return Watermarks(reading, self.clock, self._writers(topic).until)

    def watermarks_of_all(self, topics: Collection[str]) -> Watermarks:
        """How far all replicas together have heard these topics, what they put off for later
        included."""
        prefix = self.settings.topic_prefix
        waiting = [retry_topic(topic, self.name) for topic in topics]
        reading = GroupReading((prefix + one for one in (*topics, *waiting)), self.clock)
        self._group_readings.append(reading)
        if TICKETS in topics:
            return Watermarks(reading, self.clock, self._writers(TICKETS).until)
        return Watermarks(reading, self.clock)

    def _awaited(
        self, name: str, stops: Stops | None, unit_of_work: UnitOfWork[S]
    ) -> Silence | NothingUnread:
        match stops:
            case OwnPartition(topic):
                return Silence(self.watermarks(topic), unit_of_work.wake)
            case AllPartitions(topics):
                return Silence(self.watermarks_of_all(topics), unit_of_work.wake)
            case NothingUnread():
                return stops
            case None:
                raise ValueError(f"the timers of {name} do not say what could still stop them")
            case _:
                assert_never(stops)

    def _writers(self, topic: str) -> Writers:
        """What the replicas tell that write a topic; listened to once, whoever asks."""
        if (known := self._writers_of.get(topic)) is not None:
            return known
        settings, prefix = self.settings.kafka, self.settings.topic_prefix
        writers = self._writers_of[topic] = Writers(topic)
        reader = WritersReader(settings, writers, prefix=prefix)
        self.loop(f"writers of {topic}", reader.run)
        return writers

    def tells_how_far(self, topic: str, unit_of_work: UnitOfWork[S], collection: str) -> None:
        """This service is the only writer of the topic: readers' deadlines wait for what it tells.

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
            self._leases(),
        )
        if self._agreement is not None:
            self._agreement.writes[topic] = lambda id: self._sequence_of(collection, id)
        self.part(f"watermark of {topic}", watermark)
        # From now on: the parts that follow may take longer than others wait for who is silent.
        loops = {"told": watermark.run, "doubts": watermark.look, "lease": watermark.hold}
        named = {f"watermark of {topic}, {name}": loop for name, loop in loops.items()}
        supervisor = Supervisor(self.clock, self.health, self.telemetry.meters)
        self.part(f"keeping the watermark of {topic}", KeptLoops(supervisor, named))

    def charter(self, checks: Sequence[Check] = ()) -> CharterSource:
        """The charter, kept fresh; from now on only those publish to us whom it knows."""
        source = CharterSource(self.settings.charter, self.clock, checks=checks)
        accepts = self.settings.accepts_unknown_sources
        if not (accepts or source.current.sources):
            log.warning("nobody_may_publish", why="the charter's sources.yaml lists no system")
        self._charter = lambda: source.current
        self._admission = Admission(self._charter, accepts_unknown=accepts)
        self.loop("charter", source.run)
        return source

    def timers(
        self,
        name: str,
        woken: Woken,
        documents: Documents[Any],
        stops: Silence | NothingUnread,
        gate: Gate | None = None,
    ) -> Timers:
        """Wake the documents of one collection when they are due, and nothing unread stops them."""
        meters = self.telemetry.meters
        silence = stops if isinstance(stops, Silence) else None
        timers = Timers(name, woken, documents, self.clock, meters, gate, self.health, silence)
        self.loop(f"timers {name}", timers.run)
        return timers

    def _leases(self) -> MongoLeases:
        """Leases in this service's database."""
        leases = MongoLeases(self.store.database, self.clock.now)
        self._prepared.append(leases.prepare)
        return leases

    def kept_calls(self) -> MongoKeptCalls:
        """Calls of this service's HTTP side, kept for their time."""
        calls = MongoKeptCalls(self.store.database, self.clock.now)
        self._prepared.append(calls.prepare)
        self.loop("kept calls", Sweeping(calls, self.clock).run)
        return calls

    def reads(
        self,
        *topics: str,
        handler: BatchHandler | None = None,
        lane: str = "",
        pattern: str = "",
        pace: timedelta = timedelta(0),
    ) -> None:
        """Subscribe to topics and to their retry topics. A lane is a consumer of its own.

        Without a handler every unit of work made so far gets the events. `pattern` (a regular
        expression) stands for topics whose names are known only while running. `pace` is for
        what nobody waits for: so much time is gathered into one batch.
        """
        if self._admission is None and not OPEN_TOPICS.isdisjoint(topics):
            raise ValueError("a reader of what outside systems write says first who they are")
        chosen = handler or BatchProcessor(*self._units_of_work)
        group = f"{self.name}.{lane}" if lane else self.name
        waiting = [retry_topic(topic, self.name) for topic in topics]
        later = retry_topic(pattern, re.escape(self.name)) if pattern else ""
        for suffix, names, family in (("", topics, pattern), (".retry", waiting, later)):
            consumer = self._consumer(group + suffix, names, chosen, family, pace)
            self.part(f"consumer {group}{suffix}", consumer)
            for topic in self._readings.keys() & set(names):
                self._readings[topic].read_by(consumer.tracked)
            prefixed = [self.settings.topic_prefix + one for one in names]
            for reading in self._group_readings:
                reading.read_by(prefixed, consumer.tracked)

    def app_parts(self, authenticator: Authenticator) -> AppParts:
        """What this service's application is made of, bounds included."""
        return AppParts(
            self.health,
            self.telemetry,
            authenticator,
            self.clock,
            bounds=self.settings.http,
            precedence=self.precedence,
            charter=self._charter,
        )

    def part(self, name: str, part: Part) -> None:
        """Something to start after what stands before it, and to stop before it."""
        self._parts.append((name, part))

    def loop(self, name: str, loop: Callable[[], Coroutine[None, None, None]]) -> None:
        """Something that runs until the service stops."""
        self._loops.append((name, loop))

    def service(self, app: FastAPI) -> Service:
        """The whole, ready for `desk_shared.service.run`."""
        if self._agreement is not None:
            gate: callers.Gate = app.state.gate
            self._agreement.hold = gate.hold
            self._agreement.groups = list(self._groups)
        for reading in self._group_readings:
            if unread := reading.unread_topics():
                raise ValueError(f"timers wait for topics that nobody reads: {sorted(unread)}")
        return Service(
            name=self.name,
            settings=self.settings,
            clock=self.clock,
            health=self.health,
            telemetry=self.telemetry,
            app=app,
            prepare=self._prepare,
            parts=tuple(self._parts),
            loops=tuple(self._loops),
            close=self.store.stop,
        )

    async def _sequence_of(self, collection: str, id: str) -> int:
        return (await entry_of(self.store.database, collection, id)).sequence

    def _milestones(self) -> MongoMilestones:
        return MongoMilestones(self.store.database)

    async def _prepare(self) -> None:
        for step in self._prepared:
            await step()

    def _consumer(
        self,
        group: str,
        topics: Sequence[str],
        handler: BatchHandler,
        pattern: str,
        pace: timedelta,
    ) -> Consumer:
        self._groups.append(group)
        return Consumer(
            self.settings.kafka,
            group=group,
            owner=self.name,
            topics=topics,
            pattern=pattern,
            handler=handler,
            publisher=self.publisher,
            clock=self.clock,
            health=self.health,
            telemetry=self.telemetry,
            topic_prefix=self.settings.topic_prefix,
            reading=Reading.at(pace, self.settings.shutdown_grace),
            admits=self._admission or everything,
            positions=MongoPositions(self.store.database),
            milestones=self._milestones(),
        )

"""The process that kills itself at one chosen step. Only the ports are wrapped, no product code.

Started by the kill suite through multiprocessing's fork server, which has everything imported.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic

from aiokafka import AIOKafkaConsumer, TopicPartition
from desk_contracts import AnyEvent, Codec, Message
from desk_contracts.codec import KafkaRecord
from desk_contracts.names import TICKETS
from desk_contracts.topics import DEAD, RETRY, retry_topic
from desk_kernel import Context, Decision
from desk_platform.clock import SystemClock
from desk_platform.health import Health
from desk_platform.kafka import (
    BatchProcessor,
    Cause,
    CommandQueue,
    KafkaPublisher,
    UnitOfWork,
    unit_of_work,
)
from desk_platform.kafka.consumer import Consumer
from desk_platform.kafka.relay import Relay
from desk_platform.kafka.subscription import SESSION, Reading
from desk_platform.precedence import Precedence
from desk_platform.settings import KafkaSettings, StoreSettings
from desk_platform.store import Documents, Stored, document, open_store
from desk_platform.store.document import S
from desk_platform.store.idempotency import KeptCall, KeptCalls
from desk_platform.telemetry import Telemetry, configure_logs
from desk_testing.opening import close_now, open_now
from desk_testing.telemetry import record_telemetry

from tests.support.chaos_pipeline import COUNTS, GROUP, TALES, Tale, counts, tales, ticket_event

STEPS = (
    "before decode",
    "after decode",
    "before load",
    "after load",
    "before park",
    "after park",
    "before recall",
    "before keep",
    "after keep",
    "before write",
    "after write",
    "before publish",
    "amid publish",
    "after publish",
    "before settle",
    "after settle",
    "before commit",
    "after commit",
)


@dataclass(frozen=True)
class Plan:
    """One life: where everything is, and at which step, reached for which time, it ends."""

    kafka: str
    store_url: str
    prefix: str
    log: Path
    step: str = ""
    nth: int = 1
    session: timedelta = SESSION


class Death:
    """Kills the process with SIGKILL when the step is reached for the nth time."""

    def __init__(self, step: str, nth: int) -> None:
        self.step, self.left = step, nth

    def at(self, step: str) -> None:
        if self.is_near(step):
            os.kill(os.getpid(), signal.SIGKILL)

    def is_near(self, step: str) -> bool:
        if step != self.step:
            return False
        self.left -= 1
        return self.left == 0


class DyingCodec(Codec):
    def __init__(self, death: Death) -> None:
        super().__init__()
        self._death = death

    def decode_quickly(self, record: KafkaRecord) -> AnyEvent | None:
        self._death.at("before decode")
        event = super().decode_quickly(record)
        self._death.at("after decode")
        return event


class DyingCalls:
    def __init__(self, calls: KeptCalls, death: Death) -> None:
        self._calls, self._death = calls, death
        self.find, self.sweep = calls.find, calls.sweep

    async def prepare(self) -> None:
        await self._calls.prepare()

    async def find_all(self, ids: Collection[str]) -> dict[str, str]:
        self._death.at("before recall")
        return await self._calls.find_all(ids)

    async def keep(self, calls: Sequence[KeptCall]) -> None:
        self._death.at("before keep")
        await self._calls.keep(calls)
        self._death.at("after keep")


class DyingDocuments(Generic[S]):
    def __init__(self, documents: Documents[S], death: Death) -> None:
        self._documents, self._death = documents, death
        self.pending, self.due, self.find = documents.pending, documents.due, documents.find
        self.has_unpublished, self.states = documents.has_unpublished, documents.states
        self.find_facets, self.versions = documents.find_facets, documents.versions
        self.find_brief = documents.find_brief
        self.identities = DyingCalls(documents.identities, death)
        self.postpone, self.put_off = documents.postpone, documents.put_off
        self.take_up, self.remove = documents.take_up, documents.remove
        self.prepare, self.count = documents.prepare, documents.count

    async def load(self, ids: Iterable[str]) -> dict[str, Stored[S]]:
        self._death.at("before load")
        stored = await self._documents.load(ids)
        self._death.at("after load")
        return stored

    async def write(self, documents: Sequence[Stored[S]]) -> frozenset[str]:
        self._death.at("before write")
        refused = await self._documents.write(documents)
        self._death.at("after write")
        return refused

    async def clear_outboxes(self, published: Sequence[Stored[S]]) -> None:
        self._death.at("before settle")
        await self._documents.clear_outboxes(published)
        self._death.at("after settle")


class DyingPublisher:
    def __init__(self, publisher: KafkaPublisher, death: Death) -> None:
        self._publisher, self._death = publisher, death

    async def publish(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        is_parking = messages[0].topic.endswith((RETRY, DEAD))
        what = "park" if is_parking else "publish"
        self._death.at(f"before {what}")
        if self._death.is_near(f"amid {what}"):
            await self._publisher.publish(messages[: (len(messages) + 1) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        await self._publisher.publish(messages)
        self._death.at(f"after {what}")


class DyingConsumer(Consumer):
    death = Death("", 0)

    async def _commit(self, offsets: dict[TopicPartition, int], consumer: AIOKafkaConsumer) -> None:
        self.death.at("before commit")
        await super()._commit(offsets, consumer)
        self.death.at("after commit")


class InSmallSlices(Precedence):
    """So that a batch has several, two of them under way at a time."""

    def slice_size(self) -> int:
        return 3


class Pipeline:
    """What a service's main puts together, with the ports wrapped."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.clock = plan, SystemClock()
        self.death = Death(plan.step, plan.nth)
        self.telemetry: Telemetry = record_telemetry().telemetry
        self.store = open_store(StoreSettings(url=plan.store_url), plan.prefix + GROUP)
        self.kafka = KafkaSettings(bootstrap=plan.kafka)
        self.bus = KafkaPublisher(self.kafka, "kill-suite", plan.prefix)
        self.publisher = DyingPublisher(self.bus, self.death)
        self.units_of_work: list[UnitOfWork[Any]] = []
        self.stored = (
            self.store.documents(TALES, self.clock.now),
            self.store.documents(COUNTS, self.clock.now),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await asyncio.gather(*(item.prepare() for item in self.stored))
        async with self.bus:
            yield
        await self.store.stop()

    def batch_processor(self, *, unwilling: bool) -> BatchProcessor:
        documents = DyingDocuments(self.stored[0], self.death)
        counted = DyingDocuments(self.stored[1], self.death)
        meters = self.telemetry.meters
        units_of_work: list[UnitOfWork[Any]] = [
            UnitOfWork(
                tales(documents, unwilling=unwilling),
                self.publisher,
                self.clock,
                meters,
                name="tales",
                precedence=InSmallSlices(),
            ),
            UnitOfWork(
                counts(counted),
                self.publisher,
                self.clock,
                meters,
                name="counts",
                precedence=InSmallSlices(),
            ),
        ]
        self.units_of_work += units_of_work
        return BatchProcessor(*units_of_work)

    def consumer(self, suffix: str, topic: str, *, unwilling: bool) -> Consumer:
        consumer = DyingConsumer(
            self.kafka,
            group=GROUP + suffix,
            owner=GROUP,
            topics=[topic],
            handler=self.batch_processor(unwilling=unwilling),
            publisher=self.publisher,
            clock=self.clock,
            health=Health(self.clock),
            telemetry=self.telemetry,
            topic_prefix=self.plan.prefix,
            codec=DyingCodec(self.death),
            reading=Reading(max_records=40, session=self.plan.session),
        )
        consumer.death = self.death
        return consumer


def live(plan: Plan) -> None:
    """The life of a consumer process, until its plan kills it or SIGTERM ends it."""
    _begin(plan)
    asyncio.run(_consume(plan))


def answer(plan: Plan, tickets: Mapping[str, int]) -> None:
    """The life of a process that writes documents for requests, and dies as planned."""
    _begin(plan)
    asyncio.run(_answer(plan, tickets))


def relay(plan: Plan) -> None:
    """The life of a process that only sweeps outboxes."""
    _begin(plan)
    asyncio.run(_relay(plan))


def _begin(plan: Plan) -> None:
    unit_of_work.SLICE = 6  # so that a small batch is written in several bulks, as a large one is
    document.MOST_HERE, document.KEPT_HERE = 8, 4  # so that few events are many to remember
    log = plan.log.open("a", buffering=1)
    configure_logs("kill-suite", "WARNING", log)


async def _consume(plan: Plan) -> None:
    pipeline = Pipeline(plan)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with pipeline.running():
        consumers = (
            pipeline.consumer("", TICKETS, unwilling=True),
            pipeline.consumer(".retry", retry_topic(TICKETS, GROUP), unwilling=False),
        )
        outboxes = [unit_of_work.published_outboxes for unit_of_work in pipeline.units_of_work]
        await asyncio.gather(*(open_now(outbox) for outbox in outboxes))
        await asyncio.gather(*(open_now(item) for item in consumers))
        await stopping.wait()
        await asyncio.gather(*(close_now(item) for item in consumers))
        await asyncio.gather(*(close_now(outbox) for outbox in outboxes))


async def _answer(plan: Plan, tickets: Mapping[str, int]) -> None:
    """Each ticket gets one document with all its events, asked for at once."""
    pipeline = Pipeline(plan)
    documents = DyingDocuments(pipeline.stored[0], pipeline.death)
    projection = tales(documents, unwilling=False)
    meters = pipeline.telemetry.meters
    commands = CommandQueue(UnitOfWork(projection, pipeline.publisher, pipeline.clock, meters))

    async def ask(ticket: str, many: int) -> None:
        def rule(_state: Tale | None, _context: Context) -> Decision[Tale]:
            events = tuple(ticket_event(ticket, number, "asked") for number in range(1, many + 1))
            return Decision(Tale(count=many), events)

        await commands.change(ticket, rule, Cause(f"request {ticket}"))

    async with pipeline.running():
        await asyncio.gather(*(ask(ticket, many) for ticket, many in tickets.items()))
        await commands.finish()


async def _relay(plan: Plan) -> None:
    pipeline = Pipeline(plan)
    meters = pipeline.telemetry.meters
    sweeper = Relay("tickets", pipeline.stored[0], pipeline.publisher, pipeline.clock, meters)
    async with pipeline.running():
        await sweeper.run()

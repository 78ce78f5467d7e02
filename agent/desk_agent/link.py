"""The agent's way to the desk: sends what is spooled, in order, and reads this device's orders.

It comes and goes; nothing is kept here that is not on the disk. There is no consumer group: the
agent reads the one partition that its device's orders are on, from where its journal says.
"""

import asyncio
import ssl
from asyncio import Future
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2
from desk_contracts import AnyEvent, Codec, Event, names
from desk_contracts.errors import Invalid
from desk_contracts.events.devices import AgentConnected
from desk_contracts.ids import new_id

from desk_agent.clock import DeviceClock
from desk_agent.config import AgentConfig, KafkaAccess
from desk_agent.database import Database
from desk_agent.spool import Spool

ANSWERED_WITHIN = 20.0
_LOOKED_EVERY_MS = 300
_BROKERS_TIME = 1
# What only says that the desk is out of reach.
LINK_FAILURES = (KafkaError, OSError, TimeoutError)
Describe = Callable[[], AgentConnected]
OnOrder = Callable[[AnyEvent], Awaitable[None]]


class Link:
    """One connection after another."""

    def __init__(
        self,
        config: AgentConfig,
        database: Database,
        spool: Spool,
        clock: DeviceClock,
        describe: Describe,
        on_order: OnOrder,
    ) -> None:
        self._config, self._database, self._spool, self._clock = config, database, spool, clock
        self._describe, self._on_order = describe, on_order
        self._orders = config.kafka.topic_prefix + names.ACTIONS
        self._codec = Codec()
        # Until anything is acknowledged the desk counts as away since now.
        self.heard_at = clock.elapsed()
        self.has_events = asyncio.Event()

    async def run_once(self) -> None:
        """Until the connection fails, with what it failed by: `KafkaError`, `OSError`, timeouts."""
        async with AsyncExitStack() as stack:
            arguments = _connection(self._config.kafka)
            producer = AIOKafkaProducer(acks="all", enable_idempotence=True, **arguments)
            stack.push_async_callback(_stop, producer)
            async with asyncio.timeout(ANSWERED_WITHIN):
                await producer.start()
            await self._connect(producer)
            consumer = AIOKafkaConsumer(
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                **arguments,
            )
            stack.push_async_callback(_stop, consumer)
            async with asyncio.timeout(ANSWERED_WITHIN):
                await consumer.start()
                await self._take_position(producer, consumer)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._send(producer))
                tasks.create_task(self._read(consumer))
                again = partial(self._connect, producer)
                pause = self._config.connect_every
                tasks.create_task(repeat(again, pause, is_first_now=False))

    async def _connect(self, producer: AIOKafkaProducer) -> None:
        """Say that the device is there; the moment at which the brokers take that is the time."""
        event = Event(
            id=new_id(),
            source=f"{self._config.source}/{self._config.device}",
            subject=self._config.device,
            time=self._clock.now(),
            data=self._spool.sign(self._describe()),
        )
        async with asyncio.timeout(ANSWERED_WITHIN):
            taken = await (await self._publish(producer, event))
        if taken.timestamp_type == _BROKERS_TIME:
            self._clock.anchor(datetime.fromtimestamp(taken.timestamp / 1000, UTC))
        self._spool.report_dropped(self._clock.now())

    async def _publish(self, producer: AIOKafkaProducer, event: AnyEvent) -> Future[Any]:
        """On its way; what comes back later is the brokers' acknowledgement."""
        message = self._codec.encode(event)
        taken: Future[Any] = await producer.send(
            self._config.kafka.topic_prefix + message.topic,
            value=message.value,
            key=message.key,
            headers=list(message.headers),
        )
        taken.add_done_callback(self._hear)
        return taken

    def _hear(self, taken: Future[Any]) -> None:
        if is_acknowledged(taken):
            self.heard_at = self._clock.elapsed()

    async def _send(self, producer: AIOKafkaProducer) -> None:
        """The oldest first, a batch at a time."""
        while True:
            batch = self._spool.read()
            if batch:
                await self._send_batch(producer, batch)
            else:
                self.has_events.clear()
                if self._spool.count == 0:
                    await self.has_events.wait()

    async def _send_batch(
        self, producer: AIOKafkaProducer, batch: Sequence[tuple[int, AnyEvent]]
    ) -> None:
        """All at once, in order; forgotten in one write is what the brokers have, however this
        ends. One that can never be sent holds no other up."""
        sent: dict[int, Future[Any]] = {}
        unsendable = []
        try:
            async with asyncio.timeout(ANSWERED_WITHIN):
                for number, event in batch:
                    try:
                        sent[number] = await self._publish(producer, event)
                    except Invalid:
                        print(f"event {number} cannot be sent and is dropped", flush=True)  # noqa: T201
                        unsendable.append(number)
                if sent:
                    await asyncio.wait(sent.values())
        finally:
            taken = [number for number, record in sent.items() if is_acknowledged(record)]
            self._spool.forget([*unsendable, *taken])
            for record in sent.values():
                record.cancel()
        for record in sent.values():
            record.result()

    async def _take_position(self, producer: AIOKafkaProducer, consumer: AIOKafkaConsumer) -> None:
        count = len(await producer.partitions_for(self._orders))
        number = (murmur2(self._config.device.encode()) & 0x7FFFFFFF) % count
        partition = TopicPartition(self._orders, number)
        consumer.assign([partition])
        place, offset = (self._database.read_meta("position") or " ").rsplit(" ", 1)
        if place == f"{self._orders}/{number}/{count}":
            consumer.seek(partition, int(offset))
        else:
            await consumer.seek_to_beginning(partition)

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        """Orders of other devices share the partition and are none of ours."""
        [partition] = consumer.assignment()
        while True:
            batch = await consumer.getmany(timeout_ms=_LOOKED_EVERY_MS)
            records = batch.get(partition, ())
            for record in records:
                if record.key == self._config.device.encode():
                    try:
                        event = self._codec.decode(record.key, record.value, record.headers)
                    except Invalid as error:
                        print(f"an order cannot be read: {error}", flush=True)  # noqa: T201
                    else:
                        await self._on_order(event)
            if records:
                # Behind what is on the disk: after a crash these are read again, and the journal
                # knows which of them were carried out.
                count = len(consumer.partitions_for_topic(self._orders) or ())
                place = f"{self._orders}/{partition.partition}/{count} {records[-1].offset + 1}"
                self._database.write_meta("position", place)


def is_acknowledged(taken: Future[Any]) -> bool:
    """Whether the brokers have it."""
    return taken.done() and not taken.cancelled() and taken.exception() is None


async def repeat(
    work: Callable[[], Awaitable[None]], pause: timedelta, *, is_first_now: bool = True
) -> None:
    """Do it again and again, until it fails or is cancelled."""
    if is_first_now:
        await work()
    while True:
        await asyncio.sleep(pause.total_seconds())
        await work()


async def _stop(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    """Without waiting for brokers that are away."""
    try:
        async with asyncio.timeout(3):
            await client.stop()
    except LINK_FAILURES:
        return


def _connection(access: KafkaAccess) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "bootstrap_servers": access.servers,
        "security_protocol": access.security,
        "request_timeout_ms": 15_000,
    }
    if access.security.endswith("SSL"):
        arguments["ssl_context"] = ssl.create_default_context(cafile=access.ca_file)
    if access.security.startswith("SASL") and access.password_file is not None:
        arguments["sasl_mechanism"] = "SCRAM-SHA-512"
        arguments["sasl_plain_username"] = access.username
        arguments["sasl_plain_password"] = access.password_file.read_text("utf-8").strip()
    return arguments

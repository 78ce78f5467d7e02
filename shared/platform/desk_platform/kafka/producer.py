"""Publishes messages by key, in order, and returns for each whether the broker has it.

aiokafka's own producer rather than FastStream's publisher: batches by FastStream ignore the key,
and its headers are text; the broker object is consumer-only (ADR 0004).
"""

import asyncio
import random
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    RecordTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.partitioner import murmur2
from desk_contracts.codec import Message
from desk_contracts.errors import DependencyDown, DeskError, Invalid, Transient

from desk_platform.kafka.asking import ask_any_broker, why_unreachable
from desk_platform.kafka.connection import kafka_arguments, renew_login
from desk_platform.kafka.retry import attempt_async, attempt_value
from desk_platform.settings import KafkaSettings
from desk_platform.telemetry import get_logger

log = get_logger()

# An idempotent producer would try for ever; past this the caller gets an error.
ACKNOWLEDGED_WITHIN_SECONDS = 30.0
# A topic that the brokers do not name within the first is missing; for the second nobody asks
# again, so that what is meant for it costs the others nothing.
TOPIC_FOUND_WITHIN_SECONDS, MISSING_FOR_SECONDS = 1.0, 10.0
_TOPIC_ASKED_EVERY_SECONDS = 0.1

_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError, RecordTooLargeError)
_FORBIDDEN = (TopicAuthorizationFailedError, ClusterAuthorizationFailedError)
_MISSING = (UnknownTopicOrPartitionError, InvalidTopicError)

# What became of one message that was handed over: its acknowledgement to come, or why there is
# none.
_Begun = asyncio.Future[object] | Exception


class Unpublished(DependencyDown):
    """Some messages are not on the bus: `reasons` says which, by their place. All others are."""

    def __init__(self, reasons: Mapping[int, DeskError]) -> None:
        first = next(iter(reasons.values()))
        count = f"{len(reasons)} messages were not published, the first because "
        super().__init__(count + first.message, code=first.kind, dependency="kafka")
        self.reasons = reasons


class Publisher(Protocol):
    """Somewhere to publish; raises `DependencyDown` if it is not certain that all arrived.

    If it is known which arrived that is an `Unpublished`. What follows a message that did not
    arrive, on the same topic and key, is not sent either.
    """

    async def publish(self, messages: Sequence[Message]) -> None: ...


class KafkaPublisher:
    """The bus itself, as long as it is open."""

    def __init__(self, settings: KafkaSettings, client: str, topic_prefix: str = "") -> None:
        self._settings = settings
        self._prefix = topic_prefix
        self._client = client
        self._producer: AIOKafkaProducer | None = None
        self._unusable: dict[str, tuple[float, DeskError]] = {}
        self._renewing: asyncio.Task[Exception | None] | None = None

    async def __aenter__(self) -> "KafkaPublisher":
        """Connect; raises aiokafka's `KafkaConnectionError` if no broker answers."""
        self._producer = await self._connect()
        return self

    async def __aexit__(self, *failure: object) -> None:
        """Flush and disconnect."""
        if self._renewing is not None:
            await self._renewing
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def ping(self) -> None:
        """Raise `DependencyDown` unless a broker answers on the connection that is published on;
        as long as there is none, with what stands in its way."""
        if self._producer is None and (why := await why_unreachable(self._settings)) is not None:
            raise DependencyDown(why, dependency="kafka")
        client = self._require_producer().client
        renew_login(client, self._settings)
        await ask_any_broker(client, self._settings)

    def _require_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise DependencyDown("the bus is not connected yet", dependency="kafka")
        return self._producer

    async def publish(self, messages: Sequence[Message]) -> None:
        """Send all in order, then await every acknowledgement."""
        if not messages:
            return
        producer, begun = self._require_producer(), list[_Begun]()
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN_SECONDS):
                await self._send(producer, messages, begun)
        except TimeoutError:
            log.warning("bus_too_slow", messages=len(messages))
        finally:
            for sending in begun:  # whoever waited is gone; its outcome is nobody's any more
                if isinstance(sending, asyncio.Future) and not sending.done():
                    sending.add_done_callback(_retrieve)
        late = TimeoutError(f"nothing within {ACKNOWLEDGED_WITHIN_SECONDS:.0f} s")
        outcomes = [_failure(sending, late) for sending in begun] + [late] * (
            len(messages) - len(begun)
        )
        failed = {place: error for place, error in enumerate(outcomes) if error is not None}
        if failed:
            self._renew_if_refused(producer, failed.values())
            raise Unpublished({n: _reason(messages[n], error) for n, error in failed.items()})

    async def _send(
        self, producer: AIOKafkaProducer, messages: Sequence[Message], begun: list[_Begun]
    ) -> None:
        absent = await self._absent(producer, {message.topic for message in messages})
        stopped: dict[tuple[str, bytes], Exception] = {}
        for message in messages:
            stream = (message.topic, message.key)
            error = absent.get(message.topic) or stopped.get(stream)
            if error is not None:
                begun.append(error)
                continue
            sending = await attempt_value(
                producer.send(
                    self._prefix + message.topic,
                    value=message.value,
                    key=message.key,
                    headers=list(message.headers),
                )
            )
            if isinstance(sending, Exception):
                stopped[stream] = sending
            begun.append(sending)
        waiting = [sending for sending in begun if isinstance(sending, asyncio.Future)]
        if waiting:
            await asyncio.wait(waiting)

    async def _absent(self, producer: AIOKafkaProducer, topics: set[str]) -> dict[str, Exception]:
        """Why nothing can be sent to some of these topics. aiokafka itself would wait for each."""
        cluster = producer.client.cluster
        new = [topic for topic in topics if not cluster.partitions_for_topic(self._prefix + topic)]
        if not new:
            return {}
        now = asyncio.get_running_loop().time()
        self._unusable = {topic: entry for topic, entry in self._unusable.items() if entry[0] > now}
        unknown = [topic for topic in new if topic not in self._unusable]

        async def find(topic: str) -> Exception | None:
            return await attempt_value(self._find(producer, topic))

        outcomes = await asyncio.gather(*map(find, unknown))
        for topic, error in zip(unknown, outcomes, strict=True):
            if isinstance(error, DeskError) and not isinstance(error, DependencyDown):
                self._unusable[topic] = (now + MISSING_FOR_SECONDS, error)
                log.error("topic_unusable", topic=topic, reason=error.message)
        errors = dict(zip(unknown, outcomes, strict=True))
        missing = {topic: self._unusable[topic][1] for topic in new if topic in self._unusable}
        return missing | {topic: error for topic, error in errors.items() if error is not None}

    async def _find(self, producer: AIOKafkaProducer, topic: str) -> None:
        """Raises if the brokers do not name it soon: a topic just made takes a moment."""
        name, client = self._prefix + topic, producer.client
        loop = asyncio.get_running_loop()
        until = loop.time() + TOPIC_FOUND_WITHIN_SECONDS
        client.add_topic(name)
        while True:
            if not await client.force_metadata_update():
                raise DependencyDown("no broker tells of its topics", dependency="kafka")
            if client.cluster.partitions_for_topic(name):
                return
            if name in client.cluster.unauthorized_topics:
                raise _forbidden_error(topic)
            if loop.time() > until:
                raise _explain_missing(topic)
            await asyncio.sleep(_TOPIC_ASKED_EVERY_SECONDS)

    def _renew_if_refused(self, before: AIOKafkaProducer, errors: Iterable[Exception]) -> None:
        """A batch that the broker refused leaves a hole in the numbers that it expects of us, and
        it would refuse all that follows: begin anew, with new numbers."""

        async def replace() -> None:
            self._producer = await self._connect()
            await before.stop()

        async def renew() -> Exception | None:
            return await attempt_async(replace())

        is_refused = any(isinstance(error, KafkaError) and not error.retriable for error in errors)
        if is_refused and self._producer is before and self._renewing is None:
            self._renewing = asyncio.create_task(renew())
            self._renewing.add_done_callback(self._end_renewal)

    def _end_renewal(self, task: "asyncio.Task[Exception | None]") -> None:
        self._renewing = None
        if not task.cancelled() and (error := task.result()) is not None:
            log.warning("producer_not_renewed", reason=repr(error))

    async def _connect(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            client_id=self._client,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=256 * 1024,
            max_request_size=1024 * 1024,
            compression_type="lz4",
            partitioner=_partition,
            request_timeout_ms=20_000,
            **kafka_arguments(self._settings),
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer


def _failure(begun: _Begun, late: Exception) -> Exception | None:
    """Why this message is not on the bus, or not certainly; None if it is."""
    if isinstance(begun, Exception):
        return begun
    if not begun.done() or begun.cancelled():
        return late
    error = begun.exception()
    return error if error is None or isinstance(error, Exception) else late


def _retrieve(future: "asyncio.Future[object]") -> None:
    """Look at its exception, else asyncio complains that nobody did."""
    if not future.cancelled():
        future.exception()


def _reason(message: Message, error: Exception) -> DeskError:
    """In our words: is it this message that cannot be sent, its topic, or is the bus away?"""
    if isinstance(error, DeskError):
        return error
    if isinstance(error, _TOO_LARGE):
        size = len(message.value) + sum(len(text) for _, text in message.headers)
        text = f"a message of {size} bytes is too large for {message.topic}"
        return Invalid(text, code="message-too-large")
    if isinstance(error, _FORBIDDEN):
        return _forbidden_error(message.topic)
    if isinstance(error, _MISSING):
        return _explain_missing(message.topic)
    if isinstance(error, KafkaError | TimeoutError):
        return DependencyDown(f"the bus did not acknowledge: {error!r}", dependency="kafka")
    return Invalid(f"a message cannot be sent: {error!r}", code="unpublishable")


def _explain_missing(topic: str) -> DeskError:
    text = f"the topic {topic} is missing: run `desk topics apply`"
    return Transient(text, code="topic-missing", topic=topic)


def _forbidden_error(topic: str) -> DeskError:
    text = f"the brokers do not let us write {topic}: give our user the right to"
    return Transient(text, code="topic-forbidden", topic=topic)


def _partition(key: bytes | None, every: Sequence[int], available: Sequence[int]) -> int:
    """Where Kafka's own clients put this key: the hash, which is slow in Python, is cached."""
    if key is None:
        return random.choice(available or every)  # noqa: S311 (any will do)
    return every[partition_number(key, len(every))]


def partition_number(key: bytes, count: int) -> int:
    """The partition of this key in a topic that has so many."""
    return hash_key(key) % count


@lru_cache(maxsize=50_000)
def hash_key(key: bytes) -> int:
    """What decides the partition of a key, as Kafka's own clients count it."""
    return int(murmur2(key)) & 0x7FFFFFFF

"""Publishes messages by key, in order, and returns only when the broker has them all.

aiokafka's own producer rather than FastStream's publisher: batches by FastStream ignore the key,
and its headers are text; the broker object is consumer-only (ADR 0004).
"""

import asyncio
import random
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.partitioner import murmur2

from desk_shared.bus.connection import kafka_arguments
from desk_shared.errors import DependencyDown, Invalid
from desk_shared.events.codec import Message
from desk_shared.settings import KafkaSettings

# An idempotent producer would try for ever; past this the caller must be told.
ACKNOWLEDGED_WITHIN_SECONDS = 30.0


class Publisher(Protocol):
    """Somewhere to publish; raises `DependencyDown` if it is not certain that all arrived."""

    async def publish(self, messages: Sequence[Message]) -> None: ...


class KafkaPublisher:
    """The bus itself. Start, publish, stop."""

    def __init__(self, settings: KafkaSettings, client: str, topic_prefix: str = "") -> None:
        self._settings = settings
        self._prefix = topic_prefix
        self._client = client
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect; raises aiokafka's `KafkaConnectionError` if no broker answers."""
        producer = AIOKafkaProducer(
            client_id=self._client,
            acks="all",
            enable_idempotence=True,
            linger_ms=2,
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
        self._producer = producer

    async def stop(self) -> None:
        """Flush and disconnect."""
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def publish(self, messages: Sequence[Message]) -> None:
        """Send all in order, then await every acknowledgement."""
        if not messages:
            return
        if self._producer is None:
            raise DependencyDown("the bus is not connected yet", dependency="kafka")
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN_SECONDS):
                await self._send(self._producer, messages)
        except MessageSizeTooLargeError as error:
            raise Invalid(f"a message is too large for Kafka: {error}") from error
        except (KafkaError, TimeoutError) as error:
            reason = f"the bus did not acknowledge: {error!r}"
            raise DependencyDown(reason, dependency="kafka") from error

    async def _send(self, producer: AIOKafkaProducer, messages: Sequence[Message]) -> None:
        sent = [
            await producer.send(
                self._prefix + message.topic,
                value=message.value,
                key=message.key,
                headers=list(message.headers),
            )
            for message in messages
        ]
        # gather, not one by one: a failure must not leave the others' exceptions unretrieved
        outcomes = await asyncio.gather(*sent, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome


def _partition(key: bytes | None, every: Sequence[int], available: Sequence[int]) -> int:
    """Where Kafka's own clients put this key: the hash, which is slow in Python, remembered."""
    if key is None:
        return random.choice(available or every)  # noqa: S311 (any will do)
    return every[_hashed(key) % len(every)]


@lru_cache(maxsize=50_000)
def _hashed(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFFFFFF

"""Brokers as the agent's link sees them: what they took, what they acknowledged, what they have."""

import asyncio
from asyncio import Future
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from desk_contracts import names

PARTITION = TopicPartition(names.ACTIONS, 0)


@dataclass
class AcknowledgingTogether:
    """Acknowledges nothing before so many records came; then the first of them, if not all."""

    awaited: int
    acknowledged: int
    taken: list[tuple[bytes, Future[Any]]] = field(default_factory=list)

    async def send(self, _topic: str, *, value: bytes, **_more: object) -> Future[Any]:
        future: Future[Any] = asyncio.get_running_loop().create_future()
        self.taken.append((value, future))
        if len(self.taken) == self.awaited:
            for place, (_, waiting) in enumerate(self.taken):
                if place < self.acknowledged:
                    waiting.set_result(None)
                else:
                    waiting.set_exception(KafkaConnectionError())
        return future

    async def send_and_wait(self, topic: str, *, value: bytes, **more: object) -> object:
        return await (await self.send(topic, value=value, **more))


@dataclass
class Having:
    """A partition with these records, given out together; then nothing comes any more."""

    records: Sequence[tuple[bytes, bytes, Sequence[tuple[str, bytes]]]]
    is_read: asyncio.Event = field(default_factory=asyncio.Event)

    def assignment(self) -> set[TopicPartition]:
        return {PARTITION}

    def partitions_for_topic(self, _topic: str) -> set[int]:
        return {0}

    async def getmany(self, *, timeout_ms: int) -> dict[TopicPartition, list[SimpleNamespace]]:
        assert timeout_ms > 0
        if self.is_read.is_set():
            await asyncio.Event().wait()
        self.is_read.set()
        return {
            PARTITION: [
                SimpleNamespace(key=key, value=value, headers=headers, offset=offset)
                for offset, (key, value, headers) in enumerate(self.records)
            ]
        }

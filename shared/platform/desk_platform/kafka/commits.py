"""Offsets of what is handled, committed once a second instead of after every batch.

A commit is a round trip and a write of the broker's; with small batches it would cost more than
their work. Waiting is harmless: what is read again after a crash meets the documents' guards.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from aiokafka import TopicPartition

from desk_platform.clock import Clock
from desk_platform.kafka.records import KafkaRecord
from desk_platform.kafka.retry import attempt_async, backoff
from desk_platform.telemetry import get_logger

log = get_logger()

COMMIT_EVERY = timedelta(seconds=1)

Offsets = dict[TopicPartition, int]


class HandledOffsets:
    """What one member has handled and not committed yet."""

    def __init__(self, group: str, clock: Clock, commit: Callable[[Offsets], Awaitable[None]]):
        self._group, self._clock, self._commit = group, clock, commit
        self._handled: Offsets = {}
        self._has_some = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()

    def add(self, records: Iterable[KafkaRecord]) -> None:
        """All records up to and with these are done."""
        self._handled |= next_offsets(records)
        self._has_some.set()

    async def flush(self) -> None:
        """Commit now; `DependencyDown` if that cannot be, and then it stays to be done."""
        async with self._one_at_a_time:
            offsets = dict(self._handled)
            if not offsets:
                return
            await self._commit(offsets)
            # Not before: whoever is cancelled here, as at a stop, leaves it to the last flush.
            for partition, offset in offsets.items():
                if self._handled.get(partition) == offset:
                    del self._handled[partition]

    async def flush_and_forget(self) -> None:
        """The partitions go to somebody else: commit if possible, forget in any case."""
        error = await attempt_async(self.flush())
        if error is not None:
            log.warning("commit_given_up", group=self._group, reason=str(error))
        self._handled.clear()

    async def run(self) -> None:
        """Commit again and again, until cancelled."""
        failures = 0
        while True:
            # An idle member does not wake for nothing.
            await self._has_some.wait()
            await self._clock.sleep(backoff(failures) if failures else COMMIT_EVERY)
            self._has_some.clear()
            error = await attempt_async(self.flush())
            failures = 0 if error is None else failures + 1
            if failures:
                self._has_some.set()
            if failures == 1:
                log.warning("commit_waits", group=self._group, reason=str(error))


def next_offsets(records: Iterable[KafkaRecord]) -> Offsets:
    """Where to read on, for each partition of these records."""
    last = {(record.topic, record.partition): record.offset for record in records}
    return {TopicPartition(*partition): offset + 1 for partition, offset in last.items()}


def first_offsets(records: Iterable[KafkaRecord]) -> Offsets:
    """Where to read again, for each partition of these records."""
    offsets: Offsets = {}
    for record in records:
        offsets.setdefault(TopicPartition(record.topic, record.partition), record.offset)
    return offsets

"""A lane of the kill suite: topics, store, input and victims of its own, and eyes on them."""

import contextlib
import random
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from desk_contracts import AnyEvent, Codec
from desk_contracts.names import TICKETS, TRIAGE
from desk_contracts.topics import BY_NAME, Topic, dead_topic, retry_topic
from desk_platform.clock import SystemClock
from desk_platform.kafka import KafkaPublisher
from desk_platform.kafka.admin import apply_topics
from desk_platform.kafka.topic_reader import read_all
from desk_platform.settings import KafkaSettings, StoreSettings
from desk_platform.store import open_store
from desk_testing import eventually
from desk_testing.opening import close_now, open_now

from tests.support import chaos_worker as worker
from tests.support.chaos_pipeline import (
    COUNTS,
    GROUP,
    SHAKY,
    TALES,
    Expected,
    project,
    ticket_event,
)
from tests.support.chaos_worker import Plan

PARTITIONS = 4
RETRIES, DEAD = retry_topic(TICKETS, GROUP), dead_topic(TICKETS, GROUP)


@dataclass
class ChaosRig:
    """One group with its own topics, store and seed; lanes are killed side by side."""

    kafka: str
    store_url: str
    prefix: str
    folder: Path
    processes: ForkServerContext
    seed: int
    log: list[AnyEvent] = field(default_factory=list)
    last: dict[str, int] = field(default_factory=dict)
    seen: dict[str, list[AnyEvent]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311
        self.settings = KafkaSettings(bootstrap=self.kafka)
        self.publisher = KafkaPublisher(self.settings, "kill-suite-input", self.prefix)
        self.store = open_store(StoreSettings(url=self.store_url), self.prefix + GROUP)
        now = SystemClock().now
        self.tales = self.store.documents(TALES, now)
        self.counts = self.store.documents(COUNTS, now)

    async def open(self) -> None:
        sides = [Topic(name, "ticket id", "triage") for name in (RETRIES, DEAD)]
        topics = [BY_NAME[TICKETS], BY_NAME[TRIAGE], *sides]
        await apply_topics(self.settings, topics, prefix=self.prefix, partitions=PARTITIONS)
        await open_now(self.publisher)

    async def close(self) -> None:
        await close_now(self.publisher)
        await self.store.drop()
        await self.store.stop()

    async def publish_chunk(self, size: int = 40, tickets: int = 12) -> None:
        """New events of tickets, some of which have to be tried twice; old ones come again."""
        chunk: list[AnyEvent] = []
        for _ in range(size):
            ticket = f"{self.seed}-{self.dice.randrange(tickets)}"
            number = self.last[ticket] = self.last.get(ticket, 0) + 1
            text = SHAKY if number % 17 == 5 else str(number)
            chunk.append(ticket_event(ticket, number, text))
        self.log += chunk
        # A copy is known by its sequence or its identity, whatever its age.
        doubled = self.dice.sample(self.log, min(len(self.log), 10))
        codec = Codec()
        await self.publisher.publish([codec.encode(event) for event in (*chunk, *doubled)])

    def plan(self, step: str = "", nth: int = 1, session: timedelta | None = None) -> Plan:
        plan = Plan(
            self.kafka, self.store_url, self.prefix, self.folder / f"{self.seed}.log", step, nth
        )
        return plan if session is None else Plan(**{**plan.__dict__, "session": session})

    def start(self, plan: Plan) -> ForkServerProcess:
        return self.begin(worker.live, plan)

    def begin(self, life: Callable[..., None], *arguments: object) -> ForkServerProcess:
        process = self.processes.Process(target=life, args=arguments, daemon=True)
        process.start()
        return process

    def expected(self) -> Expected:
        return project(self.log)

    async def has_settled(self) -> bool:
        """Store as expected, and everything read is committed."""
        expected = self.expected()
        tales = await self.tales.load(expected.tales)
        wrong = [
            f"{id} is {tales[id].state if id in tales else None}, not {state}"
            for id, state in expected.tales.items()
            if id not in tales or tales[id].state != state
        ]
        counts = await self.counts.load(expected.counts)
        wrong += [
            f"{id} is {counts[id].state if id in counts else None}, not {state}"
            for id, state in expected.counts.items()
            if id not in counts or counts[id].state != state
        ]
        wrong += [f"{place} is at {offsets}" for place, offsets in (await self.behind()).items()]
        if wrong:
            raise AssertionError("\n".join(wrong))
        return True

    async def handled(self) -> int:
        """How many events are in the store."""
        tales = await self.tales.load(self.last)
        return sum(item.state.count for item in tales.values() if item.state is not None)

    async def behind(self) -> dict[TopicPartition, tuple[int, int]]:
        """Partitions whose committed offset is not exactly the log's end."""
        offsets: dict[TopicPartition, tuple[int, int]] = {}
        for topic, group in ((TICKETS, GROUP), (RETRIES, GROUP + ".retry")):
            reader = AIOKafkaConsumer(
                bootstrap_servers=self.kafka, group_id=self.prefix + group, enable_auto_commit=False
            )
            await reader.start()
            partitions = [TopicPartition(self.prefix + topic, n) for n in range(PARTITIONS)]
            ends = await reader.end_offsets(partitions)
            for partition, end in ends.items():
                committed = await reader.committed(partition) or 0
                if committed != end:
                    offsets[partition] = (committed, end)
            await reader.stop()
        return offsets

    async def read(self, topic: str) -> list[AnyEvent]:
        decode = Codec().decode
        return [
            decode(raw.key, raw.value, raw.headers)
            async for raw in read_all(self.settings, [self.prefix + topic])
        ]


async def ended(process: ForkServerProcess, seconds: float) -> int | None:
    """The exit code; negative is the signal that ended it, None if it lives on."""
    with contextlib.suppress(AssertionError):
        # In this thread only: two readers of one exit code would get one of them wrong.
        await eventually(lambda: process.exitcode is not None, timeout=seconds)
    return process.exitcode


async def stopped(process: ForkServerProcess) -> None:
    """SIGTERM: finishes its batch and leaves with 0."""
    process.terminate()
    assert await ended(process, 30) == 0


OpenRig = Callable[[int], Awaitable[ChaosRig]]


def logs_of(rigs: Iterable[ChaosRig]) -> str:
    """The end of what the victims wrote, for a failure's message."""
    texts = [rig.plan().log for rig in rigs]
    return "\n".join(log.read_text()[-3000:] for log in texts if log.exists())


def say(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """A line of the test run's own output."""
    with capsys.disabled():
        sys.stdout.write(f"\n{text}\n")

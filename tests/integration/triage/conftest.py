"""Triage as a process on real servers, and the two ends of the bus it stands between."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from desk_shared.bus.admin import apply_topics
from desk_shared.events import AnyEvent, Codec
from desk_shared.events.topics import all_topics
from desk_shared.settings import KafkaSettings
from desk_shared.testing import eventually

ROOT = Path(__file__).parents[3]


@dataclass
class Triage:
    """The service as an operator sees it: start, ask, kill."""

    env: dict[str, str]
    port: int
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    async def start(self) -> None:
        self._launch()
        # After a kill the group waits for the dead member's session (45 s) before it shares anew.
        await eventually(self.is_ready, timeout=75, interval=0.1)

    def _launch(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "desk_triage.main"],
                env=self.env,
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    async def is_ready(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError(f"triage ended early:\n{self.log.read_text()[-3000:]}")
        try:
            async with httpx.AsyncClient() as client:
                answer = await client.get(f"{self.url}/health/ready")
        except httpx.TransportError as error:
            raise AssertionError(f"no answer yet: {error!r}") from error
        assert answer.status_code == 200, answer.text
        assert all(one["partitions"] for one in answer.json()["consumers"]), answer.text
        return True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(number)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


@dataclass
class Bus:
    """Publishes like an outside system and reads like another service."""

    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer
    prefix: str
    seen: list[AnyEvent] = field(default_factory=list)

    async def publish(self, events: Iterable[AnyEvent]) -> None:
        codec = Codec()
        sends = []
        for event in events:
            message = codec.encode(event)
            sends.append(
                await self.producer.send(
                    self.prefix + message.topic,
                    key=message.key,
                    value=message.value,
                    headers=list(message.headers),
                )
            )
        await asyncio.gather(*sends)

    async def read(self) -> list[AnyEvent]:
        """Everything that triage has published so far."""
        found = await self.consumer.getmany(timeout_ms=100)
        codec = Codec()
        for records in found.values():
            self.seen += [codec.decode(one.key, one.value, one.headers) for one in records]
        return self.seen


@pytest.fixture
async def bus(kafka: str, prefix: str) -> AsyncIterator[Bus]:
    topics = [t for t in all_topics(["network"]) if t.writer in ("triage", "intake", "outside")]
    settings = KafkaSettings(bootstrap=kafka)
    await apply_topics(settings, topics, prefix=prefix, partitions=2)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    outputs = [prefix + name for name in ("desk.triage", "desk.signals", "desk.problems")]
    consumer = AIOKafkaConsumer(*outputs, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await producer.start()
    await consumer.start()
    yield Bus(producer, consumer, prefix)
    await consumer.stop()
    await producer.stop()


@pytest.fixture
async def triage(
    bus: Bus,  # noqa: ARG001  the topics are there before the service
    kafka: str,
    mongo: str,
    prefix: str,
    tmp_path: Path,
) -> AsyncIterator[Triage]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = os.environ | {
        "DESK_ENVIRONMENT": "local",
        "DESK_KAFKA": kafka,
        "DESK_MONGO": mongo,
        "DESK_TOPIC_PREFIX": prefix,
        "DESK_DATABASE_PREFIX": prefix,
        "DESK_CHARTER": str(ROOT / "charter"),
        "TRIAGE_HTTP_PORT": str(port),
    }
    service = Triage(env, port, tmp_path / "triage.log")
    try:
        await service.start()
        yield service
    finally:
        service.stop()

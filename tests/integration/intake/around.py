"""Intake as a process on real servers, its callers, and the other ends of the bus."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from desk_shared.events import AnyEvent, Codec
from desk_shared.testing import eventually

ROOT = Path(__file__).parents[3]


@dataclass
class Intake:
    """The service as an operator sees it: start, ask, kill."""

    env: dict[str, str]
    port: int
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        await asyncio.to_thread(self._launch)
        await eventually(self.is_ready, timeout=70, interval=0.1)

    def _launch(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "desk_intake.main"],
                env=self.env,
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    async def is_ready(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError(f"intake ended early:\n{self.log.read_text()[-3000:]}")
        try:
            async with httpx.AsyncClient() as client:
                answer = await client.get(f"{self.url}/health/ready")
        except httpx.TransportError:
            return False
        consumers = answer.json()["consumers"]
        return answer.status_code == 200 and all(one["partitions"] for one in consumers)

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
    """Publishes like the desk's other services and reads `desk.tickets` like them."""

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
        """Everything on `desk.tickets` so far."""
        found = await self.consumer.getmany(timeout_ms=100)
        codec = Codec()
        for records in found.values():
            self.seen += [codec.decode(one.key, one.value, one.headers) for one in records]
        return self.seen

    async def of(self, ticket: str, at_least: int) -> list[AnyEvent]:
        """A ticket's events, as soon as there are so many; a copy after a crash has the same id."""

        async def enough() -> list[AnyEvent]:
            found = {one.id: one for one in await self.read() if one.subject == ticket}
            return list(found.values()) if len(found) >= at_least else []

        return await eventually(enough, timeout=20)


@dataclass(frozen=True)
class Person:
    """Somebody with a browser."""

    client: httpx.AsyncClient

    async def post(self, path: str, key: str, **body: object) -> httpx.Response:
        return await self.client.post(f"/v1{path}", json=body, headers={"Idempotency-Key": key})

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(f"/v1{path}", headers=headers)

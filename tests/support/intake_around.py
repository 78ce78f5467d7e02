"""Intake as a process on real servers, its callers, and the other ends of the bus."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from desk_contracts import AnyEvent, Codec
from desk_testing import eventually
from desk_testing.processes import ServiceProcess, environment

Intake = ServiceProcess


@asynccontextmanager
async def run_intake(
    bus: "Bus", store_url: str, log: Path, close_after: str, **more: str
) -> AsyncIterator[Intake]:
    """A replica, from when it is ready."""
    own = {"INTAKE_CLOSE_AFTER": close_after, **more}
    env = environment(bus.kafka, store_url, bus.prefix) | own
    service = Intake("intake", env, log)
    try:
        await service.start()
        yield service
    finally:
        service.stop()


@dataclass
class Bus:
    """Publishes like the desk's other services and reads `desk.tickets` like them."""

    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer
    prefix: str
    kafka: str
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
        batches = await self.consumer.getmany(timeout_ms=100)
        codec = Codec()
        for records in batches.values():
            self.seen += [
                codec.decode(record.key, record.value, record.headers) for record in records
            ]
        return self.seen

    async def of(self, ticket: str, at_least: int) -> list[AnyEvent]:
        """A ticket's events, as soon as there are so many; a copy after a crash has the same id."""

        async def enough() -> list[AnyEvent]:
            by_id = {item.id: item for item in await self.read() if item.subject == ticket}
            return list(by_id.values()) if len(by_id) >= at_least else []

        return await eventually(enough, timeout=60)


@dataclass(frozen=True)
class Person:
    """Somebody with a browser."""

    client: httpx.AsyncClient

    async def post(self, path: str, key: str, **body: object) -> httpx.Response:
        return await self.client.post(f"/v1{path}", json=body, headers={"Idempotency-Key": key})

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(f"/v1{path}", headers=headers)

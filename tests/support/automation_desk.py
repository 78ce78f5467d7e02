"""Automation as a process, the bus around it, and a target that counts what is done to it."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from desk_contracts import AnyEvent, Codec, Event
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.events.telemetry import Measured
from desk_contracts.ids import new_id
from desk_contracts.value_types import Severity, SubjectKind
from desk_testing.processes import ANYBODY, ServiceProcess


@dataclass
class Target:
    """A device's agent: keeps idempotency keys, counts effects, and can misbehave."""

    port: int = 0
    effects: Counter[str] = field(default_factory=Counter)
    requests: list[tuple[str, str]] = field(default_factory=list)
    # When each of them came, in seconds of the monotonic clock.
    moments: list[float] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    repaired: set[str] = field(default_factory=set)
    delay: float = 0.0
    server: "asyncio.Server | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self.server is not None:
            self.server.close()
            await self.server.wait_closed()

    def last_act(self, path: str = "/actions/") -> float:
        """When the last call came whose path has this in it, in seconds of the monotonic clock."""
        calls = zip(self.requests, self.moments, strict=True)
        return max((at for (called, _), at in calls if path in called), default=0.0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
            await reader.readexactly(int(headers.get("content-length", "0")))
            path = lines[0].split(" ")[1]
            status = await self._answer(path, headers.get("idempotency-key", ""))
            done = "true" if path.rpartition("/")[2] in self.repaired else "false"
            template = '{"ok": true, "stuck": true, "password": "hunter2", "done": %s}'
            body = (template % done).encode()
            writer.write(
                f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n"
                "content-type: application/json\r\nconnection: close\r\n\r\n".encode()
            )
            writer.write(body)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _answer(self, path: str, key: str) -> int:
        self.requests.append((path, key))
        self.moments.append(time.monotonic())
        status = self.answers.pop(0) if self.answers else 200
        if status == 200 and "/actions/" in path:
            self.effects[key] += 1
            self.repaired.add(path.rpartition("/")[2])
        if self.delay:
            await asyncio.sleep(self.delay)  # desk-skip: no-sleep a slow device is what it plays
        return status


class Automation(ServiceProcess):
    """The service, with questions of its own."""

    async def post(
        self, path: str, key: str, *, by: str = "ana", json: object = None
    ) -> httpx.Response:
        """A call of a member of the workplace team, who may do everything else too."""
        async with httpx.AsyncClient(timeout=60) as client:
            who = {"X-Desk-User": by, "X-Desk-Team": "workplace"}
            headers = ANYBODY | who | {"Idempotency-Key": key}
            return await client.post(self.url + path, headers=headers, json=json)

    async def runs(self, **filters: str) -> list[dict[str, object]]:
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        try:
            answer = await self.get(f"/v1/runs?{query}")
        except httpx.TransportError:
            return []
        items: list[dict[str, object]] = answer.json().get("items", [])
        return items


@dataclass
class Bus:
    """Publishes like triage and devices, and reads what automation says."""

    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer
    prefix: str
    seen: dict[str, AnyEvent] = field(default_factory=dict)
    copies: Counter[str] = field(default_factory=Counter)

    async def publish(self, *events: AnyEvent) -> None:
        codec = Codec()
        for event in events:
            message = codec.encode(event)
            await self.producer.send_and_wait(
                self.prefix + message.topic,
                key=message.key,
                value=message.value,
                headers=list(message.headers),
            )

    async def types_of(self, subject: str) -> list[str]:
        """Types of what automation said about a target so far, without doubles."""
        await self.read()
        return [event.type for event in self.seen.values() if event.subject == subject]

    async def read(self) -> None:
        batches = await self.consumer.getmany(timeout_ms=50)
        decode = Codec().decode
        for records in batches.values():
            for record in records:
                event = decode(record.key, record.value, record.headers)
                self.seen.setdefault(event.id, event)
                self.copies[event.id] += 1

    def data(self, subject: str, type: str) -> object:
        """The payload of the one event of that type."""
        payloads = [e.data for e in self.seen.values() if e.subject == subject and e.type == type]
        assert len(payloads) == 1, payloads
        return payloads[0]


def raised(
    subject: str,
    url: str,
    signal: str = "disk-filling",
    *,
    ago: timedelta = timedelta(),
    service: str = "",
) -> Event[SignalRaised]:
    """A detector saw trouble."""
    at = datetime.now(UTC) - ago
    return Event(
        id=new_id(),
        source="/desk/triage",
        subject=subject,
        time=at,
        data=SignalRaised(
            episode=f"{subject}/{signal}/{at.isoformat()}",
            detector="threshold",
            signal=signal,
            title=f"Trouble on {subject}",
            severity=Severity.WARNING,
            subject_kind=SubjectKind.DEVICE,
            service=service,
            measurement="disk.free.percent",
            value=4.0,
            threshold=10.0,
            person="ana",
            attributes={"agent_url": url},
        ),
    )


def cleared(raised: Event[SignalRaised]) -> Event[SignalCleared]:
    """The trouble went away."""
    return Event(
        id=new_id(),
        source="/desk/triage",
        subject=raised.subject,
        time=datetime.now(UTC),
        data=SignalCleared(
            episode=raised.data.episode,
            detector=raised.data.detector,
            signal=raised.data.signal,
            value=50.0,
        ),
    )


def measured(subject: str, value: float, name: str = "disk.free.percent") -> Event[Measured]:
    """What the device reports of itself now."""
    return Event(
        id=new_id(),
        source="/device",
        subject=subject,
        time=datetime.now(UTC),
        data=Measured(subject_kind=SubjectKind.DEVICE, name=name, value=value, unit="%"),
    )


def subjects(prefix: str, count: int) -> Iterable[str]:
    """Names of devices."""
    return (f"{prefix}{number:04d}" for number in range(count))

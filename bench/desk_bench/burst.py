"""A burst of requests from a system on the bus, and people who call meanwhile."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter

import httpx
from desk_contracts import Codec, Event, names
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.ids import new_id
from desk_platform.kafka import KafkaPublisher
from desk_platform.settings import KafkaSettings
from desk_testing import eventually

from desk_bench.fleet import fleet
from desk_bench.listening import from_now_on
from desk_bench.roundtrip import TITLES
from desk_bench.rows import Row

CALLS_PER_SECOND = 2
CALM_SECONDS = 15
TIMEOUT = 400
_BULK = 500
_OPENED = ("ce_type", TicketOpened.TYPE.encode())


@dataclass
class Callers:
    """People who open tickets at a steady pace, each on a connection of their own."""

    port: int
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    async def call(self) -> None:
        """Until cancelled; each call comes at its time, however long the earlier ones take."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._call())
                await asyncio.sleep(1 / CALLS_PER_SECOND)

    async def _call(self) -> None:
        key = new_id()
        headers = {"X-Desk-User": f"p-{key[-4:]}", "X-Desk-Roles": "employee"}
        body = {"title": f"{TITLES[len(self.seconds) % len(TITLES)]}, {key[-6:]}"}
        url = f"http://127.0.0.1:{self.port}/v1/tickets"
        before = perf_counter()
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.post(
                url, json=body, headers={**headers, "Idempotency-Key": f'"{key}"'}
            )
        self.seconds.append(perf_counter() - before)
        self.statuses[answer.status_code] += 1

    def late(self, share: float) -> float:
        """In milliseconds."""
        return round(sorted(self.seconds)[int(len(self.seconds) * share)] * 1000, 1)


async def run(kafka: str, store_url: str, requests: int) -> list[Row]:
    """Calls on a calm desk, then while the burst is worked off."""
    with fleet(kafka, store_url) as desk:
        await desk.are_ready()
        calm, busy = Callers(desk.port_of("intake")), Callers(desk.port_of("intake"))
        async with _calling(calm):
            await asyncio.sleep(CALM_SECONDS)
        async with _opened(kafka) as opened, _calling(busy):
            before = perf_counter()
            await publish_requests(kafka, requests)
            await eventually(
                lambda: opened.total() - busy.statuses[201] >= requests, timeout=TIMEOUT
            )
            took = perf_counter() - before
    name = f"while {requests:,} requests from the bus are worked off"
    refused = sum(number for status, number in busy.statuses.items() if status != 201)
    share = round(refused / max(1, busy.statuses.total()), 3)
    return [
        Row("requests from the bus to tickets", round(requests / took, 1), "tickets/s"),
        Row("a call on a calm desk, p95", calm.late(0.95), "ms"),
        Row(f"a call {name}, p50", busy.late(0.5), "ms"),
        Row(f"a call {name}, p95", busy.late(0.95), "ms", calm.late(0.95), bar="≤ 500 ms"),
        Row(f"calls refused {name}", share, "of all", bar="0"),
    ]


@contextlib.asynccontextmanager
async def _calling(callers: Callers) -> AsyncIterator[None]:
    running = asyncio.create_task(callers.call())
    try:
        yield
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


@contextlib.asynccontextmanager
async def _opened(kafka: str) -> AsyncIterator[Counter[str]]:
    """How many tickets were opened from now on."""
    consumer = await from_now_on(kafka, names.TICKETS, wait_ms=100)
    counts: Counter[str] = Counter()

    async def count() -> None:
        async for record in consumer:
            if _OPENED in record.headers:
                counts["tickets"] += 1

    counting = asyncio.create_task(count())
    try:
        yield counts
    finally:
        counting.cancel()
        await consumer.stop()


async def publish_requests(kafka: str, requests: int) -> None:
    """As a system on the bus does, in bulks."""
    codec = Codec()
    async with KafkaPublisher(KafkaSettings(bootstrap=kafka), "bench") as publisher:
        for first in range(0, requests, _BULK):
            batch = range(first, min(requests, first + _BULK))
            await publisher.publish([codec.encode(_request(number)) for number in batch])


def _request(number: int) -> Event[TicketRequested]:
    title = f"{TITLES[number % len(TITLES)]}, {number}"
    data = TicketRequested(requester=f"person-{number}", title=title)
    return Event(new_id(), "/bench/monitor", f"person-{number}", datetime.now(UTC), data)

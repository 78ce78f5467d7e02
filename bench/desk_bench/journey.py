"""From a ticket posted to its team's notification topic, over all five services."""

import asyncio
import statistics
from time import perf_counter

import httpx
from aiokafka import AIOKafkaConsumer
from desk_shared.errors import Invalid
from desk_shared.events import Codec
from desk_shared.events.notifications import MessageKind, Notified
from desk_shared.ids import new_id
from desk_shared.testing import eventually

from desk_bench.rows import Row

RATE = 50
WARM_UP = 100


async def run(kafka: str, intake: str, tickets: int) -> list[Row]:
    """p50 and p99 at a steady rate; the first tickets warm everything up and do not count."""
    posted: dict[str, float] = {}
    arrived: dict[str, float] = {}
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, metadata_max_age_ms=5000)
    await consumer.start()
    names = [t for t in await consumer.topics() if t.startswith("desk.notifications.")]
    await consumer.stop()
    names = [t for t in names if not t.endswith((".people", ".dead", ".retry"))]
    consumer = AIOKafkaConsumer(*names, bootstrap_servers=kafka, fetch_max_wait_ms=5)
    await consumer.start()
    await consumer.seek_to_end()
    for partition in consumer.assignment():
        await consumer.position(partition)
    watching = asyncio.create_task(_watch(consumer, arrived))
    async with (
        httpx.AsyncClient(base_url=intake, timeout=30) as http,
        asyncio.TaskGroup() as group,
    ):
        started = perf_counter()
        for number in range(WARM_UP + tickets):
            await asyncio.sleep(max(0.0, started + number / RATE - perf_counter()))
            group.create_task(_post(http, posted))
    await eventually(lambda: posted.keys() <= arrived.keys(), timeout=60)
    watching.cancel()
    await consumer.stop()
    counted = list(posted)[WARM_UP:]
    taken = sorted((arrived[id] - posted[id]) * 1000 for id in counted)
    p50, p99 = statistics.median(taken), taken[int(len(taken) * 0.99)]
    return [
        Row(f"ticket to its team's topic, p50 at {RATE}/s", round(p50, 1), "ms", bar="≤ 80 ms"),
        Row(f"ticket to its team's topic, p99 at {RATE}/s", round(p99, 1), "ms", bar="≤ 250 ms"),
    ]


async def _post(http: httpx.AsyncClient, posted: dict[str, float]) -> None:
    key = new_id()
    headers = {"X-Desk-User": f"bench-{key[-3:]}", "X-Desk-Roles": "employee"}
    headers["Idempotency-Key"] = f'"{key}"'
    body = {"title": f"My laptop is slow {key[-6:]}", "channel": "portal"}
    before = perf_counter()
    answer = await http.post("/v1/tickets", json=body, headers=headers)
    posted[answer.raise_for_status().json()["id"]] = before


async def _watch(consumer: AIOKafkaConsumer, arrived: dict[str, float]) -> None:
    codec = Codec()
    async for record in consumer:
        try:
            event = codec.decode(record.key, record.value, record.headers)
        except Invalid:
            continue
        if isinstance(event.data, Notified) and event.data.kind is MessageKind.TICKET_ASSIGNED:
            arrived.setdefault(event.data.ticket, perf_counter())

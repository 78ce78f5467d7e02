"""From a ticket posted to its team's notification topic, over all five services."""

import asyncio
import json
import statistics
from time import perf_counter

from aiokafka import AIOKafkaConsumer
from desk_contracts.events.notifications import MessageKind, Notified
from desk_contracts.ids import new_id
from desk_testing import eventually

from desk_bench.http_posts import Poster
from desk_bench.listening import from_now_on
from desk_bench.rows import Row

RATE = 50
# JVMs compile and every cache fills in this time; the rate is the same, the tickets do not count.
WARM_UP_SECONDS = 60
CONNECTIONS = 32
# An ordinary day's mix: some that rules know, some that only words tell, some that nobody knows.
TITLES = (
    "The VPN does not connect from the hotel",
    "Toner is empty in the copier by the lift",
    "I forgot my password after the holidays",
    "The beamer in the large meeting room flickers",
    "Please give me access to the sales report",
    "Wifi drops every ten minutes in the canteen",
    "My screen stays black when I dock",
    "Which form do I need for a business trip",
    "The calendar shows meetings an hour late",
    "The expense page turns white when I save",
    "Can I have a second monitor at home",
    "The scanner at the reception smells odd",
)


async def run(kafka: str, port: int, tickets: int) -> list[Row]:
    """p50 and p99 at a steady rate, after a warm-up at the same rate."""
    posted: dict[str, float] = {}
    arrived: dict[str, float] = {}
    consumer = await _at_the_end(kafka)
    watching = asyncio.create_task(_watch(consumer, arrived))
    warm_up = WARM_UP_SECONDS * RATE
    await _at_rate(RATE, warm_up + tickets, port, posted)
    await eventually(lambda: posted.keys() <= arrived.keys(), timeout=60)
    watching.cancel()
    await consumer.stop()
    taken = sorted((arrived[id] - posted[id]) * 1000 for id in list(posted)[warm_up:])
    p50, p99 = statistics.median(taken), taken[int(len(taken) * 0.99)]
    return [
        Row(f"ticket to its team's topic, p50 at {RATE}/s", round(p50, 1), "ms", bar="≤ 80 ms"),
        Row(f"ticket to its team's topic, p99 at {RATE}/s", round(p99, 1), "ms", bar="≤ 250 ms"),
    ]


async def _at_the_end(kafka: str) -> AIOKafkaConsumer:
    """Reads all teams' topics from now on."""
    return await from_now_on(kafka, *await list_team_topics(kafka))


async def list_team_topics(kafka: str) -> list[str]:
    """Where each team is told what is new."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, metadata_max_age_ms=5000)
    await consumer.start()
    names = [t for t in await consumer.topics() if t.startswith("desk.notifications.")]
    await consumer.stop()
    return [t for t in names if not t.endswith((".people", ".dead", ".retry"))]


async def _at_rate(rate: int, tickets: int, port: int, posted: dict[str, float]) -> None:
    """Open loop: tickets come at their time, however long the earlier ones take."""
    idle: asyncio.Queue[Poster] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        idle.put_nowait(await Poster.connect(port))
    started = perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(tickets):
            await asyncio.sleep(max(0.0, started + number / rate - perf_counter()))
            group.create_task(_post(idle, number, posted))


async def _post(idle: asyncio.Queue[Poster], number: int, posted: dict[str, float]) -> None:
    before, key = perf_counter(), new_id()
    ticket = {"title": f"{TITLES[number % len(TITLES)]}, {key[-6:]}", "channel": "portal"}
    poster = await idle.get()
    answer = await poster.post(ticket, key, f"bench-{key[-3:]}")
    idle.put_nowait(poster)
    posted[json.loads(answer)["id"]] = before


async def _watch(consumer: AIOKafkaConsumer, arrived: dict[str, float]) -> None:
    wanted = ("ce_type", Notified.TYPE.encode())
    async for record in consumer:
        if wanted in record.headers:
            document = json.loads(record.value)
            if document["kind"] == MessageKind.TICKET_ASSIGNED:
                arrived.setdefault(document["ticket"], perf_counter())

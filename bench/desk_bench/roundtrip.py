"""From a ticket posted to its team's notification topic, over all five services."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from aiokafka import AIOKafkaConsumer
from desk_contracts.events.notifications import MessageKind, Notified
from desk_contracts.ids import new_id
from desk_testing import eventually

from desk_bench.fleet import Fleet, fleet
from desk_bench.http_posts import Poster
from desk_bench.listening import from_now_on
from desk_bench.rows import Row


@dataclass(frozen=True)
class Load:
    """Tickets a second, how many of them are measured, and the bars in milliseconds."""

    rate: int
    tickets: int
    p50: float | None = None
    p99: float | None = None
    cpu: float | None = None


LOADS = (
    Load(2, 100),
    Load(5, 500, 40, 100, 40),
    Load(20, 600, 80, 250, 25),
    Load(50, 1_500, 150, 500),
)
# JVMs compile and every cache fills in this time, at a quick rate; those tickets do not count.
WARM_UP, WARM_UP_RATE = 1_500, 50
# What the warm-up left to do, such as its mail, is done by then: it is no part of being idle.
SETTLE_SECONDS = 15.0
IDLE_SECONDS = 20
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


async def run(kafka: str, store_url: str, share: float) -> list[Row]:
    """After a warm-up and an idle while: latency and CPU a ticket at each rate, slowest first."""
    with fleet(kafka, store_url) as desk:
        await desk.are_ready()
        arrived: dict[str, float] = {}
        consumer = await _at_the_end(kafka)
        watching = asyncio.create_task(_watch(consumer, arrived))
        roundtrip = Roundtrip(desk, arrived)
        await roundtrip.at(WARM_UP_RATE, max(50, int(WARM_UP * share)))
        await asyncio.sleep(SETTLE_SECONDS)
        idle = await desk.idle(IDLE_SECONDS)
        rows = [Row("five services idle", round(100 * idle, 1), "% of a core", bar="≤ 8")]
        for load in LOADS:
            run = await roundtrip.at(load.rate, max(20, int(load.tickets * share)))
            rows += run.rows(load, idle)
        watching.cancel()
        await consumer.stop()
    return rows


@dataclass(frozen=True)
class Run:
    """What some tickets at one rate took: ms each, sorted, and the CPU seconds of each service."""

    taken: Sequence[float]
    cpu: Mapping[str, float]
    seconds: float

    def rows(self, load: Load, idle: float) -> list[Row]:
        """`idle` is the share of a core that the five use anyway."""
        name, tickets = f"at {load.rate}/s", len(self.taken)
        busy = 1000 * (sum(self.cpu.values()) - idle * self.seconds) / tickets
        each = {service: round(1000 * used / tickets, 1) for service, used in self.cpu.items()}
        return [
            Row(
                f"ticket to its team's topic, p50 {name}", self._at(0.5), "ms", bar=_most(load.p50)
            ),
            Row(
                f"ticket to its team's topic, p99 {name}", self._at(0.99), "ms", bar=_most(load.p99)
            ),
            Row(
                f"CPU a ticket without the idle share, {name}",
                round(busy, 1),
                "ms",
                bar=_most(load.cpu),
            ),
            *(
                Row(f"CPU of {service} a ticket, {name}", used, "ms")
                for service, used in each.items()
            ),
        ]

    def _at(self, share: float) -> float:
        return round(self.taken[int(len(self.taken) * share)], 1)


@dataclass(frozen=True)
class Roundtrip:
    """Tickets on their way over a running desk; `arrived` is filled by who watches the topics."""

    desk: Fleet
    arrived: Mapping[str, float]

    async def at(self, rate: int, tickets: int) -> Run:
        """All of them posted and arrived."""
        posted: dict[str, float] = {}
        before, started = self.desk.cpu_seconds(), perf_counter()
        await _at_rate(rate, tickets, self.desk.port_of("intake"), posted)
        await eventually(lambda: posted.keys() <= self.arrived.keys(), timeout=60)
        seconds, after = perf_counter() - started, self.desk.cpu_seconds()
        taken = sorted((self.arrived[id] - at) * 1000 for id, at in posted.items())
        return Run(taken, {name: after[name] - before[name] for name in after}, seconds)


def _most(bar: float | None) -> str:
    return "" if bar is None else f"≤ {bar}"


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
    # Between slow tickets the server ends idle connections; that is no part of a ticket's way.
    if poster.is_ended:
        poster = await poster.again()
        before = perf_counter()
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

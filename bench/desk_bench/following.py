"""Many people follow their tickets at one replica: how soon each hears, and what it costs."""

import asyncio
import os
import time
from pathlib import Path

import httpx
from desk_contracts.ids import new_id
from desk_local.ports import free_ports
from desk_local.services import command_of

from desk_bench.rows import Row
from desk_bench.serving import BODY, environment, ready

TICKETS_AT_ONCE = 8
IDLE_SECONDS = 10.0
TIMEOUT_SECONDS = 60.0


class _Follower:
    """A connection that stays open; plain sockets, since a thousand clients would be measured."""

    def __init__(self, number: int) -> None:
        self.name = f"p{number}"
        self.heard_at = 0.0
        self._heard = asyncio.Event()
        self._begun = asyncio.Event()

    async def follow(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"GET /v1/live/mine HTTP/1.1\r\nHost: desk\r\nX-Desk-User: {self.name}\r\n"
        writer.write(f"{head}X-Desk-Roles: employee\r\n\r\n".encode())
        try:
            while line := await reader.readline():
                if line.startswith(b"id: "):
                    self._begun.set()
                if line == b"event: ticket\n":
                    self.heard_at = time.perf_counter()
                    self._heard.set()
        finally:
            writer.close()

    async def begin(self) -> None:
        await self._begun.wait()

    async def hear(self) -> None:
        await self._heard.wait()


async def run(kafka: str, store_url: str, followers: int) -> list[Row]:
    """Each opens one ticket, a few at a time; each hears of their own alone."""
    [port] = free_ports(1)
    given = environment("intake", kafka, store_url, port)
    process = await asyncio.create_subprocess_exec(
        *command_of("intake"), env={**os.environ, **given}
    )
    people = [_Follower(number) for number in range(followers)]
    following: list[asyncio.Task[None]] = []
    try:
        await ready(port, "/health/ready")
        await _is_followed(port)
        began = time.perf_counter()
        following = [asyncio.create_task(person.follow(port)) for person in people]
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await asyncio.gather(*(person.begin() for person in people))
        opened = time.perf_counter() - began
        cpu, memory = _cpu_seconds(process.pid), _resident_mib(process.pid)
        await asyncio.sleep(IDLE_SECONDS)
        idle = (_cpu_seconds(process.pid) - cpu) / IDLE_SECONDS
        delays = await _open_tickets(port, people)
    finally:
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        process.terminate()
        await process.wait()
    name = f"{followers} people follow their tickets"
    return [
        Row(f"{name}: all connected after", round(opened, 2), "s"),
        Row(f"{name}: heard of their ticket", len(delays), "people", bar=f"≥ {followers}"),
        Row(f"{name}: from the answer to the event, median", _share(delays, 0.5), "ms"),
        Row(f"{name}: the same, p99", _share(delays, 0.99), "ms", bar="≤ 2000"),
        Row(f"{name}: CPU while nothing happens", round(100 * idle, 1), "% of a core"),
        Row(f"{name}: resident memory", round(memory), "MiB"),
    ]


async def _is_followed(port: int) -> None:
    """Until the replica knows where its log ends."""
    headers = {"X-Desk-User": "first", "X-Desk-Roles": "employee"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while True:
                async with client.stream("GET", "/v1/live/mine") as answer:
                    if answer.status_code == 200:
                        return
                await asyncio.sleep(0.2)


async def _open_tickets(port: int, people: list[_Follower]) -> list[float]:
    """Milliseconds from each answer to the event; of those who heard in time."""
    places, answered = asyncio.Semaphore(TICKETS_AT_ONCE), dict[str, float]()

    async def open_ticket(client: httpx.AsyncClient, person: _Follower) -> None:
        headers = {"X-Desk-User": person.name, "X-Desk-Roles": "employee"}
        async with places:
            answer = await client.post(
                "/v1/tickets", json=BODY, headers=headers | {"Idempotency-Key": new_id()}
            )
        answered[person.name] = time.perf_counter()
        answer.raise_for_status()
        await person.hear()

    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS) as client:
        calls = [asyncio.create_task(open_ticket(client, person)) for person in people]
        done, late = await asyncio.wait(calls, timeout=TIMEOUT_SECONDS)
        for task in late:
            task.cancel()
        for task in done:
            task.result()
    heard = [person for person in people if person.heard_at]
    return [max(0.0, person.heard_at - answered[person.name]) * 1_000 for person in heard]


def _share(delays: list[float], share: float) -> float:
    ordered = sorted(delays)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else 0.0


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024

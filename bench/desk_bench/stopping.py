"""Intake is told to stop under load, again and again: what its callers hear."""

import asyncio
import os
import signal
from collections import Counter

import httpx
from desk_contracts.ids import new_id
from desk_local.ports import free_ports
from desk_local.services import command_of

from desk_bench.rows import Row
from desk_bench.serving import BODY, environment, ready

CALLERS = 12
LOAD_SECONDS = 1.0


async def run(kafka: str, store_url: str, stops: int) -> list[Row]:
    """All stops together; each with callers who keep their connection and callers who do not."""
    heard: Counter[str] = Counter()
    for _ in range(stops):
        heard += await _stopped_once(kafka, store_url)
    name = f"calls while intake is stopped {stops} times"
    others = heard.total() - heard["201"] - heard["503"]
    print(f"{name}: {dict(heard)}")
    return [
        Row(f"{name}, taken", heard["201"], "calls"),
        Row(f"{name}, sent away (503)", heard["503"], "calls"),
        Row(f"{name}, anything else", others, "calls", bar="0"),
    ]


async def _stopped_once(kafka: str, store_url: str) -> Counter[str]:
    [port] = free_ports(1)
    given = environment("intake", kafka, store_url, port)
    process = await asyncio.create_subprocess_exec(
        *command_of("intake"), env={**os.environ, **given}
    )
    heard: Counter[str] = Counter()
    try:
        await ready(port, "/health/ready")
        calling = [asyncio.create_task(_call(port, number, heard)) for number in range(CALLERS)]
        await asyncio.sleep(LOAD_SECONDS)
        process.send_signal(signal.SIGTERM)
        await asyncio.gather(*calling)
        async with asyncio.timeout(60):
            heard[f"exit code {await process.wait()}"] += process.returncode != 0
    finally:
        if process.returncode is None:
            process.kill()
    return heard


async def _call(port: int, number: int, heard: Counter[str]) -> None:
    """Until nobody listens any more; what was sent must be answered."""
    keeps = httpx.Limits(max_keepalive_connections=None if number % 2 else 0)
    headers = {"X-Desk-User": f"p{number}", "X-Desk-Roles": "employee"}
    url = f"http://127.0.0.1:{port}/v1/tickets"
    async with httpx.AsyncClient(headers=headers, limits=keeps, timeout=60) as client:
        while True:
            try:
                answer = await client.post(
                    url, json=BODY, headers={"Idempotency-Key": f'"{new_id()}"'}
                )
            except httpx.ConnectError:
                return
            except httpx.TransportError as error:
                heard[type(error).__name__] += 1
                return
            heard[str(answer.status_code)] += 1

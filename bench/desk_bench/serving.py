"""`POST /v1/tickets` against a bare FastAPI endpoint with one awaited insert, each a process."""

import asyncio
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import httpx
import psutil
from desk_local.ports import free_ports
from desk_local.services import command_of

from desk_bench.http_posts import Poster
from desk_bench.rows import Row, compared

ROUNDS = 5
CLIENTS = 32
# What it uses of a processor when nobody calls, looked at for longer than anything is gathered.
_QUIET, _QUIET_SECONDS = 0.1, 3
ROOT = Path(__file__).resolve().parents[2]
# One caller asks for all that there is.
UNLIMITED = {"DESK_HTTP_RATE": "1000000", "DESK_HTTP_BURST": "1000000"}
BODY = {
    "title": "The VPN does not connect from home",
    "description": "It says that the certificate is not valid. " * 6,
    "channel": "portal",
}


async def run(kafka: str, store_url: str, requests: int) -> list[Row]:
    """Median of some rounds, bare and desk in turn, the same clients for both."""
    bare: list[float] = []
    desk: list[float] = []
    port = free_ports(1)[0]
    intake = process(command_of("intake"), environment("intake", kafka, store_url, port))
    with _bare(store_url) as bare_port, intake as started:
        await ready(bare_port, "/ready")
        await ready(port, "/health/ready")
        for number in range(ROUNDS):
            await _is_quiet(psutil.Process(started.pid))
            bare.append(await _rate(bare_port, requests, f"b{number}"))
            desk.append(await _rate(port, requests, f"d{number}"))
    middle = statistics.median
    return [compared("POST /v1/tickets", middle(desk), middle(bare), "requests/s", "≥ 0.5")]


async def _is_quiet(intake: psutil.Process) -> None:
    """What follows of a round takes nothing from the next one, which is the baseline's."""
    async with asyncio.timeout(60):
        used = _QUIET
        while used >= _QUIET:
            before = sum(intake.cpu_times()[:2])
            await asyncio.sleep(_QUIET_SECONDS)
            used = (sum(intake.cpu_times()[:2]) - before) / _QUIET_SECONDS


async def _rate(port: int, requests: int, name: str) -> float:
    async with asyncio.TaskGroup() as group:
        started = perf_counter()
        share = requests // CLIENTS
        for client in range(CLIENTS):
            group.create_task(_client(port, share, f"{name}-{client}"))
    return share * CLIENTS / (perf_counter() - started)


async def _client(port: int, requests: int, name: str) -> None:
    poster = await Poster.connect(port)
    for number in range(requests):
        await poster.post(BODY, f"{name}-{number}-{os.getpid()}")
    poster.close()


@contextmanager
def _bare(store_url: str) -> Iterator[int]:
    port = free_ports(1)[0]
    command = [sys.executable, "-m", "uvicorn", "desk_bench.bare:app", "--port", str(port)]
    command += ["--log-level", "error"]
    with process(command, {"BENCH_MONGO": store_url, "PYTHONPATH": str(ROOT / "bench")}):
        yield port


@contextmanager
def service(name: str, kafka: str, store_url: str) -> Iterator[int]:
    """One service of the desk as a process, on a free port."""
    port = free_ports(1)[0]
    with process(command_of(name), environment(name, kafka, store_url, port)):
        yield port


def environment(name: str, kafka: str, store_url: str, port: int) -> dict[str, str]:
    """What a service is told in a benchmark."""
    return {
        "DESK_ENVIRONMENT": "local",
        "DESK_KAFKA": kafka,
        "DESK_STORE": store_url,
        "DESK_LOG_LEVEL": "ERROR",
        "DESK_CHARTER": str(ROOT / "charter"),
        f"{name.upper()}_HTTP_PORT": str(port),
        f"{name.upper()}_HTTP_HOST": "127.0.0.1",
        **UNLIMITED,
    }


@contextmanager
def process(command: list[str], environ: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A child process that ends with the block."""
    process = subprocess.Popen(command, env={**os.environ, **environ})  # noqa: S603
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


async def ready(port: int, path: str) -> None:
    """Wait until it answers with 200."""
    # Plain HTTP: to read certificates would take its part of the cores from a start.
    async with httpx.AsyncClient(verify=False) as client, asyncio.timeout(60):  # noqa: S501
        while True:
            try:
                answer = await client.get(f"http://127.0.0.1:{port}{path}")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code == 200:
                return
            await asyncio.sleep(0.1)

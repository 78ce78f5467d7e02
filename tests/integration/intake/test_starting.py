"""Intake begins while no broker answers: it decides nothing before verdicts would wait for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from desk_local.ports import free_ports
from desk_testing import eventually
from desk_testing.processes import environment

from tests.support.intake_around import Bus, Intake

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]

CALL = {"X-Desk-User": "ana", "X-Desk-Roles": "employee", "Idempotency-Key": "k-1"}


@contextlib.asynccontextmanager
async def way_to(kafka: str, port: int) -> AsyncIterator[None]:
    """A port that leads to the broker; only the first question comes this way."""
    host, _, its_port = kafka.rpartition(":")

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_connection(host, int(its_port))
        await asyncio.gather(_copy_fields(reader, questions), _copy_fields(answers, writer))

    server = await asyncio.start_server(passed, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


async def _copy_fields(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while part := await source.read(65_536):
            target.write(part)
            await target.drain()
    target.close()


async def opened(intake: Intake) -> httpx.Response:
    async with httpx.AsyncClient(base_url=intake.url, timeout=60) as client:
        return await client.post("/v1/tickets", json={"title": "No VPN"}, headers=CALL)


async def test_a_call_before_the_bus_knows_of_this_replica_is_done_afterwards(
    bus: Bus, kafka: str, store_url: str, tmp_path: Path
) -> None:
    port = free_ports(1)[0]
    env = environment(f"127.0.0.1:{port}", store_url, bus.prefix)
    intake = Intake("intake", env, tmp_path / "intake.log", is_fresh=True)
    try:
        intake.launch()

        async def refused() -> httpx.Response | None:
            with contextlib.suppress(httpx.ConnectError):  # it does not listen yet
                return await opened(intake)
            return None

        answer = await eventually(refused, timeout=90)
        assert answer is not None
        assert (answer.status_code, answer.json()["code"]) == (503, "not-recording")
        assert answer.headers["retry-after"] == "1"
        assert await bus.read() == []
        async with way_to(kafka, port):
            await eventually(intake.is_ready, timeout=240, interval=0.1)
            answer = await opened(intake)
            assert answer.status_code == httpx.codes.CREATED
            [event] = await bus.of(answer.json()["id"], 1)
        assert event.data.TYPE == "desk.ticket.opened.v1"
    finally:
        intake.stop()

"""Every service starts and stops in one way, whatever is broken around it."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from desk_charter import load_charter
from desk_contracts.topics import SERVICES, all_topics
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings
from desk_testing import eventually
from desk_testing.processes import CHARTER, ServiceProcess, environment

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]

NO_BROKER, NO_STORE = "127.0.0.1:9", "mongodb://127.0.0.1:9"


@asynccontextmanager
async def running(
    folder: Path, kafka: str, store_url: str, prefix: str
) -> AsyncIterator[list[ServiceProcess]]:
    """All five, each with a log of its own; ended whatever happens."""
    env = environment(kafka, store_url, prefix)
    processes = [
        ServiceProcess(name, env, folder / f"{name}.log", is_fresh=True) for name in SERVICES
    ]
    for item in processes:
        item.launch()
    try:
        yield processes
    finally:
        for item in processes:
            item.kill()


async def ready(process: ServiceProcess) -> httpx.Response:
    """Its answer, as soon as it answers at all."""

    async def answered() -> httpx.Response | None:
        try:
            return await process.get("/health/ready")
        except httpx.TransportError:
            return None

    answer = await eventually(answered, timeout=60)
    assert answer is not None
    return answer


async def code_after_sigterm(service: ServiceProcess) -> int:
    assert service.process is not None
    service.process.send_signal(signal.SIGTERM)
    return await asyncio.to_thread(service.process.wait, 40)


@pytest.mark.parametrize(
    ("has_broker", "has_store", "named"),
    [(False, True, "bus"), (True, False, "store"), (False, False, "store")],
    ids=["no broker", "no store", "neither"],
)
async def test_what_is_away_is_waited_for_and_a_stop_is_heard_meanwhile(
    kafka: str,
    store_url: str,
    prefix: str,
    tmp_path: Path,
    has_broker: bool,
    has_store: bool,
    named: str,
) -> None:
    servers = (kafka if has_broker else NO_BROKER, store_url if has_store else NO_STORE)
    async with running(tmp_path, *servers, prefix) as services:
        for answer in await asyncio.gather(*map(ready, services)):
            assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
            assert named in answer.text
        codes = await asyncio.gather(*map(code_after_sigterm, services))
    assert codes == [0] * len(SERVICES), [service.log.read_text()[-2000:] for service in services]


async def test_with_everything_there_each_becomes_ready_and_stops_cleanly(
    kafka: str, store_url: str, prefix: str, tmp_path: Path
) -> None:
    topics = all_topics(team.name for team in load_charter(CHARTER).teams)
    await apply_topics(KafkaSettings(bootstrap=kafka), topics, prefix=prefix, partitions=1)
    async with running(tmp_path, kafka, store_url, prefix) as services:
        await asyncio.gather(*(eventually(service.is_ready, timeout=120) for service in services))
        codes = await asyncio.gather(*map(code_after_sigterm, services))
        logs = {service.name: service.log.read_text() for service in services}
    assert codes == [0] * len(SERVICES), logs
    for name, log in logs.items():
        assert "service_stopped" in log, name
        assert "part_does_not_stop" not in log, name
        assert "drain_took_too_long" not in log, name
        assert "Unclosed" not in log, name

"""Every service starts and stops in one way, whatever is broken around it."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from desk_shared.bus.admin import apply_topics
from desk_shared.charter import load_charter
from desk_shared.events.topics import SERVICES, all_topics
from desk_shared.local.ports import free_ports
from desk_shared.settings import KafkaSettings
from desk_shared.testing import eventually
from desk_shared.testing.processes import CHARTER, ServiceProcess, environment

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]

NO_BROKER, NO_STORE = "127.0.0.1:9", "mongodb://127.0.0.1:9"


async def life(name: str, env: dict[str, str], *, port: int) -> tuple[int, str]:
    """Exit code and last words of one that ends by itself."""
    own = {f"{name.upper()}_HTTP_HOST": "127.0.0.1", f"{name.upper()}_HTTP_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"desk_{name}.service"),
        env=own | env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, said.decode()


BROKEN = {
    "no charter": ({"DESK_CHARTER": "/nowhere"}, "/nowhere"),
    "an unknown setting": ({"DESK_KAFKAA": "x"}, "DESK_KAFKAA"),
    "a setting that is wrong": ({"DESK_LOG_LEVEL": "loudly"}, "DESK_LOG_LEVEL"),
    "no sign-in where it is needed": ({"DESK_ENVIRONMENT": "production"}, "DESK_"),
    "no secret for cursors": ({"DESK_CURSOR_SECRET": "short"}, "DESK_CURSOR_SECRET"),
}


@pytest.mark.parametrize(("more", "named"), BROKEN.values(), ids=BROKEN)
async def test_what_is_configured_wrongly_is_said_in_a_sentence(
    more: dict[str, str], named: str
) -> None:
    env = environment(NO_BROKER, NO_STORE, "lives") | more
    found = await asyncio.gather(
        *(life(name, env, port=port) for name, port in zip(SERVICES, free_ports(5), strict=True))
    )
    for name, (code, said) in zip(SERVICES, found, strict=True):
        assert (code, "Traceback" in said) == (2, False), (name, said)
        assert named in said, (name, said)


async def test_a_charter_that_is_wrong_is_said_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "teams.yaml").write_text("teams: [{name: 7}]\n")
    env = environment(NO_BROKER, NO_STORE, "lives", tmp_path)
    found = await asyncio.gather(
        *(life(name, env, port=port) for name, port in zip(SERVICES, free_ports(5), strict=True))
    )
    for name, (code, said) in zip(SERVICES, found, strict=True):
        assert (code, "Traceback" in said) == (2, False), (name, said)
        assert "teams.yaml" in said, (name, said)


@pytest.mark.parametrize("name", SERVICES)
async def test_a_port_that_is_taken_is_said_in_a_sentence(name: str) -> None:
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        code, said = await life(name, environment(NO_BROKER, NO_STORE, "lives"), port=port)
    assert (code, "Traceback" in said) == (2, False), said
    assert f"127.0.0.1:{port}" in said
    assert f"{name.upper()}_HTTP_PORT" in said


@asynccontextmanager
async def running(
    folder: Path, kafka: str, mongo: str, prefix: str
) -> AsyncIterator[list[ServiceProcess]]:
    """All five, each with a log of its own; ended whatever happens."""
    env = environment(kafka, mongo, prefix)
    found = [ServiceProcess(name, env, folder / f"{name}.log") for name in SERVICES]
    for one in found:
        one.launch()
    try:
        yield found
    finally:
        for one in found:
            one.kill()


async def ready(one: ServiceProcess) -> httpx.Response:
    """Its answer, as soon as it answers at all."""

    async def asked() -> httpx.Response | None:
        try:
            return await one.get("/health/ready")
        except httpx.TransportError:
            return None

    answer = await eventually(asked, timeout=60)
    assert answer is not None
    return answer


async def code_after_sigterm(one: ServiceProcess) -> int:
    assert one.process is not None
    one.process.send_signal(signal.SIGTERM)
    return await asyncio.to_thread(one.process.wait, 40)


@pytest.mark.parametrize(
    ("has_broker", "has_store", "named"),
    [(False, True, "bus"), (True, False, "store"), (False, False, "store")],
    ids=["no broker", "no store", "neither"],
)
async def test_what_is_away_is_waited_for_and_a_stop_is_heard_meanwhile(
    kafka: str,
    mongo: str,
    prefix: str,
    tmp_path: Path,
    has_broker: bool,
    has_store: bool,
    named: str,
) -> None:
    servers = (kafka if has_broker else NO_BROKER, mongo if has_store else NO_STORE)
    async with running(tmp_path, *servers, prefix) as services:
        for answer in await asyncio.gather(*map(ready, services)):
            assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
            assert named in answer.text
        codes = await asyncio.gather(*map(code_after_sigterm, services))
    assert codes == [0] * len(SERVICES), [one.log.read_text()[-2000:] for one in services]


async def test_with_everything_there_each_becomes_ready_and_stops_cleanly(
    kafka: str, mongo: str, prefix: str, tmp_path: Path
) -> None:
    topics = all_topics(team.name for team in load_charter(CHARTER).teams)
    await apply_topics(KafkaSettings(bootstrap=kafka), topics, prefix=prefix, partitions=1)
    async with running(tmp_path, kafka, mongo, prefix) as services:
        await asyncio.gather(*(eventually(one.is_ready, timeout=120) for one in services))
        codes = await asyncio.gather(*map(code_after_sigterm, services))
        logs = {one.name: one.log.read_text() for one in services}
    assert codes == [0] * len(SERVICES), logs
    for name, log in logs.items():
        assert "service_stopped" in log, name
        assert "part_does_not_stop" not in log, name
        assert "drain_took_too_long" not in log, name
        assert "Unclosed" not in log, name

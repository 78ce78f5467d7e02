"""What a service cannot start with ends it with a sentence; what refuses it is waited for."""

import asyncio
import sys
from pathlib import Path

import httpx
import pytest
from desk_local.paths import ROOT
from desk_local.ports import free_ports
from desk_testing import eventually
from desk_testing.processes import ServiceProcess, environment

from tests.support.refusing_mongo import refusing_mongo

pytestmark = [pytest.mark.connected, pytest.mark.timeout(180)]

NOBODY = f"127.0.0.1:{free_ports(1)[0]}"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"DESK_STORE": "mysql://db"}, "DESK_STORE cannot be 'mysql://db'"),
        ({"DESK_STORE": "mongodb://127.0.0.1:99999"}, "DESK_STORE cannot be"),
        ({"DESK_KAFKA": "kafka"}, "write host:port"),
        ({"DESK_STORE_CA_FILE": "LICENSE"}, "holds no certificates in PEM"),
    ],
)
async def test_a_setting_that_cannot_be_ends_the_start_with_2(
    settings: dict[str, str], words: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "desk_notify"),
        env=environment(NOBODY, f"mongodb://{NOBODY}", "") | settings,
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await process.communicate()
    assert process.returncode == 2
    assert words in complaint.decode()
    assert "Traceback" not in complaint.decode()


async def test_a_store_that_refuses_and_brokers_that_are_away_are_waited_for_in_words(
    tmp_path: Path,
) -> None:
    with refusing_mongo(18, "Authentication failed.") as url:
        login = {"DESK_STORE_USERNAME": "notify", "DESK_STORE_PASSWORD": "wrong" * 4}
        env = environment(NOBODY, url, "") | login
        service = ServiceProcess("notify", env, tmp_path / "notify.log", is_fresh=True)
        service.launch()
        try:

            async def says_both() -> bool:
                try:
                    answer = await service.get("/health/ready")
                except httpx.TransportError:
                    return False
                reasons = " ".join(answer.json()["reasons"])
                return "refuses to sign in" in reasons and f"{NOBODY} cannot be reached" in reasons

            await eventually(says_both, timeout=60)
        finally:
            service.stop()
    log = (tmp_path / "notify.log").read_text()
    assert "dependency_awaited" in log
    assert "Traceback" not in log

"""Store and broker stand still for a while, one after the other, under all five services."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest
from desk_contracts.topics import SERVICES
from desk_local import local_servers
from desk_local.daemon import Daemon
from desk_local.lifecycle import apply_topics
from desk_local.paths import ROOT
from desk_local.services import LocalServices, local_services
from desk_platform.settings import KafkaSettings
from desk_testing import eventually

from tests.support.load import Load, progress, settled

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]

# Longer than a driver looks for a server; longer than a member of a group may be silent.
STORE_FROZEN = float(os.environ.get("DESK_STORE_FROZEN", "6"))
BROKER_FROZEN = float(os.environ.get("DESK_BROKER_FROZEN", "10"))
READY_WITHIN = 15.0


@asynccontextmanager
async def frozen(server: Daemon, seconds: float) -> AsyncIterator[None]:
    """It keeps its connections and answers nothing; what is done inside happens meanwhile."""
    until = monotonic() + seconds
    server.pause()
    try:
        yield
        await eventually(lambda: monotonic() >= until, timeout=seconds + 1)
    finally:
        server.resume()


async def until_ready(services: LocalServices) -> float:
    """Seconds until every service is ready again; none has ended."""
    began = monotonic()

    async def all_ready() -> bool:
        assert [name for name in SERVICES if not services[name].alive] == []
        ready = await asyncio.gather(
            *(asyncio.to_thread(services[name].answers) for name in SERVICES)
        )
        waiting = [name for name, is_ready in zip(SERVICES, ready, strict=True) if not is_ready]
        assert waiting == []
        return True

    await eventually(all_ready, timeout=60, interval=0.1)
    return monotonic() - began


def change(charter: Path) -> None:
    """Another SLA, of which metrics makes a note in the store."""
    slas = charter / "slas.yaml"
    before = slas.read_text()
    slas.write_text(before.replace("target: 15m", "target: 20m"))
    assert slas.read_text() != before


async def test_store_and_broker_that_stand_still_end_nothing_and_lose_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    charter = shutil.copytree(ROOT / "charter", tmp_path / "charter")
    with local_servers(tmp_path / "servers", backend="memory") as servers:
        apply_topics(servers.kafka)
        env = {"DESK_CHARTER": str(charter)}
        with local_services(tmp_path, servers.kafka, servers.store_url, **env) as services:
            load = Load(services["intake"].address, KafkaSettings(bootstrap=servers.kafka))
            async with load.running():
                await progress(load, 5)
                before = len(load.accepted)
                async with frozen(servers.store, STORE_FROZEN):
                    change(charter)
                # Those whose answer was on its way already.
                assert len(load.accepted) <= before + 4
                after_store = await until_ready(services)
                await progress(load, len(load.accepted) + 5)
                async with frozen(servers.broker, BROKER_FROZEN):
                    pass
                after_broker = await until_ready(services)
                await progress(load, len(load.accepted) + 5)
            findings = await settled(load, servers.kafka, servers.store_url)
            logs = {name: services[name].log.read_text() for name in SERVICES}
            assert [name for name in SERVICES if not services[name].alive] == []
    with capsys.disabled():
        print(  # noqa: T201
            f"\nfreezes: ready {after_store:.1f} s after the store, {after_broker:.1f} s after the"
            f" broker; {findings.summary()}"
        )
    assert findings.is_clean, list(findings.lines())
    assert findings.tickets == len(load.accepted) + len(load.requested)
    assert after_store < READY_WITHIN
    assert after_broker < READY_WITHIN
    assert [name for name, log in logs.items() if "charter_changed" not in log] == []
    assert "slas_changed" in logs["metrics"]

"""Services of a working desk are killed at random while people ask; nothing may be lost."""

import asyncio
import os
import random
from pathlib import Path
from time import monotonic

import pytest
from desk_contracts.topics import SERVICES
from desk_local import local_servers
from desk_local.lifecycle import apply_topics
from desk_local.services import LocalServices, local_services
from desk_platform.settings import KafkaSettings

from tests.support.load import Load, progress, settled

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

KILLS = int(os.environ.get("DESK_STORM_KILLS", "40"))
SEED = 20261121


async def test_a_storm_of_kills_loses_and_doubles_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(SEED)  # noqa: S311 (a repeatable storm)
    with local_servers(tmp_path / "servers", backend="h2") as servers:
        apply_topics(servers.kafka)
        with local_services(tmp_path, servers.kafka, servers.store_url) as services:
            load = Load(services["intake"].address, KafkaSettings(bootstrap=servers.kafka))
            slowest = await _storm(load, services, chance)
            findings = await settled(load, servers.kafka, servers.store_url)
    with capsys.disabled():
        print(f"\nstorm: {KILLS} kills, slowest recovery {slowest:.1f} s; {findings.summary()}")  # noqa: T201
    assert findings.is_clean, list(findings.lines())
    assert findings.tickets == len(load.accepted) + len(load.requested)
    assert slowest < 15


async def _storm(load: Load, services: LocalServices, chance: random.Random) -> float:
    """Kill one service after the other while people ask; the slowest time back to ready."""
    slowest = 0.0
    async with load.running():
        for _ in range(KILLS):
            await progress(load, len(load.accepted) + 3)
            service = services[chance.choice(SERVICES)]
            await asyncio.to_thread(service.kill)
            started = monotonic()
            await asyncio.to_thread(service.start)
            slowest = max(slowest, monotonic() - started)
    return slowest

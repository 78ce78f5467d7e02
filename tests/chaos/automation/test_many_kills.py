"""Both replicas die again and again at chance boundaries of their journals, and so do the servers.

`make kills` makes 1,000 faults and says how long an interrupted run waited. DESK_KILLS_SEED repeats
the order of faults, DESK_KILLS_STORE=h2 takes a store of MongoDB's protocol, which is paused too.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from statistics import quantiles

import pytest
from desk_local import LocalServers, local_servers
from desk_testing import eventually
from desk_testing.processes import environment

from tests.support.automation_desk import Automation, Bus, Target
from tests.support.automation_kills import assert_sound, write_charter
from tests.support.automation_servers import bus, target
from tests.support.automation_storm import Storm

__all__ = ["bus", "target"]

FAULTS = int(os.environ.get("DESK_KILLS", "12"))
SEED = int(os.environ.get("DESK_KILLS_SEED") or random.SystemRandom().randrange(2**32))
BACKEND = os.environ.get("DESK_KILLS_STORE", "sqlite")
RECOVERY_SECONDS = 15.0
FEWEST_FOR_A_PERCENTILE = 200

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.connected,
    pytest.mark.timeout(300 + 20 * FAULTS),
]


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[LocalServers]:
    """Of its own, so that they can be killed."""
    made = local_servers(tmp_path / "servers", backend=BACKEND, is_quick=True)  # type: ignore[arg-type]
    async with made as servers:
        yield servers


@pytest.fixture
def kafka(servers: LocalServers) -> str:
    return servers.kafka


@pytest.fixture
def replicas(servers: LocalServers, bus: Bus, tmp_path: Path) -> tuple[Automation, Automation]:
    """Not started yet."""
    write_charter(tmp_path / "charter")
    more = {"AUTOMATION_LEASE": "2", "DESK_CHARTER": str(tmp_path / "charter")}
    env = environment(servers.kafka, servers.store_url, bus.prefix) | more
    # As in a cluster, where a pod that comes again has its name and so its partitions.
    first, second = (
        Automation(
            "automation",
            env | {"DESK_KAFKA_INSTANCE": f"automation-{number}"},
            tmp_path / f"automation-{number}.log",
        )
        for number in (1, 2)
    )
    return first, second


def outages_of(servers: LocalServers) -> Mapping[str, Callable[[], Awaitable[None]]]:
    async def restart_broker() -> None:
        await asyncio.to_thread(servers.broker.kill)
        await asyncio.to_thread(servers.broker.start)

    async def pause(server: str) -> None:
        daemon = getattr(servers, server)
        daemon.pause()
        _, waiting = await asyncio.wait([asyncio.create_task(asyncio.Event().wait())], timeout=3)
        daemon.resume()
        for task in waiting:
            task.cancel()

    outages = {"broker killed": restart_broker, "broker paused": lambda: pause("broker")}
    return outages if BACKEND == "sqlite" else outages | {"store paused": lambda: pause("store")}


async def test_faults_at_chance_boundaries_lose_nothing_and_repeat_nothing_in_silence(
    replicas: tuple[Automation, Automation],
    servers: LocalServers,
    bus: Bus,
    target: Target,
    capsys: pytest.CaptureFixture[str],
) -> None:
    target.delay = 0.05
    storm = Storm(replicas, bus, target, random.Random(SEED), FAULTS)  # noqa: S311 (by seed)
    try:
        await storm.rage(outages_of(servers))
        await eventually(storm.all_ended, timeout=240, interval=0.5)
    finally:
        for replica in replicas:
            replica.stop()
    book = storm.book
    with capsys.disabled():
        print(f"\nseed {SEED}, {BACKEND}: {dict(book.faults)}; {len(book.troubles)} runs")  # noqa: T201
        print(f"steps {dict(storm.steps())}; {len(book.waits)} interrupted")  # noqa: T201
    assert_sound(bus, target, book.troubles)
    assert not storm.unsaid()
    if len(book.waits) >= FEWEST_FOR_A_PERCENTILE:
        first, last = (quantiles(times, n=20)[18] for times in (book.waits, book.recoveries))
        with capsys.disabled():
            print(f"p95 of interrupted runs: {first:.1f} s since the first fault that met them,")  # noqa: T201
            print(f"{last:.1f} s since the last one")  # noqa: T201
        assert last < RECOVERY_SECONDS

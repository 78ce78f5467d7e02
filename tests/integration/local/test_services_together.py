"""Services that are started together share memory, and are processes as any other otherwise."""

import os
import select
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from desk_contracts.topics import SERVICES, all_topics
from desk_local.forks import Life, fork_all
from desk_local.paths import ROOT
from desk_local.processes import CannotStart
from desk_local.services import LocalServices, local_services
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings

pytestmark = [
    pytest.mark.connected,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="forks are made on Linux only"),
]
NAMES = ("notify", "metrics")
OTHERS = tuple(f".{name}.{end}" for name in {*SERVICES} - {*NAMES} for end in ("retry", "dead"))


@pytest.fixture
async def services(
    kafka: str, store_url: str, prefix: str, tmp_path: Path
) -> AsyncIterator[LocalServices]:
    """Not started."""
    topics = [topic for topic in all_topics(["network"]) if not topic.name.endswith(OTHERS)]
    await apply_topics(KafkaSettings(bootstrap=kafka), topics, prefix=prefix, partitions=1)
    names = {"DESK_TOPIC_PREFIX": prefix, "DESK_DATABASE_PREFIX": prefix}
    services = local_services(tmp_path, kafka, store_url, names=NAMES, **names)
    yield services
    services.kill()


def pid_of(services: LocalServices, name: str) -> int:
    running = services[name].running
    assert running is not None
    assert running.alive
    return running.pid


def shared_mb(pid: int) -> int:
    """What it has of pages that were written to, and that others have too."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("Shared_Dirty:"))
    return int(line.split()[1]) // 1024


def test_each_is_a_process_of_its_own_and_they_share_their_libraries(
    services: LocalServices,
) -> None:
    services.start()
    pids = {name: pid_of(services, name) for name in NAMES}
    for name, pid in pids.items():
        assert os.getsid(pid) == pid
        assert Path(f"/proc/{pid}/comm").read_text().strip() == f"desk_{name}"
        assert shared_mb(pid) > 20
        assert f'"service.name": "{name}"' in services[name].log.read_text()
        assert httpx.get(f"{services[name].address}/health/ready").is_success
    notify, metrics = (os.getpriority(os.PRIO_PROCESS, pids[name]) for name in NAMES)
    assert metrics == notify + 5

    services["metrics"].kill()
    assert pid_of(services, "notify") == pids["notify"]
    services["metrics"].start()
    assert pid_of(services, "metrics") != pids["metrics"]

    running = [services[name].running for name in NAMES]
    services.stop()
    assert not any(item.alive for item in running if item is not None)


def fork_and_wait(lives: Sequence[Life]) -> list[int]:
    """All have ended before anybody looks at them."""
    pids = fork_all(lives)
    for pid in pids:
        with suppress(ProcessLookupError):
            over = os.pidfd_open(pid)
            select.select([over], [], [], 60)
            os.close(over)
    return pids


@pytest.mark.parametrize("fork", [fork_all, fork_and_wait])
def test_one_that_cannot_start_is_told_with_the_end_of_its_log(
    services: LocalServices,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    fork: Callable[[Sequence[Life]], list[int]],
) -> None:
    monkeypatch.setattr("desk_local.services.fork_all", fork)
    monkeypatch.setenv("DESK_CHARTER", str(tmp_path / "nowhere"))
    with pytest.raises(CannotStart, match=r"(?s)notify ended while it was starting.*nowhere"):
        services.start()


def test_what_they_share_and_cannot_import_is_told(
    services: LocalServices, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "desk_charter").mkdir()
    (tmp_path / "desk_charter" / "__init__.py").write_text("raise ImportError('half of it')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
    with pytest.raises(CannotStart, match="half of it"):
        services.start()


def test_imports_that_take_too_long_are_told(
    services: LocalServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk_local.forks._LONGEST_S", 0)
    with pytest.raises(CannotStart, match="took 0 s; try again"):
        services.start()

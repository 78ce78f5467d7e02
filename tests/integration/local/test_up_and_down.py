"""`up` starts what does not run, finds what does, and `down` ends it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from desk_local import state
from desk_local.lifecycle import DESK_PORTS
from desk_local.paths import Places
from desk_local.ports import HOST, free_offset
from pymongo import MongoClient

pytestmark = [pytest.mark.connected, pytest.mark.timeout(720)]

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Command]:
    env = {**os.environ, "DESK_PORT_OFFSET": str(free_offset(DESK_PORTS))}
    env = {name: value for name, value in env.items() if name not in ("DESK_KAFKA", "DESK_STORE")}

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "desk_local", *arguments, "--data", str(tmp_path)]
        return subprocess.run(
            command, env=env | more, capture_output=True, text=True, check=False, timeout=200
        )

    yield run
    run("down")


def _up(local: Command, *options: str) -> str:
    done = local("up", "--no-services", "--infra", "local", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_up_again_finds_what_runs_replaces_what_died_and_down_ends_it(
    local: Command, tmp_path: Path
) -> None:
    server = ("--backend", "h2")
    first = _up(local, *server)
    assert "kafka and store: local, because it was asked for" in first
    before = state.read(Places(tmp_path))
    store_url = before.servers["store"].address
    with MongoClient[dict[str, object]](store_url) as client:
        client["desk"]["rows"].insert_one({"_id": "kept"})
    os.kill(before.processes["store"].pid, signal.SIGKILL)
    assert before.processes["store"].running.wait_gone(60)

    _up(local, *server)
    after = state.read(Places(tmp_path))
    assert after.processes["kafka"] == before.processes["kafka"]
    assert after.processes["store"].pid != before.processes["store"].pid
    with MongoClient[dict[str, object]](store_url) as client:
        assert client["desk"]["rows"].find_one({"_id": "kept"}) is not None

    assert local("status").returncode == 1  # the services were not asked for
    assert local("down").returncode == 0
    assert not any(entry.running.alive for entry in after.processes.values())


def test_the_embedded_store_is_a_folder_and_no_process(local: Command, tmp_path: Path) -> None:
    _up(local)
    running = state.read(Places(tmp_path))
    assert running.servers["store"].address == f"sqlite:{tmp_path / 'store'}"
    assert set(running.processes) == {"kafka"}


def test_a_port_in_use_is_a_sentence_and_nothing_is_started(local: Command, tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        done = local("up", "--infra", "local", DESK_KAFKA_PORT=str(port))
    assert done.returncode == 1
    assert f"Port {port}, which kafka needs, is in use" in done.stderr
    assert "Traceback" not in done.stderr
    assert not state.read(Places(tmp_path)).processes

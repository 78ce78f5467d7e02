"""The demo's day on five real services: its own judgement, then the audit of what is left."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from desk_local import local_servers
from desk_local.lifecycle import apply_topics
from desk_local.paths import ROOT
from desk_local.services import PORTS, LocalServices, local_services

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


def test_a_days_story_comes_true_and_leaves_nothing_lost(tmp_path: Path) -> None:
    with local_servers(tmp_path / "servers", backend="memory", is_quick=True) as servers:
        apply_topics(servers.kafka)
        with local_services(tmp_path, servers.kafka, servers.store_url) as services:
            env = _env(servers.kafka, servers.store_url, services)
            story = _run([sys.executable, "-m", "desk_demo", "--plain"], env)
            assert story.returncode == 0, story.stdout + story.stderr
            audit = _run([str(Path(sys.executable).with_name("desk")), "audit"], env)
            assert audit.returncode == 0, audit.stdout + audit.stderr
            assert "0 lost, 0 doubled, 0 out of order, 0 gaps" in audit.stdout
            dead = _run([str(Path(sys.executable).with_name("desk")), "dead", "list"], env)
            assert dead.stdout.strip() == "No dead letters."


def _env(kafka: str, store_url: str, services: LocalServices) -> dict[str, str]:
    addresses = {f"DESKCLI_{name.upper()}_URL": services[name].address for name in PORTS}
    return {
        **os.environ,
        **addresses,
        "DESK_KAFKA": kafka,
        "DESK_STORE": store_url,
        "PYTHONPATH": str(ROOT / "demo"),
    }


def _run(command: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False
    )

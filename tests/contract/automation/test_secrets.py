"""A secret reaches its target and nothing else: no journal, event or log has it, whatever happens.

The whole engine with real executors, on targets that give back what they were sent.
"""

import hashlib
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import asyncssh
import pytest
from desk_automation.adapters.executors.registry import EXECUTORS
from desk_automation.runs.model import Phase
from desk_testing import slapd
from desk_testing.slapd import BASE, WORD

from tests.support import sshd
from tests.support.automation_engine import Engine, act, raised, runbook
from tests.support.executor_machines import directory_side, kubernetes_side, ssh_side
from tests.support.executor_sides import (
    SECRET,
    HttpSide,
    Program,
    hold_secrets,
    http_side,
    surroundings,
)
from tests.support.kubernetes_api import TOKEN


async def run_of(folder: Path, step: Mapping[str, object]) -> Engine:
    """A run with that step and real executors, to its end."""
    made = Engine((runbook(steps=[{**act(), **step}]),))
    given = surroundings(folder)
    made.executors = {name: kind.open(given) for name, kind in EXECUTORS.kinds.items()}
    made.restart()
    await made.hear(raised())
    await made.settle(timedelta(hours=2))
    for executor in made.executors.values():
        await executor.close()
    return made


async def search(engine: Engine, caplog: pytest.LogCaptureFixture, *secrets: str) -> None:
    """What is kept, published and logged has something of the run, and nothing of a secret."""
    run = await engine.run()
    assert run.journal
    places = {
        "journal": run.model_dump_json(),
        "events": "\n".join(str(event) for event in engine.bus.events()),
        "logs": caplog.text,
    }
    assert "clean" in places["journal"]
    assert "clean" in places["events"]
    for name, text in places.items():
        for secret in secrets:
            for line in secret.splitlines():
                assert line.strip() not in text, name


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


@pytest.fixture
async def target() -> AsyncIterator[HttpSide]:
    async with http_side() as side:
        assert isinstance(side, HttpSide)
        yield side


@pytest.mark.parametrize("status", ["200 OK", "401 Unauthorized", "500 Broken"])
async def test_of_http(
    target: HttpSide, tmp_path: Path, caplog: pytest.LogCaptureFixture, status: str
) -> None:
    hold_secrets(tmp_path, agent=SECRET)
    target.status, target.body = status, f"no such token as {SECRET}"
    request = {
        "method": "POST",
        "url": f"http://127.0.0.1:{target.port}/clean",
        "headers": {"Authorization": "Bearer ${secret.agent}"},
    }
    engine = await run_of(tmp_path, {"request": request, "timeout": "2s"})
    assert any(f"Bearer {SECRET}" in head for head in target.heads)
    await search(engine, caplog, SECRET)


async def test_no_event_names_a_secret(target: HttpSide, tmp_path: Path) -> None:
    hold_secrets(tmp_path, agent=SECRET)
    request = {
        "method": "POST",
        "url": f"http://127.0.0.1:{target.port}/clean",
        "headers": {"X-From": "${data.attributes.agent_url}"},
    }
    made = Engine((runbook(steps=[act() | {"request": request}]),))
    given = surroundings(tmp_path)
    made.executors = {name: kind.open(given) for name, kind in EXECUTORS.kinds.items()}
    made.restart()
    await made.hear(raised(attributes={"agent_url": "${secret.agent}"}))
    await made.settle(timedelta(hours=2))
    assert any("${secret.agent}" in head for head in target.heads)
    assert not any(SECRET in head for head in target.heads)


async def test_of_a_script(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    hold_secrets(tmp_path, agent=SECRET)
    program = Program(tmp_path)
    text = f'#!/bin/sh\necho "$TOKEN" >&2\nprintf %s "$TOKEN" > {tmp_path}/effects/got; exit 7'
    program.path.write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    request = {"script": "program", "sha256": digest, "secrets": {"TOKEN": "agent"}}
    for parent in tmp_path.parents:  # as deep as the runner of tests makes it
        if parent.name.startswith(("pytest-", "popen-")):
            parent.chmod(0o755)
    step = {"executor": "script", "effect": "idempotent", "request": request}
    engine = await run_of(tmp_path, step)
    assert (tmp_path / "effects" / "got").read_text() == SECRET
    assert (await engine.run()).phase is Phase.ESCALATED
    await search(engine, caplog, SECRET)


@pytest.mark.skipif(not sshd.is_installed(), reason=sshd.MISSING)
@pytest.mark.parametrize("is_right", [True, False])
async def test_of_ssh(caplog: pytest.LogCaptureFixture, is_right: bool) -> None:
    async with ssh_side() as side:
        folder, key = side.program.folder, side.server.private_key()
        if not is_right:
            key = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
            hold_secrets(folder, ssh_key=key)
        request = {
            "host": "127.0.0.1",
            "port": side.server.port,
            "user": side.server.user,
            "key": "ssh-key",
            "host_keys": [side.server.known_host],
            # A machine that shows what it should not.
            "command": ["cat", str(folder / "secrets" / "ssh-key"), "${key}"],
        }
        engine = await run_of(folder, {"executor": "ssh", "request": request})
        await search(engine, caplog, *key.splitlines()[1:-1])


async def test_of_kubernetes(caplog: pytest.LogCaptureFixture) -> None:
    async with kubernetes_side() as side:
        side.say(f"bearer {TOKEN} may not do that")
        request = {
            "server": "127.0.0.1",
            "port": side.api.port,
            "token": "cluster-token",
            "ca": "cluster-ca",
            "namespace": "shop",
            "action": "restart",
            "name": "shop",
        }
        engine = await run_of(side.api.folder, {"executor": "kubernetes", "request": request})
        assert any(f"Bearer {TOKEN}" in head for head in side.api.heads)
        await search(engine, caplog, TOKEN)


@pytest.mark.skipif(not slapd.is_installed(), reason=slapd.MISSING)
@pytest.mark.parametrize("word", [WORD, "a wrong word"])
async def test_of_a_directory(caplog: pytest.LogCaptureFixture, word: str) -> None:
    async with directory_side() as side:
        hold_secrets(side.folder, directory=word)
        request = {
            "server": "127.0.0.1",
            "port": side.server.port,
            "security": "none",
            "base": BASE,
            "user": slapd.ADMIN,
            "password": "directory",
            "action": "unlock",
            "login": "ivy",
        }
        step = {"executor": "directory", "effect": "idempotent", "request": request}
        engine = await run_of(side.folder, step)
        assert side.effects() == (1 if word == WORD else 0)
        await search(engine, caplog, word)

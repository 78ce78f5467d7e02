"""Targets of executors that are told what to do next: HTTP, the fake, a wait, a script.

Every executor's contract is tried on one of them.
"""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.executor import Executor
from desk_automation.actions.model import Action, Attempt, Call
from desk_automation.actions.redaction import redact
from desk_automation.adapters.executors.http import HttpAction
from desk_automation.adapters.executors.http_hosts import Hosts
from desk_automation.adapters.executors.registry import EXECUTORS, Surroundings
from desk_automation.adapters.executors.script import ScriptAction, Scripts
from desk_automation.adapters.executors.secrets import Secrets
from desk_automation.adapters.executors.wait import WaitAction
from desk_contracts.message import verbatim
from desk_platform.clock import SystemClock
from desk_testing.telemetry import record_telemetry

from tests.support.automation_engine import FakeTarget

METERS = record_telemetry().telemetry.meters
# What every action names, and what no message, log or error may say.
SECRET = "hunter2hunter2"  # noqa: S105 (made up)


class FarSide(Protocol):
    """A target of one executor, told what to do with the next call."""

    @property
    def executor(self) -> Executor: ...
    @property
    def timeout(self) -> float:
        """How long an attempt may take, in seconds: more than it needs to reach its target."""
        ...

    def action(self, key: str) -> Action: ...
    def action_elsewhere(self) -> Action:
        """On another target."""
        ...

    def take(self) -> None: ...
    def refuse(self) -> None: ...
    def fall_silent(self) -> None:
        """It has its effect, and no answer comes."""
        ...

    def say(self, text: str) -> None: ...
    def effects(self) -> int:
        """What was done, that of one key once where the target keeps keys."""
        ...


def attempt_of(
    side: FarSide,
    key: str = "key-1",
    *,
    action: Action | None = None,
    seconds: float | None = None,
    expect: str = "",
) -> Attempt:
    """One attempt of the side's action, or of another; with `expect` a question."""
    action = action or side.action(key)
    call = Call(
        executor="any",
        action=action.model_dump(mode="json"),
        summary=action.summarize(),
        timeout=timedelta(seconds=side.timeout if seconds is None else seconds),
        attempts=3,
        base=timedelta(seconds=1),
        cap=timedelta(seconds=1),
    )
    return Attempt("probe" if expect else "act", "clean", call, key, 1, expect)


async def execute(
    side: FarSide,
    action: Action | None = None,
    *,
    key: str = "key-1",
    seconds: float | None = None,
    expect: str = "",
) -> Answer:
    """The answer to one attempt of a run that is ours."""
    attempt = attempt_of(side, key, action=action, seconds=seconds, expect=expect)
    return await side.executor.execute(attempt, "run", 1, is_open)


async def is_open() -> bool:
    return True


async def is_closed() -> bool:
    return False


def surroundings(folder: Path | None = None) -> Surroundings:
    """This machine may be called; secrets and scripts are in the folder."""
    secrets = None if folder is None else folder / "secrets"
    return Surroundings(
        Hosts(("127.0.0.0/8:*", "elsewhere:*")),
        SystemClock(),
        METERS,
        Secrets(secrets),
        Scripts(folder),
    )


def hold_secrets(folder: Path, **secrets: str) -> None:
    """A folder of secrets in the folder."""
    place = folder / "secrets"
    place.mkdir(mode=0o700, exist_ok=True)
    for name, text in secrets.items():
        (place / name.replace("_", "-")).write_text(text + "\n")


@dataclass
class HttpSide:
    """A server that keeps idempotency keys, and breaks off where it is silent."""

    executor: Executor
    port: int = 0
    timeout: float = 0.3
    status: str = "200 OK"
    body: str = "ok"
    is_silent: bool = False
    keys: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    def action(self, key: str) -> Action:  # noqa: ARG002 (it is sent as a header)
        url = f"http://127.0.0.1:{self.port}/clean"
        headers = {"Authorization": "Bearer ${secret.agent}"}
        return HttpAction(method="POST", url=url, secret_headers=headers)

    def action_elsewhere(self) -> Action:
        return HttpAction(method="POST", url="http://elsewhere:81/clean")

    def take(self) -> None:
        self.status, self.is_silent = "200 OK", False

    def refuse(self) -> None:
        self.status = "404 Not Found"

    def fall_silent(self) -> None:
        self.is_silent = True

    def say(self, text: str) -> None:
        self.body = text

    def effects(self) -> int:
        return len(set(self.keys))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        [key] = [line for line in head.splitlines() if line.lower().startswith("idempotency-key")]
        if self.status.startswith("2"):
            self.keys.append(key)
        if self.is_silent:
            await reader.read()
        else:
            body = self.body.encode()
            text = f"HTTP/1.1 {self.status}\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write(text.encode() + body)
            await writer.drain()
        writer.close()


@dataclass
class FakeSide:
    """The far side of the engine's tests."""

    executor: FakeTarget
    timeout: float = 0.3

    def action(self, key: str) -> Action:  # noqa: ARG002 (it is in the attempt)
        return HttpAction(method="POST", url="http://x")

    def action_elsewhere(self) -> Action:
        return HttpAction(method="POST", url="http://elsewhere:81/clean")

    def take(self) -> None:
        self.executor.script = [Answer(Result.OK, verbatim("200"), is_met=True)]

    def refuse(self) -> None:
        self.executor.script = [Answer(Result.REFUSED, verbatim("404"))]

    def fall_silent(self) -> None:
        self.executor.script = [Answer(Result.UNKNOWN, verbatim("no answer"))]

    def say(self, text: str) -> None:
        answer = redact(text.replace(SECRET, "***"))
        self.executor.script = [Answer(Result.OK, verbatim(answer), is_met=True)]

    def effects(self) -> int:
        return self.executor.distinct_effects


@dataclass
class WaitSide:
    """A wait has no target: nothing refuses it, is silent, or says anything."""

    executor: Executor
    timeout: float = 0.3

    def action(self, key: str) -> Action:  # noqa: ARG002 (nothing keeps it)
        return WaitAction(pause=timedelta(seconds=5))

    def action_elsewhere(self) -> Action:
        raise NotImplementedError

    def take(self) -> None:
        """There is nobody to do it."""

    def refuse(self) -> None:
        raise NotImplementedError

    def fall_silent(self) -> None:
        raise NotImplementedError

    def say(self, text: str) -> None:
        raise NotImplementedError

    def effects(self) -> int:
        return 0


# Keeps each key as a file, and does what the file `mode` says.
_PROGRAM = """\
#!/bin/sh
mode=$(cat {folder}/mode)
if [ "$mode" = refuse ]; then echo "not here" >&2; exit 3; fi
touch "{folder}/effects/$1"
if [ "$mode" = silent ]; then sleep 60; fi
cat {folder}/words
"""


@dataclass
class Program:
    """A command that keeps keys in a folder that anybody may write."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.chmod(0o755)
        effects = self.folder / "effects"
        effects.mkdir()
        effects.chmod(0o777)
        (self.folder / "words").write_text("ok")
        self.path.write_text(_PROGRAM.format(folder=self.folder))
        self.path.chmod(0o755)
        self.set_mode("take")

    @property
    def path(self) -> Path:
        return self.folder / "program"

    def set_mode(self, mode: str) -> None:
        (self.folder / "mode").write_text(mode)

    def say(self, text: str) -> None:
        (self.folder / "words").write_text(text)

    def effects(self) -> int:
        return len(list((self.folder / "effects").iterdir()))


@dataclass
class ScriptSide:
    """A script that is handed the key."""

    executor: Executor
    program: Program
    timeout: float = 3

    def action(self, key: str) -> Action:
        digest = hashlib.sha256(self.program.path.read_bytes()).hexdigest()
        return script_action("program", digest, key)

    def action_elsewhere(self) -> Action:
        return script_action("another", "0" * 64)

    def take(self) -> None:
        self.program.set_mode("take")

    def refuse(self) -> None:
        self.program.set_mode("refuse")

    def fall_silent(self) -> None:
        self.program.set_mode("silent")

    def say(self, text: str) -> None:
        self.program.say(text)

    def effects(self) -> int:
        return self.program.effects()


def script_action(script: str, sha256: str, *arguments: str, **changes: object) -> ScriptAction:
    """A script with bounds that a short one keeps."""
    plain: dict[str, object] = {
        "script": script,
        "sha256": sha256,
        "arguments": arguments,
        "environment": {},
        "secrets": {"TOKEN": "agent"},
        "cpu_seconds": 5.0,
        "memory_mib": 256,
        "file_mib": 1,
        "files": 32,
        "processes": 16,
        "no_effect": (3,),
    }
    return ScriptAction.model_validate(plain | changes)


@asynccontextmanager
async def http_side() -> AsyncIterator[FarSide]:
    with tempfile.TemporaryDirectory() as made:
        hold_secrets(Path(made), agent=SECRET)
        side = HttpSide(EXECUTORS.kind("http").open(surroundings(Path(made))))
        server = await asyncio.start_server(side.serve, "127.0.0.1", 0)
        side.port = server.sockets[0].getsockname()[1]
        yield side
        await side.executor.close()
        server.close()


@asynccontextmanager
async def fake_side() -> AsyncIterator[FarSide]:
    yield FakeSide(FakeTarget())


@asynccontextmanager
async def wait_side() -> AsyncIterator[FarSide]:
    side = WaitSide(EXECUTORS.kind("wait").open(surroundings()))
    yield side
    await side.executor.close()


@asynccontextmanager
async def script_side() -> AsyncIterator[FarSide]:
    with tempfile.TemporaryDirectory() as made:
        hold_secrets(Path(made), agent=SECRET)
        executor = EXECUTORS.kind("script").open(surroundings(Path(made)))
        yield ScriptSide(executor, Program(Path(made)))

"""A fork of a process that has imported the services is a process as any: both keep the same laws.

Each test is run with an interpreter of its own and with a fork.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from desk_local.paths import ROOT
from desk_local.reaper import birth_of
from desk_testing import eventually
from desk_testing.commands import run_desk
from desk_testing.processes import ServiceProcess

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are made on Linux only")

Starts = Callable[..., ServiceProcess]
# Starts one, says its id, and waits to be killed.
OWNER = """
import os, sys, time
from pathlib import Path
from desk_testing.commands import run_desk
from desk_testing.processes import ServiceProcess
env = os.environ | {"ENDS_WITH": "signal"}
life = ServiceProcess("notify", env, Path(sys.argv[1]), module="tests.support.spoken_life")
life.launch()
print(life.process.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=[True, False], ids=["interpreter", "fork"])
def starts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Starts]:
    """Starts a process that ends as it is told to."""
    started = list[ServiceProcess]()

    def start(ends_with: str) -> ServiceProcess:
        path = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        log = tmp_path / f"{len(started)}.log"
        process = ServiceProcess(
            "notify",
            path | {"ENDS_WITH": ends_with},
            log,
            module="tests.support.spoken_life",
            is_fresh=request.param,
        )
        process.launch()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()


async def tells(life: ServiceProcess) -> dict[str, Any]:
    """What it says that it was given."""

    def read_line() -> str:
        return life.log.read_text().partition("\n")[0]

    return dict(json.loads(await eventually(read_line, timeout=60)))


def children_of(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


async def test_it_has_what_it_was_given_and_nothing_else(starts: Starts) -> None:
    life = starts("signal")
    given = await tells(life)
    own = {"ENDS_WITH", "HOME", "PATH", "NOTIFY_HTTP_HOST", "NOTIFY_HTTP_PORT"}
    # Python itself adds LC_CTYPE where no language is set.
    assert set(given["variables"]) - {"LC_CTYPE"} == own
    assert given["name"] == "__main__"
    assert given["argv"] == []
    assert given["path"] == given["folder"] == str(ROOT)
    assert given["outputs"] == [str(life.log)] * 2
    assert given["parent"] == os.getpid()
    assert (given["session"], given["group"]) == (os.getsid(0), os.getpgid(0))
    assert given["threads"] == 1
    # Ctrl-C is ignored by whatever is started where it is ignored.
    is_ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert (given["signals"][0] == str(signal.SIG_IGN)) == is_ignored
    assert given["signals"][1] == str(signal.SIG_DFL)
    assert given["blocked"] == []


async def test_chance_is_another_each_time(starts: Starts) -> None:
    first, second = [await tells(starts("signal")) for _ in range(2)]
    assert first["chance"] != second["chance"]


@pytest.mark.parametrize(
    ("ends_with", "code", "words"), [("0", 0, ""), ("2", 2, ""), ("bug", 1, "ZeroDivisionError")]
)
async def test_it_ends_with_its_code(starts: Starts, ends_with: str, code: int, words: str) -> None:
    life = starts(ends_with)
    assert life.process is not None
    assert await asyncio.to_thread(life.process.wait, 60) == code
    assert life.process.poll() == code
    assert words in life.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_signal_ends_it_and_nothing_is_left(starts: Starts, number: int) -> None:
    life = starts("signal")
    await tells(life)
    assert life.process is not None
    process, pid = life.process, life.process.pid
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.send_signal(number)
    assert await asyncio.to_thread(process.wait, 60) == -number
    with pytest.raises(ProcessLookupError):  # also no zombie
        os.kill(pid, 0)
    process.send_signal(signal.SIGKILL)  # as always: one that has ended is left alone
    assert process.returncode == -number


async def test_it_stands_still_and_goes_on(starts: Starts) -> None:
    life = starts("signal")
    await tells(life)
    assert life.process is not None
    process, status = life.process, Path(f"/proc/{life.process.pid}/stat")
    process.send_signal(signal.SIGSTOP)
    await eventually(lambda: status.read_text().rpartition(")")[2].split()[0] == "T")
    assert process.poll() is None
    process.send_signal(signal.SIGCONT)
    await eventually(lambda: status.read_text().rpartition(")")[2].split()[0] == "S")
    life.kill()
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


async def test_a_fork_does_not_outlive_who_asked_for_it(tmp_path: Path) -> None:
    with subprocess.Popen(  # noqa: ASYNC220 (our own)
        [sys.executable, "-c", OWNER, str(tmp_path / "life.log")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout is not None
        pid = int(await asyncio.to_thread(owner.stdout.readline))
        assert birth_of(pid) is not None
        children = children_of(owner.pid)
        assert pid in children
        owner.kill()
    # The fork and its server.
    await eventually(lambda: not any(birth_of(child) for child in children), timeout=30)


@pytest.mark.parametrize(
    ("words", "store", "code"),
    [(("charter", "check"), "sqlite:here", 0), (("audit",), "mysql://db", 2)],
)
def test_a_command_says_what_it_says_to_an_operator(
    words: tuple[str, ...], store: str, code: int, tmp_path: Path
) -> None:
    """With the same code, on the same streams, in the folder and with the variables that it got."""
    env = os.environ | {"DESK_LOCAL": str(tmp_path), "DESK_STORE": store}
    command = [str(Path(sys.executable).with_name("desk")), *words]
    typed = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    forked = run_desk(*words, env=env)
    assert forked.returncode == typed.returncode == code, typed.stderr
    assert (forked.stdout, forked.stderr) == (typed.stdout, typed.stderr)
    assert typed.stdout + typed.stderr

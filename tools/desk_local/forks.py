"""Services of one machine as forks of a process that has imported what they share (Linux).

Three quarters of what an idle service keeps in memory are libraries, the same in each. A fork
shares them until one of both writes there, and need not import them again. The process ends as soon
as it has forked, so that its forks are processes as any other: each with its own session, settings
and log, to be killed and started again by itself.
Run as a script of its own, since its package would import what services have not: what is to run
comes as JSON, process ids go back as JSON.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, TypedDict

from desk_platform.launch import prepare

# All that every service imports is reached from these, and nothing else.
_SHARED: Final = ("desk_platform.startup", "desk_charter")
_PR_SET_NAME: Final = 15
_LONGEST_S: Final = 60


class Life(TypedDict):
    """What `python -m module` is to be; `nice` is what it adds to the politeness of who asks."""

    module: str
    env: Mapping[str, str]
    log: str
    nice: int


class CannotFork(Exception):
    """The process that should have forked failed; the message is what it said."""


def fork_all(lives: Sequence[Life]) -> list[int]:
    """Their process ids, in the same order; `CannotFork` if there is none."""
    # Its folder is no place to import from.
    command = [sys.executable, "-P", __file__]
    try:
        done = subprocess.run(  # noqa: S603 (our own module)
            command,
            input=json.dumps(lives),
            capture_output=True,
            text=True,
            timeout=_LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CannotFork(f"to import what they share took {error.timeout} s; try again") from error
    if done.returncode != 0:
        raise CannotFork(done.stderr)
    return list(json.loads(done.stdout))


def main() -> None:
    """Import, fork, tell the ids."""
    lives: list[Life] = json.load(sys.stdin)
    prepare()
    for module in _SHARED:
        importlib.import_module(module)
    # What is frozen is not written to as garbage is looked for, so it stays shared.
    gc.freeze()
    pids = []
    for life in lives:
        pid = os.fork()
        if pid == 0:
            _live(life)
            return
        pids.append(pid)
    print(json.dumps(pids))


def _live(life: Life) -> None:
    """The rest of a fork: nothing of who forked it is left open, and the module runs."""
    os.setsid()
    os.nice(life["nice"])
    with suppress(OSError, AttributeError):  # what `top` and `ps -e` show of it: 15 letters
        ctypes.CDLL(None).prctl(_PR_SET_NAME, life["module"].encode(), 0, 0, 0)
    with Path(os.devnull).open("rb") as nothing, Path(life["log"]).open("ab") as log:
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.environ |= life["env"]
    time.tzset()
    sys.argv[1:] = []
    runpy.run_module(life["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

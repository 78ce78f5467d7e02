"""Starts services and commands as forks of one process that has imported them: most of a start is
imports, and reading the shipped charter.

It does nothing else, so a fork is a fresh interpreter to whatever it runs. Linux only.
Run as `python -m desk_testing.fork_server SOCKET MODULE...`; `desk_testing.forks` asks it.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from desk_charter import documents, load_charter
from desk_local.paths import ROOT

LONGEST_REQUEST: Final = 1 << 20
_PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36


class NotAlone(Exception):
    """Threads do not survive a fork, so a module that starts one as it is imported stays out."""


def control(option: int, value: int) -> None:
    """Tell the kernel something about this process; see prctl(2)."""
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def next_life(requests: socket.socket, asker: int) -> dict[str, Any] | None:
    """In a fork what it is to run; in this process None, once nobody can ask any more."""
    while request := requests.recv(LONGEST_REQUEST):
        waits, ends = os.pipe()
        between = os.fork()
        if between == 0:
            if os.fork() != 0:
                os._exit(0)
            os.close(ends)
            # Its parent is gone and seen to be gone: from here on it is a child of who asked.
            os.read(waits, 1)
            os.close(waits)
            control(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != asker:
                os._exit(1)
            requests.send(str(os.getpid()).encode())
            return dict(json.loads(request))
        os.close(waits)
        os.waitpid(between, 0)
        os.close(ends)
    return None


def live(
    module: str, env: dict[str, str], folder: str, logs: Sequence[str], words: Sequence[str]
) -> None:
    """What `python -m module words` does in that folder; what it says and complains goes to the end
    of the logs."""
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(folder)
    for number, log in enumerate(logs, 1):
        with Path(log).open("ab") as file:
            os.dup2(file.fileno(), number)
    sys.argv[1:] = words
    sys.modules.pop(module, None)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def main(arguments: list[str]) -> None:
    """Import, then fork for each request; what Ctrl-C ends is who asks, and so this one."""
    interrupted = signal.signal(signal.SIGINT, signal.SIG_IGN)
    asker = os.getppid()
    for module in arguments[1:]:
        importlib.import_module(module)
    # Each text of the shipped charter is parsed here, and in a fork only what differs from it.
    documents.parse_document = lru_cache(maxsize=128)(documents.parse_document)
    load_charter(ROOT / "charter")
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        raise NotAlone
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(arguments[0])) as requests:
        life = next_life(requests, asker)
    if life is not None:
        signal.signal(signal.SIGINT, interrupted)
        live(**life)


if __name__ == "__main__":
    main(sys.argv[1:])

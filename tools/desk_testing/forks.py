"""A process that runs a module of ours and is a child as any other, but took no time to import."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from desk_contracts.topics import SERVICES
from desk_local.paths import ROOT

from desk_testing.fork_server import LONGEST_REQUEST, PR_SET_CHILD_SUBREAPER, control

_IMPORTED = (*(f"desk_{name}.service" for name in SERVICES), "desk_cli.main")
# More would be started as numpy is imported; triage itself computes with one.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}


class Process(Protocol):
    """What a test does with a process that it started, a fork or not."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float) -> int: ...
    def send_signal(self, sig: int, /) -> None: ...
    def kill(self) -> None: ...


@dataclass
class Fork:
    """Our own child, with the words of `subprocess.Popen`."""

    pid: int
    returncode: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def poll(self) -> int | None:
        with self._lock:
            if self.returncode is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                self.returncode = os.waitstatus_to_exitcode(status) if pid else None
            return self.returncode

    def wait(self, timeout: float) -> int:
        if self.poll() is None:
            over = os.pidfd_open(self.pid)
            try:
                select.select([over], [], [], timeout)
            finally:
                os.close(over)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        return code

    def send_signal(self, sig: int, /) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """Started at the first launch; it ends with this process, and so does all that it forked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: socket.socket | None = None

    def launch(
        self,
        module: str,
        env: Mapping[str, str],
        log: Path,
        *,
        complaints: Path | None = None,
        words: Sequence[str] = (),
    ) -> Fork:
        """`python -m module words` in the project's folder; without a file of their own complaints
        stand in the log too."""
        logs = (str(log), str(complaints or log))
        life = {"module": module, "env": dict(env), "folder": str(ROOT), "logs": logs}
        life["words"] = tuple(words)
        with self._lock:
            if self._server is None:
                self._server = self._start()
            # Only so long: what tests leave behind otherwise is no child of this process.
            control(PR_SET_CHILD_SUBREAPER, 1)
            try:
                self._server.send(json.dumps(life).encode())
                pid = self._server.recv(LONGEST_REQUEST)
            finally:
                control(PR_SET_CHILD_SUBREAPER, 0)
        if not pid:
            raise RuntimeError("the fork server has ended; it said why")
        return Fork(int(pid))

    def _start(self) -> socket.socket:
        near_end, far_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with far_end:
            command = [sys.executable, "-m", "desk_testing.fork_server", str(far_end.fileno())]
            server = subprocess.Popen(  # noqa: S603 (our own module)
                [*command, *_IMPORTED],
                cwd=ROOT,
                env=os.environ | _ONE_THREAD,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[far_end.fileno()],
            )
        atexit.register(server.wait)
        atexit.register(near_end.close)
        return near_end


FORK_SERVER = ForkServer()

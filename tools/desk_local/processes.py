"""One operating-system process: start, pause, kill and stop it, never leave it behind."""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from desk_local import reaper
from desk_local.reaper import birth_of

_POLL_SECONDS = 0.02
_LOG_ROTATES_AT = 20 * 1024 * 1024


class CannotStart(Exception):
    """Something is missing or in the way; the message says what to do about it."""


@dataclass
class Running:
    """A process that was started, by us or by an earlier command."""

    pid: int
    birth: str
    # Once it has ended, if it was our child: its exit code, or minus the signal that ended it.
    code: int | None = field(default=None, compare=False)

    @property
    def alive(self) -> bool:
        with contextlib.suppress(ChildProcessError):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return birth_of(self.pid) == self.birth

    def send(self, number: signal.Signals) -> None:
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def wait_gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def stop(self, grace: float) -> None:
        """Ask kindly, wake it in case it is paused, and after `grace` seconds insist."""
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)
        if not self.wait_gone(grace):
            self.kill()

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.wait_gone(10)


class Reaper:
    """The small process that ends ours if this one dies, however it dies (Linux and macOS)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: TextIO | None = None

    def watch(self, running: Running) -> None:
        self._say(f"watch {running.pid} {running.birth}\n")

    def forget(self, running: Running) -> None:
        self._say(f"forget {running.pid}\n")

    def _say(self, line: str) -> None:
        with self._lock:
            if self._lines is None:
                self._lines = self._start()
            self._lines.write(line)
            self._lines.flush()

    def _start(self) -> TextIO:
        """It reads until our end of the pipe closes, which is when this process ends."""
        read, write = os.pipe()
        command = [sys.executable, "-S", "-E", reaper.__file__]
        _spawn(command, stdin=read, out=subprocess.DEVNULL)
        os.close(read)
        lines = os.fdopen(write, "w")
        atexit.register(lines.close)
        return lines


REAPER = Reaper()


@dataclass(frozen=True)
class Launch:
    """How to start a process: `attached` ones end when this Python process does."""

    name: str
    command: Sequence[str]
    log: Path
    attached: bool
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None

    def start(self) -> Running:
        self.make_log()
        with self.log.open("ab") as log:
            pid = _spawn(
                self.command,
                stdin=subprocess.DEVNULL,
                out=log.fileno(),
                env=self.env,
                cwd=self.cwd,
            )
        return self.adopt(pid)

    def make_log(self) -> None:
        """Its folder is there, and what is there is not too long."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_ROTATES_AT:
            self.log.replace(self.log.with_suffix(".log.1"))

    def adopt(self, pid: int) -> Running:
        """The process that was started so, whoever did it; it may have ended since."""
        running = Running(pid, birth_of(pid) or "gone")
        if self.attached:
            REAPER.watch(running)
        return running


def _spawn(
    command: Sequence[str],
    *,
    stdin: int,
    out: int,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> int:
    process = subprocess.Popen(  # noqa: S603
        list(command),
        stdin=stdin,
        stdout=out,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        start_new_session=True,
    )
    # From here on `Running` looks after it by its id, as it must for processes of earlier commands.
    process.returncode = 0
    return process.pid


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log, to show beside a failure."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])

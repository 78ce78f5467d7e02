"""Runs a program without a shell, for a while, with little of what it says kept.

Children hold a lock of the agent's: an agent that was killed and comes back sees that one of them
still works, and does not take its silence for failure.
"""

import fcntl
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

MOST_BYTES = 2_000
_IDENTITY_WAIT = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended; `code` is None where it was stopped for taking too long."""

    code: int | None
    text: str


class Programs:
    """Runs them, one after another."""

    def __init__(self, lock_file: Path) -> None:
        self._lock = os.open(lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        # Before the first child, so that each of ours holds it.
        self.has_survivors()

    def has_survivors(self) -> bool:
        """Whether a child of an agent before this one still works."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        return False

    def run(self, argv: Sequence[str], timeout: timedelta) -> Ended:
        """To its end; past the timeout it is stopped with all that it began.

        What it says goes to a file: a child of its own that lives on cannot keep the agent waiting.
        """
        with tempfile.TemporaryFile() as output:
            return self._run(argv, timeout, output)

    def _run(self, argv: Sequence[str], timeout: timedelta, output: IO[bytes]) -> Ended:
        try:
            process = subprocess.Popen(  # noqa: S603 (from the agent's own file, and no shell)
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(self._lock,),
            )
        except OSError as error:
            return Ended(127, f"{argv[0]}: {error.strerror}")
        try:
            code = process.wait(timeout.total_seconds())
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return Ended(None, "")
        output.seek(0)
        return Ended(code, output.read(MOST_BYTES).decode(errors="replace").strip())

    def identify(self, argv: Sequence[str] | None) -> str:
        """What the program prints; empty where there is none, or it does not know either."""
        if argv is None:
            return ""
        ended = self.run(argv, _IDENTITY_WAIT)
        return ended.text if ended.code == 0 else ""

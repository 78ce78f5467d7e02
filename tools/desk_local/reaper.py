"""Kills the processes it was told of when its standard input closes: its parent is gone then.

Run as a script of its own, standard library only; lines in: `watch PID BIRTH` and `forget PID`.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path


def birth_of(pid: int) -> str | None:
    """What tells this process from a later one with the same id; None if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        # The first thread of a dying process may be a zombie while others still hold its sockets.
        over = fields[0] in "ZX" and len(list(Path(f"/proc/{pid}/task").iterdir())) < 2
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return None
        # For machines without /proc (macOS).
        command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        stat, _, started = answer.stdout.strip().partition(" ")
        return None if not stat or stat.startswith("Z") else "-".join(started.split())
    return None if over else fields[19]


def kill(pid: int, birth: str) -> None:
    """SIGKILL also ends a stopped process; its group goes with it."""
    if birth_of(pid) != birth:
        return
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(pid, signal.SIGKILL)


def main() -> None:
    """Listen until the parent is gone, then kill what is still watched."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    watched: dict[int, str] = {}
    for line in sys.stdin:
        match line.split():
            case ["watch", pid, birth]:
                watched[int(pid)] = birth
            case ["forget", pid]:
                watched.pop(int(pid), None)
            case _:
                pass
    for pid, birth in watched.items():
        kill(pid, birth)


if __name__ == "__main__":
    main()

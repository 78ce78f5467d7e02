"""Runs as a process of its own: bounds itself, then becomes the script. Knows only Python.

`python -I script_launch.py PARENT USER CPU MEMORY FILE_SIZE FILES PROCESSES -- PROGRAM ARGUMENT...`
"""

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
# As `env` and shells say it: the program cannot be started. Ours says so behind the attempt's mark.
CANNOT_START = 126
MARK = "DESK_ATTEMPT"


def main(arguments: list[str]) -> None:
    """Ends with 126 and a sentence where the script cannot be started."""
    bounds = [int(text) for text in arguments[: arguments.index("--")]]
    program = arguments[arguments.index("--") + 1 :]
    try:
        _become(*bounds)
        os.execve(program[0], program, dict(os.environ))  # noqa: S606 (no shell, on purpose)
    except (OSError, ValueError) as error:
        os.write(2, f"{os.environ[MARK]} {error}\n".encode())
        sys.exit(CANNOT_START)


def _become(  # noqa: PLR0913, PLR0917 (in the order of the command line)
    parent: int, user: int, cpu: int, memory: int, file_size: int, files: int, processes: int
) -> None:
    os.umask(0o077)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    _end_with(parent)
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: cpu,
        resource.RLIMIT_FSIZE: file_size,
        resource.RLIMIT_NOFILE: files,
        # Counted by user, so what this user runs already does not count.
        resource.RLIMIT_NPROC: processes + _tasks_of(os.getuid()),
        # Last, since this process needs some itself.
        resource.RLIMIT_AS: memory,
    }
    for what, most in limits.items():
        _, hard = resource.getrlimit(what)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))


def _end_with(parent: int) -> None:
    """The script ends with the service that started it, and gains no rights on its way. Asked for
    after the user is another one, which would take it back."""
    if not sys.platform.startswith("linux"):
        return
    system = ctypes.CDLL(None)
    system.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    system.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise OSError("the service that starts it is gone")


def _tasks_of(user: int) -> int:
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == user:
                count += len(list((process / "task").iterdir()))
        except OSError:  # it is over
            continue
    return count


if __name__ == "__main__":
    main(sys.argv[1:])

"""A process that tells in its log what it was given, then ends as its surroundings say."""

import json
import os
import random
import signal
import sys
import threading
from pathlib import Path

SURROUNDINGS = {
    "name": __name__,
    "argv": sys.argv[1:],
    "path": sys.path[0],
    "folder": str(Path.cwd()),
    "variables": sorted(os.environ),
    "input": str(Path("/proc/self/fd/0").readlink()),
    "outputs": [str(Path(f"/proc/self/fd/{number}").readlink()) for number in (1, 2)],
    "session": os.getsid(0),
    "group": os.getpgid(0),
    "parent": os.getppid(),
    "threads": threading.active_count(),
    "signals": [str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)],
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "chance": random.random(),  # noqa: S311
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(SURROUNDINGS) + "\n")
    sys.stdout.flush()
    match os.environ["ENDS_WITH"]:
        case "signal":
            while True:
                signal.pause()
        case "bug":
            raise ZeroDivisionError
        case code:
            sys.exit(int(code))

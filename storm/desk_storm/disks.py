"""A disk that is full, for one process: it can write no byte to any file until there is room again.

A process's limit on the size of its files does that without root and without a disk of its own, and
only Linux can set it for another process. Writes fail with `EFBIG` instead of `ENOSPC`.
"""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CAN_BE_FULL = sys.platform == "linux"


@contextmanager
def full(pid: int) -> Iterator[None]:
    """No room for this process; there is room again when the block ends."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        # Brokers end by themselves when they cannot write.
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))

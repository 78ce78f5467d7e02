"""Whether a file was replaced: editors write one, secret stores swap a link to another."""

import contextlib
from pathlib import Path

Fingerprint = tuple[int, int, int]


def find_fingerprint(file: Path) -> Fingerprint | None:
    """Inode, time and size of what is there now; None where nothing is, as while it is swapped."""
    with contextlib.suppress(OSError):
        stat = file.stat()
        return stat.st_ino, stat.st_mtime_ns, stat.st_size
    return None

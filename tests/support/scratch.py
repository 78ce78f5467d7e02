"""Folders for helpers that have no `tmp_path`; they are gone when the process of the tests ends."""

import atexit
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 (where it is one, it has room or is left alone)
_ROOM_BYTES = 2 << 30


def make_scratch_folder() -> Path:
    """A new one; in memory where there is room, since an index waits for the disk as it is made."""
    has_room = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES
    folder = Path(tempfile.mkdtemp(prefix="desk-test-", dir=_MEMORY if has_room else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder

"""Folders for helpers that have no `tmp_path`; they are gone when the process of the tests ends."""

import atexit
import shutil
import tempfile
from pathlib import Path


def make_scratch_folder() -> Path:
    """A new one."""
    folder = Path(tempfile.mkdtemp(prefix="desk-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder

"""A small valid charter on disk that tests break in one place at a time."""

from pathlib import Path

import pytest

from tests.support.charter_folder import CharterFolder


@pytest.fixture
def folder(tmp_path: Path) -> CharterFolder:
    return CharterFolder(tmp_path / "charter")

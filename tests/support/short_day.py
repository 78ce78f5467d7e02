"""The demo's day in half a minute, and the charter with which it comes true in that time."""

import shutil
from pathlib import Path

from desk_testing.processes import CHARTER

STORY = Path(__file__).with_name("short_day.yaml")
# Trouble is seen soon after it began, and a repair that does not help is given up soon.
SOONER = (
    ("routing.yaml", "for: 30s", "for: 5s"),
    ("runbooks/clean-disk.yaml", "within: 30s", "within: 10s"),
)


def write_short_charter(folder: Path, *more: tuple[str, str, str]) -> Path:
    """The project's own, with these texts of its files replaced, and more of them."""
    shutil.copytree(CHARTER, folder)
    for name, old, new in (*SOONER, *more):
        text = (folder / name).read_text("utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), "utf-8")
    return folder

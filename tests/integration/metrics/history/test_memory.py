"""Memory does not grow with the number of rows: the command itself, as a process of its own."""

import os
import sys
from pathlib import Path
from subprocess import DEVNULL, Popen

import pytest

from tests.support.metrics_log import MAPPING, write_rows

FEW, MANY = 10_000, 100_000
COMMAND = (sys.executable, "-c", "from desk_cli import main; main()")


def most_memory(folder: Path, rows: int) -> float:
    """The largest resident memory in MB of a report over an export of so many rows."""
    log, mapping = folder / f"{rows}.csv", folder / "made.yaml"
    write_rows(log, rows)
    mapping.write_text(MAPPING)
    words = ("report", "where-time-goes", str(log), "--mapping", str(mapping), "--json")
    with Popen([*COMMAND, *words], stdout=DEVNULL, stderr=DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    log.unlink()
    assert process.returncode == 0
    return used.ru_maxrss / 1_000


@pytest.mark.timeout(900)
def test_ten_times_the_rows_need_hardly_more_memory(tmp_path: Path) -> None:
    few = most_memory(tmp_path, FEW)
    many = most_memory(tmp_path, MANY)
    assert many < few + 25

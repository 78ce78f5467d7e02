"""Memory does not grow with the number of rows."""

import tracemalloc
from pathlib import Path

import pytest
from desk_metrics.domain.journey import journey_of
from desk_metrics.domain.tallies import Tallies
from desk_metrics.history.importing import Import

from tests.integration.history.made_log import write_rows
from tests.unit.history.export import UPDATES, Discard

FEW, MANY = 20_000, 200_000


class Nowhere(Discard):
    def write(self, line: bytes, /) -> int:
        return len(line)


def peak(path: Path, rows: int) -> float:
    """The most memory in MB that Python held during the import and the sums."""
    write_rows(path, rows)
    tallies = Tallies()
    tracemalloc.start()
    try:
        run = Import([path], UPDATES, run=5_000)
        for _, life in run.lives(Nowhere()):
            tallies.add(journey_of(life), "")
        assert run.account.rows == rows
        assert run.account.is_whole
        assert run.account.refused.total() > 0
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
        path.unlink()


@pytest.mark.timeout(600)
def test_ten_times_the_rows_need_hardly_more_memory(tmp_path: Path) -> None:
    few = peak(tmp_path / "few.csv", FEW)
    many = peak(tmp_path / "many.csv", MANY)
    assert many < few + 8

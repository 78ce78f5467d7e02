"""Sorts more rows than memory holds: sorted runs on disk, then one merge.

Memory is one run plus a line of each run, whatever the number of rows.
"""

import heapq
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic_core import from_json, to_json

from desk_metrics.history.rows import Row

RUN = 20_000
# Open files in one merge; beyond that, runs are merged into larger ones first.
_FAN_IN = 100


def by_ticket(rows: Iterable[Row], *, run: int = RUN, folder: Path | None = None) -> Iterator[Row]:
    """The rows by ticket, then time, then the log's own order, then place in the files."""
    with TemporaryDirectory(prefix="desk-import-", dir=folder) as name:
        scratch = Path(name)
        rows = iter(rows)
        runs: list[Path] = []
        while part := list(islice(rows, run)):
            part.sort(key=_place)
            runs.append(_written(part, scratch / f"{len(runs)}"))
        generation = 0
        while len(runs) > _FAN_IN:
            generation += 1
            groups = [runs[first : first + _FAN_IN] for first in range(0, len(runs), _FAN_IN)]
            runs = [
                _joined(group, scratch / f"{generation}-{number}")
                for number, group in enumerate(groups)
            ]
        yield from _merged(runs)


def _place(row: Row) -> tuple[str, int, int, int, int]:
    return row[:5]


def _written(rows: Iterable[Row], path: Path) -> Path:
    with path.open("wb") as stream:
        stream.writelines(to_json(tuple(row)) + b"\n" for row in rows)
    return path


def _joined(runs: list[Path], path: Path) -> Path:
    _written(_merged(runs), path)
    for run in runs:
        run.unlink()
    return path


def _merged(runs: list[Path]) -> Iterator[Row]:
    with ExitStack() as stack:
        streams = [stack.enter_context(run.open("rb")) for run in runs]
        yield from heapq.merge(*(map(_row, stream) for stream in streams), key=_place)


def _row(line: bytes) -> Row:
    return Row._make(from_json(line))

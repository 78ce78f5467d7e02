"""In which order many processes take the files of tests: some wait while others compute.

Tests on real servers wait most of their time. If they all came first, the processors would idle;
if they came last, the longest of them would end alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Final, Protocol, TypeVar

# Levels of tests on real servers, those of the whole run or their own.
WAITING: Final = frozenset({"integration", "e2e", "chaos"})
# Those that wait are spread over this part of the run, so that none of them is the last to end.
SPREAD: Final = 0.8


class Placed(Protocol):
    """A test that stands in a file."""

    @property
    def path(self) -> Path: ...


T = TypeVar("T", bound=Placed)


def mix_files(tests: Iterable[T]) -> list[T]:
    """The same tests; those of a file stay together and in their order."""
    files = [list(same) for _, same in groupby(tests, attrgetter("path"))]
    waiting = [file for file in files if _waits(file)]
    computing = [file for file in files if not _waits(file)]
    places = [*_spread(waiting, SPREAD), *_spread(computing, 1)]
    return [test for _, file in sorted(places, key=itemgetter(0)) for test in file]


def _waits(file: Sequence[Placed]) -> bool:
    return not WAITING.isdisjoint(file[0].path.parts)


def _spread(files: Sequence[list[T]], part: float) -> Iterator[tuple[float, list[T]]]:
    return ((part * number / len(files), file) for number, file in enumerate(files))

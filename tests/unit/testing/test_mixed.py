"""Files that wait stand between files that compute, and nothing else changes."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from desk_testing.mixed import mix_files

LEVELS = ("e2e", "integration", "chaos", "integration")


@dataclass(frozen=True)
class Placed:
    """What is read of a test."""

    path: Path
    number: int


def make_file(path: str, count: int) -> list[Placed]:
    return [Placed(Path(path), number) for number in range(count)]


def list_files(tests: list[Placed]) -> str:
    return "".join(dict.fromkeys(test.path.name for test in tests))


@pytest.mark.parametrize(
    ("waiting", "computing", "mixed"),
    [
        ("ABCD", "abcdefgh", "AabBcdCeDfgh"),
        ("AB", "ab", "AaBb"),
        ("AB", "", "AB"),
        ("", "ab", "ab"),
        ("", "", ""),
    ],
)
def test_who_waits_stands_between_those_who_compute(
    waiting: str, computing: str, mixed: str
) -> None:
    at_levels = zip(LEVELS, waiting, strict=False)
    files = [
        *(make_file(f"tests/{level}/bus/{name}", 2) for level, name in at_levels),
        *(make_file(f"tests/unit/bus/{name}", 3) for name in computing),
    ]
    tests = [test for file in files for test in file]
    result = mix_files(tests)
    assert list_files(result) == mixed
    assert len(result) == len(tests) == len(set(result))
    for file in files:
        begin = result.index(file[0])
        assert result[begin : begin + len(file)] == file

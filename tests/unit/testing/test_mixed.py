"""Files that wait stand between files that compute, and nothing else changes."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from desk_testing.mixed import mix_files


@dataclass(frozen=True)
class Placed:
    """What is read of a test."""

    path: Path
    number: int
    fixturenames: tuple[str, ...] = ()


def make_file(name: str, count: int, *fixtures: str) -> list[Placed]:
    """Only the last of its tests wants more than others."""
    path = Path(name)
    return [*(Placed(path, n) for n in range(count - 1)), Placed(path, count - 1, fixtures)]


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
    files = [
        *(make_file(name, 2, "servers", "prefix") for name in waiting),
        *(make_file(name, 3, "tmp_path") for name in computing),
    ]
    tests = [test for file in files for test in file]
    result = mix_files(tests)
    assert list_files(result) == mixed
    assert len(result) == len(tests) == len(set(result))
    for file in files:
        begin = result.index(file[0])
        assert result[begin : begin + len(file)] == file

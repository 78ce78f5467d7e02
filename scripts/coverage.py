"""`python -m scripts.coverage`: do tests run as much of what decides as before?

Reads what unit tests left in .coverage, lines and branches of pure code. Exit code 1 where a
service is under its floor; one well above it is asked for a higher floor, since floors only rise.
"""

import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Any

from coverage import Coverage

from scripts.checks.room import is_pure

ROOT = Path(__file__).resolve().parents[1]
# Of a hundred lines and branches of pure code, by unit tests.
FLOORS = {"automation": 93.0, "intake": 97.0, "metrics": 98.0, "notify": 98.0, "triage": 97.0}
# Whatever is reached beyond this asks for a higher floor.
SLACK = 3.0


def judge(package: str, percent: float) -> tuple[bool, str]:
    """Whether a figure will do, and what is to be said of it."""
    floor = FLOORS[package]
    if percent < floor:
        return False, f", under its floor of {floor:.1f} %: test what is new"
    if percent >= floor + SLACK:
        return True, f": raise its floor in scripts/coverage.py to {int(percent)}"
    return True, ""


def measure(report: dict[str, Any]) -> dict[str, tuple[int, int, list[str]]]:
    """Of each package what was run of how much pure code, and its modules with most left."""
    files_by_package: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for name, file in report["files"].items():
        path = PurePosixPath(name)
        if is_pure(path):
            totals = file["summary"]
            run = totals["covered_lines"] + totals.get("covered_branches", 0)
            total = totals["num_statements"] + totals.get("num_branches", 0)
            files_by_package[path.parts[1]].append((run, total, name))
    return {
        package: (
            sum(run for run, _, _ in files),
            sum(total for _, total, _ in files),
            [f"{name}: {total - run} of {total}" for run, total, name in most_left(files)],
        )
        for package, files in sorted(files_by_package.items())
    }


def most_left(files: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The three modules of which most was not run."""
    left = [file for file in files if file[0] < file[1]]
    return sorted(left, key=lambda entry: entry[0] - entry[1])[:3]


def read_report() -> dict[str, Any]:
    """The data of the last run as Coverage tells it."""
    data = Coverage(config_file=str(ROOT / "pyproject.toml"))
    data.load()
    with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
        data.json_report(outfile=file.name, ignore_errors=True)
        report: dict[str, Any] = json.load(file)
        return report


def main() -> int:
    """Print the figure of each service and what is to be done."""
    figures = measure(read_report())
    code = 0
    for package in sorted(FLOORS):
        run, total, left = figures.get(package, (0, 1, []))
        will_do, remark = judge(package, run * 100 / total)
        print(f"{package}: {run * 100 / total:.1f} % of {total} lines and branches{remark}")
        for line in left:
            print(f"  not run: {line}")
        code = code if will_do else 1
    return code


if __name__ == "__main__":
    sys.exit(main())

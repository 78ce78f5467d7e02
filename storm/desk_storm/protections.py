"""`python -m desk_storm.protections`: take each protection out; the test that is for it must fail.

It is done in scratch copies of what is committed or changed, so that the project stays as it is.
That a test fails says something only if it does not without the change: all are run on a clean copy
first. The exit code is 1 if a test stays green without what it is for.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path

from desk_local.paths import ROOT

from desk_storm.mutants.protection import Protection
from desk_storm.mutants.protections import PROTECTIONS
from desk_storm.trials import copied, paths

_LONGEST_SECONDS = 300
# As `timeout` of coreutils says it.
TOO_LONG = 124
_WIDTH = 62


class Outcome(StrEnum):
    """What a test says once its protection is gone."""

    RED = "red"
    GREEN = "STAYS GREEN"
    # Neither passed nor failed: nothing can be said of the protection.
    BROKEN = "BROKEN"


def main() -> None:
    """Try the rows that were named, or all, and print the table."""
    parser = argparse.ArgumentParser(prog="desk_storm.protections", description=__doc__)
    parser.add_argument("modes", nargs="*", help="such as F3; without any all are tried")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="side by side")
    given = parser.parse_args()
    chosen = [row for row in PROTECTIONS if not given.modes or row.mode in given.modes]
    if not chosen:
        modes = ", ".join(dict.fromkeys(row.mode for row in PROTECTIONS))
        raise SystemExit(f"There is no such failure mode. There are {modes}.")
    code, output = run_tests((), list(dict.fromkeys(row.test for row in chosen)))
    if code != 0:
        raise SystemExit(f"{output[-3000:]}\nThe tests fail as it is: mend them first.")
    with ThreadPoolExecutor(given.jobs) as pool:
        outcomes = list(pool.map(_try_without, chosen))
    print(show_table(chosen, outcomes))
    red = outcomes.count(Outcome.RED)
    print(f"{red} of {len(chosen)} tests are red without what they are for.")
    raise SystemExit(0 if red == len(chosen) else 1)


def outcome_of(code: int) -> Outcome:
    """What pytest's exit code says: 1 is a test that failed; 2 and more are no word of a test."""
    return {0: Outcome.GREEN, 1: Outcome.RED}.get(code, Outcome.BROKEN)


def show_table(rows: Sequence[Protection], outcomes: Sequence[Outcome]) -> str:
    """For each row: its mode, what goes wrong, whether the test is red, and which test."""
    lines = [f"{'mode':<12} {'what goes wrong without the protection':<{_WIDTH}} test"]
    for row, outcome in zip(rows, outcomes, strict=True):
        first, *others = textwrap.wrap(row.goes_wrong, _WIDTH)
        lines.append(f"{row.mode:<12} {first:<{_WIDTH}} {outcome}: {row.test_name}")
        lines += [f"{'':<12} {part}" for part in others]
    return "\n".join(lines)


def run_tests(without: Sequence[Protection], tests: Sequence[str]) -> tuple[int, str]:
    """pytest's exit code and output on a copy without these protections; `TOO_LONG` if it hangs."""
    with tempfile.TemporaryDirectory(prefix="desk-protection-") as folder:
        copy = Path(folder)
        copied(ROOT, copy)
        for row in without:
            row.apply(copy)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
        env = {**os.environ, "PYTHONPATH": paths(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                command,
                cwd=copy,
                env=env,
                check=False,
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_LONGEST_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return TOO_LONG, f"The tests did not end within {_LONGEST_SECONDS} s."
    return done.returncode, done.stdout


def _try_without(row: Protection) -> Outcome:
    code, output = run_tests([row], [row.test])
    outcome = outcome_of(code)
    print(f"{outcome:<12} {row.name}", flush=True)
    if outcome is Outcome.BROKEN:
        print(output[-2000:])
    return outcome


if __name__ == "__main__":
    main()

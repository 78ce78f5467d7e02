"""`python -m desk_storm.trials`: a storm without faults on mutants; the law of each must find it.

Each storm runs in a scratch copy of what is committed or changed, so that the project stays as it
is. Mutants that do not hide each other share a storm; one that is missed there is tried alone. That
a law finds its mutant says something only if it finds nothing without it: `--clean` tries that.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from desk_local.paths import ROOT

from desk_storm.mutants import MUTANTS, Mutant

_JARS = Path("deploy/local/target")
# Liars around the desk are enough for these laws, and nothing else then explains a finding.
_CALM = (
    *("--short", "--faults", "0", "--replicas", "1"),
    *("--minutes", "0.5", "--settle", "32", "--rest", "240", "--backend", "memory"),
)
_LONGEST_SECONDS = 600
_CLEAN = "\n0 broken laws"


def main() -> None:
    """Try the mutants that were named, or all; fails if one was not found."""
    parser = argparse.ArgumentParser(prog="desk_storm.trials", description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants or laws; without any all are tried")
    parser.add_argument("--clean", action="store_true", help="storm on the product as it is")
    given = parser.parse_args()
    if given.clean:
        report = _stormed(())
        print(report)
        raise SystemExit(0 if _CLEAN in report else 1)
    chosen = [
        mutant
        for mutant in MUTANTS
        if not given.names or {mutant.name, mutant.together, *mutant.laws} & {*given.names}
    ]
    if not chosen:
        names = "; ".join(mutant.name for mutant in MUTANTS)
        raise SystemExit(f"There is no such mutant or law. The mutants: {names}")
    missed = [item for group in grouped(chosen) for item in _missed(group)]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} mutants were found.")
    raise SystemExit(1 if missed else 0)


def grouped(chosen: Sequence[Mutant]) -> list[list[Mutant]]:
    """Those that are tried in one storm, each group in the order of the list."""
    groups: dict[str, list[Mutant]] = {}
    for item in chosen:
        groups.setdefault(item.together or item.name, []).append(item)
    return list(groups.values())


def is_found(mutant: Mutant, report: str) -> bool:
    """Whether a storm that told this has found the mutant by each law that it is for."""
    return all(evidence(law, report) for law in mutant.laws)


def evidence(law: str, report: str) -> str:
    """The first thing that a storm told of a law that was broken; empty if it was not."""
    return next((line for line in report.splitlines() if line.startswith(f"  {law} | ")), "")


def _missed(group: Sequence[Mutant]) -> list[Mutant]:
    """Those of a group that no storm finds; what is missed together is tried alone."""
    report = _stormed(group)
    missed = [item for item in group if not is_found(item, report)]
    for item in group:
        if item not in missed:
            _tell("found", item, report)
    if len(group) > 1:
        return [item for each in missed for item in _missed([each])]
    for item in missed:
        _tell("MISSED", item, report)
        print("\n".join(report.splitlines()[-20:]))
    return missed


def _tell(how: str, mutant: Mutant, report: str) -> None:
    """With what showed it: a law that was broken by another's mutant is seen by that."""
    for law in mutant.laws:
        print(f"{how:<7} {law:<36} {mutant.name}\n{evidence(law, report)[:300]}", flush=True)


def _stormed(mutants: Sequence[Mutant]) -> str:
    """What a storm on a copy with these lines changed tells."""
    with tempfile.TemporaryDirectory(prefix="desk-mutant-") as folder:
        copy = Path(folder)
        copied(ROOT, copy)
        for mutant in mutants:
            mutant.apply(copy)
        return _raged(copy, mutants[0].weather if mutants else ())


def copied(root: Path, to: Path) -> None:
    """All files of the project that Git knows of, as they are, and the local servers' jars."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.split("\0"):
        if name and (root / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, to / name)
    if (root / _JARS).is_dir():
        (to / _JARS).symlink_to(root / _JARS)


def paths(root: Path) -> str:
    """Where Python looks first, so that the copy's code runs and not the project's own."""
    packages = sorted((*root.glob("services/*/desk_*"), *root.glob("shared/*/desk_*")))
    beside = (root / "storm", root / "tools", root / "agent")
    folders = (*beside, *(package.parent for package in packages))
    return os.pathsep.join(map(str, folders))


def _raged(copy: Path, weather: Sequence[str]) -> str:
    command = [sys.executable, "-m", "desk_storm", *_CALM, *weather]
    env = {**os.environ, "PYTHONPATH": paths(copy)}
    try:
        ended = subprocess.run(
            command,
            cwd=copy,
            env=env,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_LONGEST_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        return f"the storm took longer than {_LONGEST_SECONDS} s: {error}"
    return ended.stdout


if __name__ == "__main__":
    main()

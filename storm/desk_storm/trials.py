"""`python -m desk_storm.trials`: a storm without faults on each mutant; its law must find it.

Each is made in a scratch copy of what is committed or changed, so that the project stays as it is.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from desk_shared.events.topics import SERVICES
from desk_shared.local.places import ROOT

from desk_storm.mutants import MUTANTS, Mutant

_JARS = Path("deploy/local/target")
# Liars around the desk are enough for these laws, and nothing else then explains a finding.
_CALM = ("--short", "--faults", "0", "--replicas", "1")
_LONGEST_SECONDS = 600


def main() -> None:
    """Try the mutants that were named, or all; fails if one was not found."""
    parser = argparse.ArgumentParser(prog="desk_storm.trials", description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants or laws; without any all are tried")
    given = parser.parse_args()
    chosen = [one for one in MUTANTS if not given.names or {one.name, one.law} & {*given.names}]
    if not chosen:
        known = "; ".join(one.name for one in MUTANTS)
        raise SystemExit(f"There is no such mutant or law. The mutants: {known}")
    missed = [one for one in chosen if not tried(one)]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} mutants were found.")
    raise SystemExit(1 if missed else 0)


def tried(mutant: Mutant) -> bool:
    """Whether a storm on the mutant finds it by the law that it is for."""
    with tempfile.TemporaryDirectory(prefix="desk-mutant-") as folder:
        copy = Path(folder)
        copied(ROOT, copy)
        mutant.apply(copy)
        told = _raged(copy)
    is_found = f"broken: {mutant.law}:" in told
    print(f"{'found ' if is_found else 'MISSED'}  {mutant.law:<36} {mutant.name}", flush=True)
    if not is_found:
        print("\n".join(told.splitlines()[-20:]))
    return is_found


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
    services = [root / "services" / name for name in SERVICES]
    return os.pathsep.join(str(one) for one in (root / "storm", root / "shared", *services))


def _raged(copy: Path) -> str:
    command = [sys.executable, "-m", "desk_storm", *_CALM]
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

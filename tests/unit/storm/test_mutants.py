"""Mutants of the product keep up with it: each finds its line, and changes only that."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from desk_shared.local.places import ROOT
from desk_storm.laws import LAWS
from desk_storm.mutants import MUTANTS, Mutant
from desk_storm.trials import copied, paths


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_the_line_it_names(mutant: Mutant, tmp_path: Path) -> None:
    copy = tmp_path / mutant.file
    copy.parent.mkdir(parents=True)
    shutil.copy(ROOT / mutant.file, copy)
    mutant.apply(tmp_path)
    before, after = (ROOT / mutant.file).read_text(), copy.read_text()
    assert after == before.replace(mutant.old, mutant.new) != before
    compile(after, mutant.file, "exec")


def test_a_mutant_whose_line_is_gone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    with pytest.raises(ValueError, match="stands 0 times"):
        Mutant("gone", "a.py", "y = 1", "y = 2", "no-law").apply(tmp_path)


def test_mutants_name_laws_that_there_are() -> None:
    assert {mutant.law for mutant in MUTANTS} <= {law.name for law in LAWS}


def test_a_copy_has_what_git_knows_and_its_own_code_is_found_first(tmp_path: Path) -> None:
    copied(ROOT, tmp_path)
    mutant = MUTANTS[0]
    mutant.apply(tmp_path)
    module = mutant.file.split("/", 2)[2].removesuffix(".py").replace("/", ".")
    show = f"import {module} as found; print(found.__file__)"
    told = subprocess.run(
        [sys.executable, "-c", show],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.strip() == str(tmp_path / mutant.file)

"""Mutants of the product keep up with it: each finds its line, and changes only that."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from desk_local.paths import ROOT
from desk_storm.__main__ import tell_broken
from desk_storm.laws import LAWS, Broken
from desk_storm.mutants import MUTANTS, Mutant
from desk_storm.trials import copied, grouped, is_found, paths

# The first needs a service frozen for longer than a lease between its last look and the first byte.
# Of the others each is falsified in books only.
WITHOUT_A_MUTANT = {
    "act-after-the-end-is-said",
    "accepted-ask-is-mailed",
    "handed-over-order-says-why",
    "order-is-run-once",
}


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
        Mutant("gone", "no-law", "a.py", "y = 1", "y = 2").apply(tmp_path)


def test_every_law_has_a_mutant_but_those_that_chance_alone_would_break() -> None:
    covered = {law for mutant in MUTANTS for law in mutant.laws}
    assert {law.name for law in LAWS} - covered == WITHOUT_A_MUTANT
    assert covered <= {law.name for law in LAWS}


def test_those_that_share_a_storm_want_the_same_weather() -> None:
    assert all(len({item.weather for item in group}) == 1 for group in grouped(MUTANTS))


def test_a_mutant_is_found_by_what_a_storm_tells_of_its_law(
    capsys: pytest.CaptureFixture[str],
) -> None:
    mutant = MUTANTS[0]
    tell_broken([Broken(mutant.law, "ticket-1", "two numbers")])
    output = capsys.readouterr().out
    assert is_found(mutant, output)
    tell_broken([Broken(f"{mutant.law}-of-another", mutant.law, "two numbers")])
    assert not is_found(mutant, capsys.readouterr().out)


def test_mutants_share_a_storm_only_if_they_say_so() -> None:
    alone, first, second = (
        Mutant(name, "no-law", "a.py", "x", "y", together)
        for name, together in (("alone", ""), ("first", "both"), ("second", "both"))
    )
    assert grouped([first, alone, second]) == [[first, second], [alone]]


def test_mutants_that_share_a_storm_can_all_be_made(tmp_path: Path) -> None:
    for number, group in enumerate(grouped(MUTANTS)):
        root = tmp_path / str(number)
        for file in {item.file for item in group}:
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, root / file)
        for item in group:
            item.apply(root)
        for file in {item.file for item in group}:
            compile((root / file).read_text(), file, "exec")


def root_of(file: str) -> str:
    """The folder on Python's path under which a file lies."""
    return file.partition("/desk_")[0]


ROOTS = {root_of(mutant.file): mutant for mutant in MUTANTS}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One copy for all roots: each has a mutant of its own in it."""
    folder = tmp_path_factory.mktemp("copy")
    copied(ROOT, folder)
    return folder


@pytest.mark.parametrize("root", sorted(ROOTS))
def test_a_copy_has_what_git_knows_and_its_own_code_is_found_first(root: str, copy: Path) -> None:
    mutant = ROOTS[root]
    mutant.apply(copy)
    module = mutant.file.removeprefix(f"{root}/").removesuffix(".py").replace("/", ".")
    show = f"import {module} as found; print(found.__file__)"
    result = subprocess.run(
        [sys.executable, "-c", show],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": paths(copy)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert result.stdout.strip() == str(copy / mutant.file)

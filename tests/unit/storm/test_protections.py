"""Each protection stands once, its test is there, and a table says what became of it."""

import ast
import shutil
from pathlib import Path

import pytest
from desk_local.paths import ROOT
from desk_storm.mutants.protection import Protection
from desk_storm.mutants.protections import PROTECTIONS
from desk_storm.protections import TOO_LONG, Outcome, outcome_of, show_table

FAILURE_MODES = {f"F{number}" for number in range(1, 18)}


def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text())
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


@pytest.mark.parametrize("row", PROTECTIONS, ids=lambda row: row.name)
def test_a_protection_stands_once_and_what_is_left_still_compiles(
    row: Protection, tmp_path: Path
) -> None:
    copy = tmp_path / row.file
    copy.parent.mkdir(parents=True)
    shutil.copy(ROOT / row.file, copy)
    row.apply(tmp_path)
    before, after = (ROOT / row.file).read_text(), copy.read_text()
    assert after == before.replace(row.old, row.new) != before
    compile(after, row.file, "exec")


@pytest.mark.parametrize("row", PROTECTIONS, ids=lambda row: row.name)
def test_the_test_of_a_protection_is_there(row: Protection) -> None:
    assert row.test_name in functions_of(row.test_file)


def test_every_failure_mode_has_a_row_and_no_row_stands_twice() -> None:
    modes = {row.mode for row in PROTECTIONS}
    assert FAILURE_MODES - modes == set()
    assert len({row.name for row in PROTECTIONS}) == len(PROTECTIONS)


def test_only_a_test_that_failed_is_red() -> None:
    # 2 to 5: interrupted, pytest's own fault, wrong arguments, no test.
    outcomes = [outcome_of(code) for code in (0, 1, 2, 3, 4, 5, TOO_LONG)]
    assert outcomes == [Outcome.GREEN, Outcome.RED, *[Outcome.BROKEN] * 5]


def test_the_table_says_of_each_what_became_of_it() -> None:
    rows = [
        Protection(f"F{number}", "it goes wrong " * 6, "a.py", "x", "y", "tests/a.py::test_it")
        for number in (1, 2)
    ]
    head, first, _, second, _ = show_table(rows, [Outcome.RED, Outcome.GREEN]).splitlines()
    assert head.startswith("mode")
    assert first.startswith("F1 ")
    assert first.endswith(" red: test_it")
    assert second.endswith("STAYS GREEN: test_it")
